package smtprelay

import (
	"net/textproto"
	"regexp"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// enhancedCode is what a reply to a refused recipient may begin with (RFC 2034,
// section 4; RFC 3463, section 2).
var enhancedCode = regexp.MustCompile(`^5\.(\d{1,3}\.\d{1,3})(\s|$)`)

// noMailbox reports whether a permanent refusal of a recipient means that the mailbox
// does not exist or takes no mail at all. A refusal by policy (5.7.x) may be about us.
func noMailbox(reply *textproto.Error) bool {
	if found := enhancedCode.FindStringSubmatch(reply.Msg); found != nil {
		switch detail := found[1]; detail {
		case "1.7", "1.8": // those are about the sender
			return false
		default:
			return strings.HasPrefix(detail, "1.") || detail == "2.1"
		}
	}
	switch reply.Code {
	case 550, 551, 553:
		return saysNoMailbox(reply.Msg)
	}
	return false
}

// receiver is what servers call a mailbox and whose it is.
const receiver = `(?:user|recipient|mailbox|account|address|person|customer)`

// Without an enhanced code a 550 is "mailbox unavailable" or "rejected for policy reasons" (RFC
// 5321, section 4.2.2), and only its words tell which. Taken for the first by mistake, a single
// listing of our address mutes all mailboxes; taken for the second, one that is not there is
// written to once more. So it has to say the first in words that servers use for it, and none of
// the second.
var (
	saysMissing = regexp.MustCompile(`(?i)\b(?:` +
		`no such (?:local |virtual |e-?mail )?` + receiver + `|` +
		`no ` + receiver + ` (?:here|found|by|with)\b|` +
		`(?:unknown|non-?existent) (?:local |virtual |e-?mail )?` + receiver + `|` +
		receiver + `\b[^.;:]{0,40}\b(?:unknown|not found|not exist|doesn't exist|no longer exists|non-?existent)|` +
		`unroute?able address)\b`)
	saysPolicy = regexp.MustCompile(`(?i)\b(?:` +
		`5\.7\.\d+|(?:\d+\.){3}\d+|ips?|client|host ?names?|helo|ehlo|ptr|r?dns|` + // of where we are
		`senders?|sending|sent|from|your|auth\w*|log ?in|password|credentials|relay\w*|` + // of who we are
		`block\w*|black\w*|gr[ae]y\w*|white\w*|den(?:y|ied)\w*|list(?:ed|ing)|rbl|dnsbl|ban(?:ned)?|reputation|spam\w*|junk|abuse|` +
		`polic(?:y|ies)|prohibit\w*|permi\w*|allow\w*|refus\w*|reject\w*|restrict\w*|suspicious|spf|dkim|dmarc|virus|content|` +
		`limits?|rate|quota|full|temporar\w*|later)\b`)
)

// saysNoMailbox reports whether the words of a refusal say that a mailbox is not there and
// nothing else. Addresses in it are no words. What was cut off may have been about us, as what
// is told behind a link mostly is.
func saysNoMailbox(said string) bool {
	said = mail.Redact(strings.ReplaceAll(said, "#", " "))              // "#" before a code of qmail begins no link
	said = strings.ReplaceAll(said, "Recipient address rejected: ", "") // with this Postfix begins all of them
	return saysMissing.MatchString(said) && !saysPolicy.MatchString(said) && !strings.Contains(said, "(link)") && !strings.HasSuffix(said, "…")
}
