package smtprelay

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// Reply codes that say that the server wants other credentials, or some (RFC
// 4954, section 6; 538 is from its predecessor, RFC 2554).
var credentialCodes = map[int]bool{530: true, 534: true, 535: true, 538: true}

// failure sorts an error of the library into what is worth doing about it
// (reply codes: RFC 5321, section 4.2.1). It never passes the error itself on:
// its text names the recipient.
func (r *Relay) failure(ctx context.Context, err error) *mail.SendError {
	f := &mail.SendError{Mailer: r.Name(), Temporary: true}
	failed, sending := errors.AsType[*gomail.SendError](err)
	code := 0
	if sending {
		code = failed.ErrorCode()
		if failed.Reason == gomail.ErrSMTPDataClose && code == 0 {
			f.PossibleCopies = 1 // all was sent, and the answer is missing
		}
	} else if reply, ok := errors.AsType[*textproto.Error](err); ok {
		code = reply.Code
	}
	detail := r.redact(err)
	switch {
	case ctx.Err() != nil:
		f.Err = fmt.Errorf("talking to %s: %w; see whether the server can be reached", r.config.Addr, ctx.Err())
	case credentialCodes[code]:
		f.Temporary, f.Unauthorized = false, true
		f.Err = fmt.Errorf("signing in to %s: %w; check username and password", r.config.Addr, detail)
	case code >= 500 && !sending:
		f.Temporary, f.Unauthorized = false, true
		f.Err = fmt.Errorf("%s wants nothing from us: %w; check address, username and password", r.config.Addr, detail)
	case code >= 500 && failed.Reason == gomail.ErrSMTPMailFrom:
		f.Temporary, f.Unauthorized = false, true
		f.Err = fmt.Errorf("%s refused the sender: %w; check that the account may send from this address", r.config.Addr, detail)
	case code >= 500:
		f.Temporary = false
		f.Err = fmt.Errorf("%s refused the message: %w", r.config.Addr, detail)
	case lacksAuth(err):
		f.Temporary, f.Unauthorized = false, true
		f.Err = fmt.Errorf("signing in to %s: %w; leave username and password out, or use the server's port for submission", r.config.Addr, detail)
	case code == 0 && r.port == 465 && r.config.TLS == StartTLS:
		f.Err = fmt.Errorf("talking to %s: %w; port 465 usually wants tls implicit", r.config.Addr, detail)
	default:
		f.Err = fmt.Errorf("talking to %s: %w", r.config.Addr, detail)
	}
	return f
}

// lacksAuth tells whether the server has no way to sign in that we know. The
// library has no value for a server without AUTH at all, only words.
func lacksAuth(err error) bool {
	return errors.Is(err, gomail.ErrNoSupportedAuthDiscovered) ||
		strings.Contains(err.Error(), "does not support SMTP AUTH")
}

// redact keeps the server's answer and drops what the library adds to it: the
// recipient and the message's id.
func (r *Relay) redact(err error) error {
	return mail.RedactError(shortened{err}, r.config.Username, r.config.Password)
}

// shortened cuts an error's text where the library begins to name recipients.
type shortened struct{ error }

func (s shortened) Error() string {
	text, _, _ := strings.Cut(s.error.Error(), ", affected recipient(s)")
	text, _, _ = strings.Cut(text, ", affected message ID")
	return text
}

func (s shortened) Unwrap() error { return s.error }
