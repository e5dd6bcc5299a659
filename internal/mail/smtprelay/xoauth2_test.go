package smtprelay

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// goodToken is as long as one of Microsoft's: longer than a line of AUTH may be.
var goodToken = "s3cret-" + strings.Repeat("Ab0.-_~+/", 200) + "=="

// purse has a token, and the next one once that was refused.
type purse struct {
	tokens  []string
	refused []string
	err     error
}

func (p *purse) Token(context.Context) (string, error) { return p.tokens[len(p.refused)], p.err }

func (p *purse) Refused(token string) { p.refused = append(p.refused, token) }

func signInWith(t *testing.T, s *server, p *purse) *Relay {
	t.Helper()
	r, err := New(Config{Addr: s.Address, RootCAs: s.Roots, Username: "user@example.com", Tokens: p})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAServerThatTakesTokensGetsOne(t *testing.T) {
	s := (&server{tokens: true}).start(t, testkit.StartTLS)
	p := &purse{tokens: []string{goodToken}}
	if _, err := signInWith(t, s, p).Send(within(t), message()); err != nil {
		t.Fatal(err)
	}
	if len(p.refused) > 0 || !slices.Contains(s.said(), "DATA") {
		t.Errorf("said %q, refused %d tokens", s.said(), len(p.refused))
	}
}

func TestATokenThatTheServerRefusesIsNotUsedAgain(t *testing.T) {
	s := (&server{tokens: true}).start(t, testkit.StartTLS)
	p := &purse{tokens: []string{"s3cret-old", goodToken}}
	r := signInWith(t, s, p)
	_, err := r.Send(within(t), message())
	refused, ok := errors.AsType[*mail.SendError](err)
	if !ok || !refused.Unauthorized || refused.Temporary || strings.Contains(err.Error(), "s3cret") {
		t.Fatalf("got %v", err)
	}
	for _, words := range []string{"535", "5.7.3", "status 401", "check that scope", "SMTP AUTH is switched on"} {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("%q does not say %q", err, words)
		}
	}
	if _, err := r.Send(within(t), message()); err != nil || !slices.Equal(p.refused, []string{"s3cret-old"}) {
		t.Errorf("the next message got %v, refused were %q", err, p.refused)
	}
}

func TestWithATokenNothingElseIsTried(t *testing.T) {
	for name, tc := range map[string]struct {
		server  *server
		purse   *purse
		words   string
		refused int
		said    int
	}{
		"a server without XOAUTH2": {&server{}, &purse{tokens: []string{goodToken}}, "does not offer XOAUTH2", 0, 0},
		"a server without AUTH":    {&server{withoutAuth: true}, &purse{tokens: []string{goodToken}}, "does not offer XOAUTH2", 0, 0},
		"no token": {&server{tokens: true}, &purse{tokens: []string{""}, err: &mail.SendError{Temporary: true, Err: errors.New("no token today")}},
			"no token today", 0, 0},
		"a server that is busy": {&server{tokens: true, auth: "454 4.7.0 later"}, &purse{tokens: []string{goodToken}}, "454", 0, 1},
		"a server that has switched tokens off": {&server{tokens: true, auth: "504 5.7.4 Unrecognized authentication type"}, &purse{tokens: []string{goodToken}},
			"it takes no access tokens here", 0, 1},
		"a token that the server says back": {&server{tokens: true, auth: "535 5.7.8 not s3cret-echo"}, &purse{tokens: []string{"s3cret-echo", ""}},
			"535", 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := tc.server.start(t, testkit.StartTLS)
			_, err := signInWith(t, s, tc.purse).Send(within(t), message())
			if failed, ok := errors.AsType[*mail.SendError](err); !ok || failed.Mailer != "smtp" || !strings.Contains(err.Error(), tc.words) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("got %v", err)
			}
			if len(tc.purse.refused) != tc.refused || len(s.said()) != tc.said {
				t.Errorf("refused %q, said %q", tc.purse.refused, s.said())
			}
		})
	}
}
