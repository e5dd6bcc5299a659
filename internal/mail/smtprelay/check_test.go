package smtprelay

import (
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func TestCheckSignsInNamesTheSenderAndSendsNothing(t *testing.T) {
	for _, tc := range []struct {
		name   string
		server *server
		tls    testkit.MailTLS
		mode   TLSMode
		steps  []string
		want   string
	}{
		{"a server that takes us", &server{}, testkit.StartTLS, StartTLS, []string{"AUTH", "MAIL sign-in@example.com"}, ""},
		{"a server that takes us, with TLS from the start", &server{}, testkit.ImplicitTLS, ImplicitTLS, []string{"AUTH", "MAIL sign-in@example.com"}, ""},
		{"refused credentials", &server{auth: reply(535)}, testkit.StartTLS, StartTLS, []string{"AUTH"}, "check username and password"},
		{"a way to sign in that is switched off", &server{auth: "504 5.7.4 Unrecognized authentication type"}, testkit.StartTLS, StartTLS, []string{"AUTH"}, "it takes no password here"},
		{"an account that is not open", &server{auth: "502 5.7.0 not yet activated"}, testkit.StartTLS, StartTLS, []string{"AUTH"}, "what the service says of the account"},
		{"another sender", &server{mail: "550 5.7.60 no"}, testkit.StartTLS, StartTLS, []string{"AUTH", "MAIL sign-in@example.com"}, "may send from this address"},
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
