package smtprelay

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// Reply codes that ask for other credentials, or for any (RFC
// 4954, section 6; 538 is from its predecessor, RFC 2554).
var credentialCodes = map[int]bool{530: true, 534: true, 535: true, 538: true}

// closing is the reply of a server that hangs up (RFC 5321, section 3.8).
const closing = 421

// leastMasked is how long a username is at least that is masked in errors. A shorter one is in
// many words. A password always is masked.
const leastMasked = 4

// failure turns an error into a SendError (reply codes: RFC 5321, section 4.2.1). It
// never passes the error itself on: its text may name the recipient.
func (r *Relay) failure(ctx context.Context, at step, err error) *mail.SendError {
	f := &mail.SendError{Mailer: r.Name(), Temporary: true}
	if at == holding {
		f.Err = err
		return f
	}
	if noToken, ok := errors.AsType[*mail.SendError](err); ok {
		noToken.Mailer = r.Name()
		return noToken
	}
	reply, answered := errors.AsType[*textproto.Error](err)
	code, why := 0, (*cause)(nil)
	if answered {
		code = reply.Code
		at = refusedAt(at, reply)
		why = causeOf(at, reply)
	}
	if at == accepting && code < 400 {
		f.PossibleCopies = 1 // all was sent, and no answer refused it
	}
	secrets := []string{r.config.Password}
	if len(r.config.Username) >= leastMasked {
		secrets = append(secrets, r.config.Username)
	}
	detail := mail.RedactError(err, secrets...)
	switch {
	case ctx.Err() != nil:
		f.Err = fmt.Errorf("talking to %s: %w; see whether the server can be reached", r.config.Addr, context.Cause(ctx))
	case credentialCodes[code] && r.config.Tokens != nil:
		f.Temporary, f.Unauthorized = false, true
		f.Err = fmt.Errorf("signing in to %s: %w; the server does not take the access token: check that scope is that of SMTP, "+
			"that the application may send as %s, and that SMTP AUTH is switched on for that mailbox", r.config.Addr, detail, r.config.Username)
	case credentialCodes[code]:
		f.Temporary, f.Unauthorized = false, true
		f.Err = fmt.Errorf("signing in to %s: %w; check username and password", r.config.Addr, detail)
	case errors.Is(err, errClearText):
		f.Temporary, f.Unauthorized = false, true
		f.Err = fmt.Errorf("talking to %s: %w", r.config.Addr, detail)
	case code >= 500 && isAuth(err):
		f.Temporary, f.Unauthorized = false, true
		f.Err = fmt.Errorf("signing in to %s: %w; %s", r.config.Addr, detail, r.otherWay(code))
	case why != nil:
		f.Temporary, f.Unauthorized = code < 500, code >= 500
		f.Err = fmt.Errorf("%s %s: %w; %s", r.config.Addr, why.does, detail, why.next)
	case code >= 500:
		f.Temporary, f.Undeliverable = false, at == recipient && noMailbox(reply)
		f.Err = fmt.Errorf("%s refused the message: %w", r.config.Addr, detail)
	case code >= 400 && code != closing && at >= recipient:
		f.AboutMessage = true
		f.Err = fmt.Errorf("%s asks us to send the message later: %w", r.config.Addr, detail)
	case errors.Is(err, errNoXOAUTH2):
		f.Temporary, f.Unauthorized = false, true
		f.Err = fmt.Errorf("signing in to %s: %w; use username and password, or the server's port for submission", r.config.Addr, detail)
	case lacksAuth(err):
		f.Temporary, f.Unauthorized = false, true
		f.Err = fmt.Errorf("signing in to %s: %w; leave username and password out, or use the server's port for submission", r.config.Addr, detail)
	case code == 0 && at == connecting && r.port == 465 && r.config.TLS == StartTLS:
		f.Err = fmt.Errorf("talking to %s: %w; port 465 usually wants tls implicit", r.config.Addr, detail)
	case isUnknownAuthority(err):
		f.Err = fmt.Errorf("talking to %s: %w; if the authority is your own, name its CA file behind tls starttls or tls implicit", r.config.Addr, detail)
	default:
		f.Err = fmt.Errorf("talking to %s: %w", r.config.Addr, detail)
	}
	// A relay may pass on what another server says, and be silent as long as that one is: one that
	// asks it about a mailbox, or passes the message on before it answers.
	if at >= recipient && (why != nil || f.Unauthorized || ctx.Err() != nil) {
		f.AboutMessage = true
	}
	return f
}

// delayed is how Postfix refuses, as the answer to RCPT, what came before it. What a
// server says about a recipient can be another's words, so it has to stand in front.
var delayed = regexp.MustCompile(`^(?:[45]\.\d{1,3}\.\d{1,3} )?(?:<[^<>]*>: |Service unavailable; )(Client host|Helo command|Sender address) (?:rejected: |\[)`)

// refusedAt is the step that a reply is about.
func refusedAt(at step, reply *textproto.Error) step {
	found := delayed.FindStringSubmatch(reply.Msg)
	switch {
	case at != recipient || found == nil:
		return at
	case found[1] == "Sender address":
		return sender
	}
	return connecting
}

// otherWay is what to do where the server refuses a sign-in for something else than the
// credentials: with 504 it does not know the way (RFC 4954, section 4).
func (r *Relay) otherWay(code int) string {
	switch {
	case code == 504 && r.config.Tokens != nil:
		return "it takes no access tokens here: check the address, and that SMTP AUTH is switched on for the mailbox"
	case code == 504:
		return "it takes no password here: check the address, and that SMTP AUTH is switched on there, or sign in with oauth"
	}
	return "check what the service says of the account, and that it may send through SMTP"
}

// isAuth reports whether a reply is one to AUTH. The library says so in the text only.
func isAuth(err error) bool { return strings.HasPrefix(err.Error(), "SMTP AUTH failed: ") }

// lacksAuth reports whether the server has no way to sign in that we know. For a server
// without AUTH the library has an error text only, no value.
func lacksAuth(err error) bool {
	return errors.Is(err, gomail.ErrNoSupportedAuthDiscovered) ||
		strings.Contains(err.Error(), "does not support SMTP AUTH")
}

func isUnknownAuthority(err error) bool {
	_, is := errors.AsType[x509.UnknownAuthorityError](err)
	return is
}
