package smtprelay

import (
	"net/textproto"
	"strings"
	"testing"
)

// missing is what servers say of a mailbox that is not there, without an enhanced code.
var missing = []string{
	"Unrouteable address", "Unroutable address", "Unknown user", "No such user here", "No Such User Here", "no such recipient here", "unknown recipient", // Exim, as its hosts word it
	"<alice@example.org>: User unknown in local recipient table", "<alice@example.org>: Recipient address rejected: User unknown in virtual mailbox table", // Postfix before 2.3
	"<alice@example.org>... User unknown", "alice@example.org... No such user", // Sendmail, Domino
	"sorry, no mailbox here by that name. (#5.1.1)", // qmail
	"User not found: alice@example.org", "Mailbox not found", "Mailbox does not exist", "RCPT TO:<alice@example.org> User unknown", "<alice@example.org> is unknown user",
	"User alice@example.org does not exist", "The email account that you tried to reach does not exist", "This user doesn't exist", "recipient no longer exists", "<alice@example.org>, Recipient unknown",
	"The recipient 'alice@example.org' was not found", "Address unknown", "no such mailbox", "unknown local user", "account alice@example.org not found", "nonexistent user",
}

// policies is what servers say when they refuse us or the message, as the answer to RCPT.
var policies = []string{
	"rejected: your IP is on a blocklist", "Blocked", "blacklisted", "192.0.2.1 is listed at zen.spamhaus.org", "see https://www.spamhaus.org/query/ip/192.0.2.1", "Spam detected",
	"rejected for policy reasons", "Message rejected due to poor reputation", "SPF check failed", "DKIM signature missing", "DMARC policy of the domain", "relay not permitted", "we do not relay",
	"Relaying denied", "access denied", "Access denied - Invalid HELO name", "authentication required", "Please log in first", "Administrative prohibition", "Sender verify failed", "Domain of sender does not exist",
	"Reverse DNS lookup failed", "no PTR record", "client host not found", "Your host name was not found", "JunkMail rejected - is in an RBL", "greylisted", "try again later", "mailbox full", "over quota", "you sent too much: rate limit",
	"not allowed", "Mail from user unknown", "IP address unknown", "restricted", "banned", "suspicious", "(#5.7.1)", "5.7.1 no",
}

func said(code int, words string) bool { return noMailbox(&textproto.Error{Code: code, Msg: words}) }

func TestWordsThatAreUsedForAMissingMailboxAreABounce(t *testing.T) {
	for _, words := range missing {
		for _, form := range []string{words, strings.ToUpper(words), strings.ToLower(words), "<alice@example.org>: " + words, words + ".", words + " <alice@example.org>"} {
			if strings.Contains(words, "address rejected") && !strings.Contains(form, words) {
				continue // Postfix writes it in one way
			}
			for code := 500; code < 600; code++ {
				if got, want := said(code, form), code == 550 || code == 551 || code == 553; got != want {
					t.Errorf("%d %s is a bounce: %v", code, form, got)
				}
			}
		}
	}
}

// What speaks of us is no bounce, whatever else the server says in the same breath.
func TestWordsOfAPolicyAreNoBounce(t *testing.T) {
	for i, policy := range policies {
		forms := []string{policy, strings.ToUpper(policy), strings.ToLower(policy)}
		for j, words := range missing {
			both := []string{words + " " + policy, policy + ": " + words, words + "\n" + policy, words + strings.Repeat(" and so on", 20) + policy}
			forms = append(forms, both[(i+j)%len(both)])
		}
		for _, form := range forms {
			if said(550, form) {
				t.Errorf("550 %s is a bounce", form)
			}
		}
	}
}

func TestWordsThatSayNothingAreNoBounce(t *testing.T) {
	for _, words := range []string{
		"", "no", "no thanks", "Requested action not taken: mailbox unavailable", "5.x", "Mailbox name invalid", "User not local; please try <bob@example.org>", "Invalid recipient", "Address rejected", "command failed", "nie ma takiego konta",
		"Unbekannter Empfänger", "account disabled", "user suspended", "permanent failure for one or more recipients", "user@example.org", "<no-such-user@unknown.example>", "cannot deliver", "domain does not exist", "verification failed",
	} {
		if said(550, words) {
			t.Errorf("550 %s is a bounce", words)
		}
	}
}
