package mailgunapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/mailgun/mailgun-go/v4"
	"github.com/mailgun/mailgun-go/v4/events"

	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/outbox"
)

const (
	// noticeAge is how old the signature of a notice may be. Mailgun repeats a notice
	// for 8 hours until it is accepted.
	noticeAge = 12 * time.Hour
	// clockSkew is how far the clock of Mailgun may be ahead of ours.
	clockSkew = time.Minute
	// MaxNotice is the longest notice that is read, in bytes.
	MaxNotice = 16 << 10
)

// Why Open refuses a body.
var (
	// ErrForged is a notice that was not signed with our key, or too long ago.
	ErrForged = errors.New("the notice is not from Mailgun")
	// ErrMalformed is a notice that lacks something.
	ErrMalformed = errors.New("the notice cannot be read")
)

// Notice is a report of Mailgun about a message that it accepted.
type Notice struct {
	// Once names the notice. The signature covers this name only, not the content,
	// so each name must count once only.
	Once outbox.Once
	// Known is false for a notice that changes nothing: its kind does not matter
	// here, or its message is not ours.
	Known bool
	// MessageID is the local part of the Message-ID, which is the message's id
	// in the outbox. It is empty if Known is false.
	MessageID string
	// Report is what became of the message. It is empty if Known is false.
	Report outbox.Report
}

// Webhook reads the notices that Mailgun posts. It is safe for concurrent use.
type Webhook struct{ mailgun *mailgun.MailgunImpl }

// NewWebhook makes a Webhook of the HTTP webhook signing key of the account.
func NewWebhook(signingKey string) (*Webhook, error) {
	if signingKey == "" || strings.ContainsFunc(signingKey, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("setting up mailgun: webhook_key is empty or has spaces or line breaks in it; write for example {env.MAILGUN_WEBHOOK_KEY}")
	}
	mg := mailgun.NewMailgun("", "")
	mg.SetWebhookSigningKey(signingKey)
	return &Webhook{mg}, nil
}

var (
	// unixSeconds is the timestamp of a signature. Timestamp and token are signed as
	// one text, so the form must leave no doubt where one ends.
	unixSeconds = regexp.MustCompile(`^[1-9][0-9]{9,10}$`)
	noticeToken = regexp.MustCompile(`^[A-Za-z0-9_-]{16,128}$`)
	// outboxID is an id as outbox messages have it.
	outboxID = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
)

// Open reads the body of a request. Its error is an ErrForged or an
// ErrMalformed and repeats nothing of the body.
func (w *Webhook) Open(body []byte, now time.Time) (Notice, error) {
	if len(body) > MaxNotice {
		return Notice{}, fmt.Errorf("%w: it has more than %d bytes", ErrMalformed, MaxNotice)
	}
	var payload mailgun.WebhookPayload
	if err := json.Unmarshal(body, &payload); err != nil {
		return Notice{}, fmt.Errorf("%w: it is not JSON as Mailgun sends it", ErrMalformed)
	}
	once, err := w.verify(payload.Signature, now)
	if err != nil {
		return Notice{}, err
	}
	notice := Notice{Once: once}
	var kind events.EventName
	if err := json.Unmarshal(payload.EventData, &kind); err != nil || kind.Name == "" {
		return Notice{}, fmt.Errorf("%w: it has no event", ErrMalformed)
	}
	if mailgun.EventNames[kind.GetName()] == nil {
		return notice, nil
	}
	event, err := mailgun.ParseEvent(payload.EventData)
	if err != nil {
		return Notice{}, fmt.Errorf("%w: its event is not as Mailgun writes it", ErrMalformed)
	}
	report, headers, matters := read(event)
	if !matters {
		return notice, nil
	}
	if report.At, err = eventTime(payload.EventData, now); err != nil {
		return Notice{}, err
	}
	id, _, ok := strings.Cut(strings.Trim(headers.MessageID, "<>"), "@")
	if !ok {
		return Notice{}, fmt.Errorf("%w: its event names no message", ErrMalformed)
	}
	if outboxID.MatchString(id) {
		notice.Known, notice.MessageID, notice.Report = true, id, report
	}
	return notice, nil
}

