package smtprelay

import (
	"errors"
	"fmt"
	"log/slog"
	"net/textproto"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// aboutUs are replies of servers that send nothing for us, by the step at which they come.
var aboutUs = []struct {
	at    testkit.MailStep
	reply string
	want  *cause
}{
	// Exchange Online and Outlook.com
	{testkit.AtDot, "554 5.2.252 SendAsDenied; user@example.com not allowed to send as sign-in@example.com; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied", badSender},
	{testkit.AtDot, "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message", badSender},
	{testkit.AtDot, "550 5.7.60 SMTP; Client does not have permissions to send as this sender", badSender},
	{testkit.AtDot, "550 5.7.1 Client does not have permissions to send as this sender", badSender},
	{testkit.AtDot, "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message", spent},
	{testkit.AtDot, "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionQuotaExceeded", spent},
	{testkit.AtDot, "550 5.2.254 InvalidRecipientsException; Sender throttled due to continuous invalid recipients errors", spent},
	{testkit.AtDot, "554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process message", barred},
	{testkit.AtDot, "550 5.1.8 Access denied, bad outbound sender", badSender},
	{testkit.AtRecipient, "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients", spent},
	{testkit.AtSender, "550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP", barred},
	{testkit.AtDot, "550 5.7.705 Access denied, tenant has exceeded threshold", barred},
	{testkit.AtDot, "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains", badSender},
	{testkit.AtDot, "550 5.7.501 Access denied, spam abuse detected", barred},
	{testkit.AtDot, "550 5.7.606 Access denied, banned sending IP [192.0.2.1]", barred},
	{testkit.AtDot, "550 5.7.509 Access denied, sending domain [example.com] does not pass DMARC verification", unproven},
	{testkit.AtRecipient, "550 5.7.64 TenantAttribution; Relay Access Denied", noRelay},
	{testkit.AtRecipient, "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", noRelay},
	{testkit.AtSender, "501 5.7.57 Client not authenticated to send mail", unsigned},
	// Gmail and its relay
	{testkit.AtDot, "550 5.4.5 Daily user sending limit exceeded.", spent},
	{testkit.AtSender, "550 5.4.5 Daily user sending limit exceeded.", spent},
	{testkit.AtDot, "550 5.7.1 Daily SMTP relay limit exceeded for customer.", spent},
	{testkit.AtRecipient, "550 5.7.1 Invalid credentials for relay [192.0.2.1].", noRelay},
	{testkit.AtDot, "550 5.7.26 Unauthenticated email is not accepted due to the domain's DMARC policy", unproven},
	{testkit.AtDot, "550 5.7.28 There is an unusual rate of unsolicited mail originating from your IP address", spent},
	// others
	{testkit.AtDot, "554 Message rejected: Email address is not verified. The following identities failed the check in region EU-CENTRAL-1", badSender},                   // Amazon SES
	{testkit.AtDot, "554 Access denied: User `arn:aws:iam::1:user/a' is not authorized to perform `ses:SendRawEmail' on resource `arn:aws:ses:eu:1:identity'", badSender}, // Amazon SES
	{testkit.AtDot, "554 Message rejected: Sending paused for this account", barred},                                                                                      // Amazon SES
	{testkit.AtDot, "550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.", badSender},                       // SendGrid
	{testkit.AtDot, "550-From header sender domain not verified.\r\n550 verify the sender domain to be allowed to send.", badSender},                                      // SMTP2GO
	{testkit.AtDot, "550 The example.com domain is not verified", badSender},                                                                                              // Resend
	{testkit.AtDot, "550 5.7.0 From address is not one of your addresses", badSender},                                                                                     // iCloud
	{testkit.AtDot, "551 5.7.1 Not authorised to send from this header address", badSender},                                                                               // Fastmail
	{testkit.AtDot, "553 Sender is not allowed to relay emails", badSender},                                                                                               // Zoho
	{testkit.AtDot, "550 5.4.6 Unusual sending activity detected. Please try after sometime", barred},                                                                     // Zoho
	{testkit.AtRecipient, "554 5.7.1 <alice@example.org>: Relay access denied", noRelay},                                                                                  // Postfix
	{testkit.AtRecipient, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", stranger},                                              // Postfix
	{testkit.AtRecipient, "553 5.7.1 <sign-in@example.com>: Sender address rejected: not owned by user user@example.com", badSender},                                      // Postfix
	{testkit.AtRecipient, "550 5.7.1 <alice@example.org>... Relaying denied", noRelay},                                                                                    // Sendmail
	{testkit.AtRecipient, "550 relay not permitted, authentication required", noRelay},                                                                                    // Exim
	{testkit.AtRecipient, "550-Verification failed for <sign-in@example.com>\r\n550-Unrouteable address\r\n550 Sender verify failed", badSender},                          // Exim
	{testkit.AtRecipient, "550 Authentication required", unsigned},
	{testkit.AtRecipient, "550 authentication is required before sending", unsigned},
	{testkit.AtRecipient, "525 5.7.13 user account disabled", barred},
	{testkit.AtRecipient, "554 5.3.2 system not accepting network messages", unwell},
	// temporary ones are about us as well
	{testkit.AtDot, "454 Throttling failure: Daily message quota exceeded.", spent},                                                // Amazon SES
	{testkit.AtDot, "454 Throttling failure: Maximum sending rate exceeded.", spent},                                               // Amazon SES
	{testkit.AtRecipient, "450 4.2.1 Peak SMTP relay limit exceeded for customer.", spent},                                         // Gmail
	{testkit.AtSender, "452 4.3.1 Insufficient system storage", unwell},                                                            // Postfix
	{testkit.AtRecipient, "451 4.3.5 Server configuration error", unwell},                                                          // Postfix
	{testkit.AtRecipient, "454 4.7.1 <alice@example.org>: Relay access denied", noRelay},                                           // Postfix
	{testkit.AtDot, "421 Domain mg.example.com is not allowed to send: Sandbox subdomains are for test purposes only.", badSender}, // Mailgun
	{testkit.AtDot, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", unwell},                                       // Exchange Online
}

// aboutMessage are replies that no other server could do better with.
var aboutMessage = []struct {
	at    testkit.MailStep
	reply string
}{
	{testkit.AtRecipient, "550 5.1.1 <alice@example.org>: Recipient address rejected: User unknown"},
	{testkit.AtRecipient, "550 5.7.1 <alice@example.org>: Recipient address rejected: Access denied"},
	{testkit.AtRecipient, "550 5.7.703 Your message can't be delivered because messages to alice@example.org are blocked by your organization"},
	{testkit.AtRecipient, "550 5.7.504 [alice@example.org]: Recipient address rejected: Access denied"},
	{testkit.AtRecipient, "550 5.7.505 Access denied, banned recipient"},
	{testkit.AtDot, "550 5.7.507 Access denied, rejected by recipient"},
	{testkit.AtRecipient, "550 5.2.1 The email account that you tried to reach is disabled"},
	{testkit.AtRecipient, "550 account disabled"},
	{testkit.AtRecipient, "552 5.2.2 The email account that you tried to reach is over quota"},
	{testkit.AtRecipient, "550 5.4.1 Recipient address rejected: Access denied"},
	{testkit.AtRecipient, "550 5.1.2 unknown domain"},
	{testkit.AtRecipient, "501 5.1.3 bad address syntax"},
	{testkit.AtDot, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"},
	{testkit.AtDot, "550 5.7.124 RESOLVER.RST.SenderNotInAllowedSendersList; sender not authenticated for group"},
	{testkit.AtDot, "550 5.7.1 RESOLVER.RST.AuthRequired; authentication required"},
	{testkit.AtDot, "550 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour"},
	{testkit.AtDot, "550 5.2.2 The recipient has reached the daily limit for messages"},
	{testkit.AtDot, "552 5.3.4 Message size exceeds fixed limit"},
	{testkit.AtDot, "552 5.2.2 mailbox full"},
	{testkit.AtDot, "554 5.7.1 Spam message rejected"},
	{testkit.AtDot, "550 5.6.11 Invalid characters"},
	{testkit.AtDot, "554 5.5.1 Error: no valid recipients"},
	{testkit.AtDot, "550 5.7.1 our policy does not allow this attachment"},
	{testkit.AtDot, "554 Transaction failed"},
	// A visitor may own the server whose words these are, which the relay passes on.
	{testkit.AtRecipient, "550 5.7.708 <alice@example.org>: Recipient address rejected: undeliverable address: host mx.example.org said: 550 5.7.708 no"},
	{testkit.AtRecipient, "550 5.1.8 <alice@example.org>: Recipient address rejected: undeliverable address: host mx.example.org said: 550 Relay access denied"},
	{testkit.AtRecipient, "550-Callout verification failed:\r\n550 550 5.2.252 SendAsDenied"},
	{testkit.AtRecipient, "550 mx.example.org said: SendAsDenied, your account is suspended, relay access denied"},
	{testkit.AtRecipient, "550 no such user (authentication required, relay not permitted, from address is not verified)"},
}

// statuses say by themselves that a server sends nothing for us.
var statuses = map[*cause]string{
	badSender: "5.1.7 5.1.8 5.2.252 5.7.27 5.7.60 5.7.750", unsigned: "5.7.57", noRelay: "5.7.54 5.7.64", spent: "5.1.90 5.2.254 5.4.5 5.7.28 5.7.508",
	barred: "5.7.501 5.7.502 5.7.503 5.7.511 5.7.600 5.7.606 5.7.649 5.7.700 5.7.705 5.7.708 5.7.799 5.7.800", unwell: "5.3.1 5.3.2 5.3.5",
	unproven: "5.7.20 5.7.21 5.7.22 5.7.23 5.7.24 5.7.25 5.7.26 5.7.509",
	nil:      "5.0.0 5.1.0 5.1.1 5.2.0 5.2.2 5.3.0 5.3.4 5.4.1 5.4.4 5.5.1 5.6.0 5.7.0 5.7.1 5.7.2 5.7.12 5.7.133 5.7.504 5.7.599 5.7.703 5.7.801 5.7.25x 15.2.252 2.252",
}

func TestAStatusSaysWhomARefusalIsAbout(t *testing.T) {
	for want, list := range statuses {
		for status := range strings.FieldsSeq(list) {
			for _, at := range []step{recipient, content, accepting} {
				if got := causeOf(at, &textproto.Error{Code: 550, Msg: status + " no"}); got != want {
					t.Errorf("%s at step %d is %+v, want %+v", status, at, got, want)
				}
			}
		}
	}
}

func answering(at testkit.MailStep, reply string) *server {
	switch at {
	case testkit.AtSender:
		return &server{mail: reply}
	case testkit.AtRecipient:
		return &server{rcpt: reply}
	}
	return &server{data: reply}
}

func TestAServerThatSendsNothingForUsIsAFaultOfTheMailer(t *testing.T) {
	for _, tc := range aboutUs {
		t.Run(string(tc.at)+" "+tc.reply, func(t *testing.T) {
			_, err := relay(t, answering(tc.at, tc.reply).start(t, testkit.StartTLS), StartTLS, true).Send(within(t), message())
			failure, ok := errors.AsType[*mail.SendError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			temporary := strings.HasPrefix(tc.reply, "4")
			mayBeAnothers := tc.at == testkit.AtDot || tc.at == testkit.AtRecipient && !delayed.MatchString(tc.reply[4:])
			if failure.Temporary != temporary || failure.Unauthorized == temporary || failure.AboutMessage != mayBeAnothers || failure.Undeliverable || failure.PossibleCopies != 0 {
				t.Errorf("got %+v", failure)
			}
			if !strings.Contains(err.Error(), tc.want.does+": ") || !strings.HasSuffix(err.Error(), "; "+tc.want.next) || !strings.Contains(err.Error(), tc.reply[:3]) {
				t.Errorf("got %v", err)
			}
			for _, secret := range []string{"alice", "user@", "sign-in@", "s3cret", "\n"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error has %q in it: %v", secret, err)
				}
			}
		})
	}
}

func TestAServerThatRefusesOneMessageIsNoFaultOfTheMailer(t *testing.T) {
	for _, tc := range aboutMessage {
		t.Run(string(tc.at)+" "+tc.reply, func(t *testing.T) {
			_, err := relay(t, answering(tc.at, tc.reply).start(t, testkit.StartTLS), StartTLS, true).Send(within(t), message())
			if failure, ok := errors.AsType[*mail.SendError](err); !ok || failure.Temporary || failure.Unauthorized || !strings.Contains(err.Error(), "refused the message") {
				t.Errorf("got %+v", err)
			}
		})
	}
}

// The server has all of the message when it says that the account may not send as the sender.
func TestTheNextMailerSendsWhatAServerRefusedAfterTheMessage(t *testing.T) {
	refusing := (&server{data: "554 5.2.252 SendAsDenied; user@example.com not allowed to send as sign-in@example.com"}).start(t, testkit.StartTLS)
	taking := (&server{}).start(t, testkit.StartTLS)
	chain := mail.NewFailover(slog.New(slog.DiscardHandler), relay(t, refusing, StartTLS, true), relay(t, taking, StartTLS, true))
	for i := range 3 { // to three domains: it is no matter of one recipient
		if health := chain.Health()[0]; !health.Available {
			t.Errorf("after %d messages the one that refuses is %+v", i, health)
		}
		m := message()
		m.To = fmt.Sprintf("ada@%d.example", i)
		if _, err := chain.Send(within(t), m); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(taking.Letters()); got != 3 {
		t.Errorf("%d messages came", got)
	}
	if health := chain.Health()[0]; health.Available || !strings.Contains(health.Problem, "5.2.252") || !strings.Contains(health.Problem, "may send from this address") {
		t.Errorf("the one that refuses is %+v", health)
	}
}
