package smtprelay

import (
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func TestCheckSignsInAndSendsNothing(t *testing.T) {
	for _, tc := range []struct {
		name   string
		server *server
		tls    testkit.MailTLS
		mode   TLSMode
		steps  []string
		want   string
	}{
		{"a server that takes us", &server{}, testkit.StartTLS, StartTLS, []string{"AUTH"}, ""},
		{"a server that takes us, with TLS from the start", &server{}, testkit.ImplicitTLS, ImplicitTLS, []string{"AUTH"}, ""},
		{"refused credentials", &server{auth: reply(535)}, testkit.StartTLS, StartTLS, []string{"AUTH"}, "check username and password"},
		{"no way to sign in", &server{withoutAuth: true}, testkit.StartTLS, StartTLS, nil, "leave username and password out"},
		{"no STARTTLS", &server{}, testkit.NoTLS, StartTLS, nil, "STARTTLS"},
		{"no TLS", &server{}, testkit.NoTLS, ImplicitTLS, nil, "TLS"},
		{"a server that refuses to talk to us", &server{greet: reply(554)}, testkit.StartTLS, StartTLS, nil, "refuses to talk to us"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := tc.server.start(t, tc.tls)
			err := relay(t, s, tc.mode, true).Check(within(t), message().From)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v", err)
			}
			if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "alice")) {
				t.Errorf("the error has too much in it: %v", err)
			}
			if got := s.said(); !slices.Equal(got, tc.steps) {
				t.Errorf("the server was told %q", got)
			}
		})
	}
}