// verify checks that the notice was signed, and not too long ago.
func (w *Webhook) verify(signature mailgun.Signature, now time.Time) (outbox.Once, error) {
	if signature.TimeStamp == "" || signature.Token == "" || signature.Signature == "" {
		return outbox.Once{}, fmt.Errorf("%w: it is not signed", ErrMalformed)
	}
	seconds, err := strconv.ParseInt(signature.TimeStamp, 10, 64)
	if err != nil || !unixSeconds.MatchString(signature.TimeStamp) || !noticeToken.MatchString(signature.Token) {
		return outbox.Once{}, fmt.Errorf("%w: its signature is not as Mailgun writes it", ErrMalformed)
	}
	if genuine, err := w.mailgun.VerifyWebhookSignature(signature); err != nil || !genuine {
		return outbox.Once{}, fmt.Errorf("%w: its signature is wrong; check webhook_key", ErrForged)
	}
	signed := time.Unix(seconds, 0)
	switch {
	case signed.Before(now.Add(-noticeAge)):
		return outbox.Once{}, fmt.Errorf("%w: it was signed more than %s ago", ErrForged, noticeAge)
	case signed.After(now.Add(clockSkew)):
		return outbox.Once{}, fmt.Errorf("%w: it was signed in the future; check the clock of this machine", ErrForged)
	}
	return outbox.Once{Name: "mailgun " + signature.Token, Until: signed.Add(noticeAge + time.Second)}, nil
}

// read returns what an event means for a message; false if nothing.
func read(event mailgun.Event) (outbox.Report, events.MessageHeaders, bool) {
	switch e := event.(type) {
	case *events.Delivered:
		return outbox.Report{State: outbox.Sent, Delivered: true}, e.Message.Headers, true
	case *events.Failed:
		report := outbox.Report{State: outbox.Deferred, Problem: problem(e.DeliveryStatus, e.Reason)}
		switch {
		case e.Severity != events.SeverityPermanent:
		case noMailbox(e.Reason, e.DeliveryStatus):
			report.State = outbox.Bounced
		default: // it may be about us, or Mailgun has tried for too long
			report.State = outbox.Failed
		}
		return report, e.Message.Headers, e.Severity == events.SeverityPermanent || e.Severity == events.SeverityTemporary
	case *events.Complained:
		return outbox.Report{State: outbox.Complained, Problem: "its reader called it unwanted"}, e.Message.Headers, true
	case *events.Rejected:
		return outbox.Report{State: outbox.Failed, Problem: reported("rejected", e.Reject.Reason, e.Reject.Description)}, e.Message.Headers, true
	}
	return outbox.Report{}, events.MessageHeaders{}, false
}

// enhancedCode is a status of RFC 3463 in what a server said.
var enhancedCode = regexp.MustCompile(`(?:^|[^\d.])5\.(\d{1,3}\.\d{1,3})(?:[^\d.]|$)`)

// noMailbox reports whether a permanent failure means that the mailbox does not
// exist or takes no mail at all. Mailgun sorts by its own lights what a server
// answered, and a reason for which an address is suppressed may be old: only with the
// server's own code does a failure speak of the mailbox. A refusal by policy
// (espblock, 5.7.x) speaks of us, and would otherwise lock somebody out.
func noMailbox(reason string, status events.DeliveryStatus) bool {
	switch reason {
	case events.ReasonBounce, events.ReasonHardFail, events.ReasonSuppressBounce:
	default:
		return false
	}
	found := enhancedCode.FindStringSubmatch(status.EnhancedCode)
	if found == nil {
		found = enhancedCode.FindStringSubmatch(status.Message)
	}
	if found == nil {
		return false
	}
	switch detail := found[1]; detail {
	case "1.7", "1.8": // those are about the sender
		return false
	default:
		return strings.HasPrefix(detail, "1.") || detail == "2.1"
	}
}

func problem(status events.DeliveryStatus, reason string) string {
	code := ""
	if status.Code != 0 {
		code = strconv.Itoa(status.Code)
	}
	said := status.Message
	if said == "" {
		said = status.Description
	}
	return reported(reason, code, said)
}

// reported is the text of a report, fit for a log.
func reported(parts ...string) string {
	return "mailgun reports: " + mail.Redact(strings.Join(parts, " "))
}

// eventTime is when the event happened.
func eventTime(event []byte, now time.Time) (time.Time, error) {
	var when struct{ Timestamp float64 }
	if err := json.Unmarshal(event, &when); err != nil || when.Timestamp <= 0 || when.Timestamp > float64(now.Add(clockSkew).Unix()) {
		return time.Time{}, fmt.Errorf("%w: its event has no time, or one in the future", ErrMalformed)
	}
	seconds, fraction := math.Modf(when.Timestamp)
	return time.Unix(int64(seconds), int64(fraction*1e9)), nil
}
