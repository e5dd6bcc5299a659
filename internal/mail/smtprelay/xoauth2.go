package smtprelay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/textproto"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/wneessen/go-mail/smtp"
)

// Tokens gets the access tokens with which a relay signs in where the server takes no
// password. It is safe for concurrent use.
type Tokens interface {
	// Token returns a token that is good now, before ctx ends. Its errors are
	// *mail.SendError.
	Token(ctx context.Context) (string, error)

	// Refused is told of a token that the server did not take. The same is not
	// returned again.
	Refused(token string)
}

// xoauth2 signs in with an access token (XOAUTH2, as Google and Microsoft describe it). It
// waits for the server before it sends the token, which the library's own way does not: the
// token would make the line of AUTH longer than RFC 4954, section 4, allows.
type xoauth2 struct {
	username, token string

	sent   bool   // the token
	status string // of the challenge with which the server refused it
}

// errNoXOAUTH2 says that the server takes no access tokens.
var errNoXOAUTH2 = errors.New("the server does not offer XOAUTH2")

func (x *xoauth2) Start(server *smtp.ServerInfo) (mechanism string, response []byte, err error) {
	for _, offered := range server.Auth {
		if strings.EqualFold(offered, "XOAUTH2") {
			return "XOAUTH2", nil, nil
		}
	}
	return "", nil, errNoXOAUTH2
}

// Next answers a challenge. A second one is an error in JSON, and an empty answer to it
// brings the reply with the code.
func (x *xoauth2) Next(challenge []byte, more bool) (response []byte, err error) {
	switch {
	case !more:
		return nil, nil
	case !x.sent:
		x.sent = true
		return fmt.Appendf(nil, "user=%s\x01auth=Bearer %s\x01\x01", x.username, x.token), nil
	}
	var said struct{ Status, Scope string }
	if json.Unmarshal(challenge, &said) == nil && len(said.Status) == 3 {
		x.status = said.Status
	}
	return []byte{}, nil
}

// refusedToken tells of a token that the server did not take, and adds to the error what it
// said of it.
func (r *Relay) refusedToken(err error, signIn *xoauth2) error {
	reply, ok := errors.AsType[*textproto.Error](err)
	if !signIn.sent || !ok || !credentialCodes[reply.Code] {
		return err
	}
	r.config.Tokens.Refused(signIn.token)
	said := mail.Redact(reply.Msg, signIn.token)
	if signIn.status != "" {
		said += " (status " + signIn.status + ")"
	}
	return &textproto.Error{Code: reply.Code, Msg: said}
}
