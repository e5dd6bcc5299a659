package acceptance

import (
	"net/http"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// An admin can do anything to anybody, and sees who people are: where a passkey is required of
// anybody, the mailbox of an admin alone is not enough, whether they may enter there or not.
func TestTheMailOfAnAdminIsNoWayRoundAPasskey(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]plan{
		"of theirs": {setup: setup{global: "admins admin@example.com", site: "allow *@example.com\nrequire passkey"}},
		"of others": {setup: setup{global: "admins admin@example.com\ngroup club member@example.com", site: "allow *@example.com"}, wiki: "allow group:club\nrequire passkey"},
	} {
		t.Run(name, func(t *testing.T) {
			w := prepareFront(t, 1, p)
			w.run()
			isAskedAsAdmin(t, func() *visitor {
				b := w.traveller()
				b.asks("admin@example.com", appOrigin+"/")
				m := w.mail.awaitLink("admin@example.com")
				b.at(loginOrigin).submit("/_doorpost/link", "token", m.token).is(t, http.StatusSeeOther)
				return b.at(loginOrigin)
			})
		})
	}
	t.Run("of others, elsewhere", func(t *testing.T) {
		g := prepare(t, setup{})
		g.configure(setup{
			global: "admins admin@example.com\ngroup club member@example.com", address: "http://club.localhost:" + g.port, site: "allow group:club\nrequire passkey",
			behind: "reverse_proxy " + g.upstream.address + "\n}\nhttp://snip.localhost:" + g.port + " {\ndoorpost {\nallow *@example.com\npeople\n}\nreverse_proxy " + g.upstream.address,
		})
		g.run()
		isAskedAsAdmin(t, func() *visitor {
			v := newVisitor(t, "http://snip.localhost:"+g.port, "127.0.0.1:"+g.port)
			v.ask("admin@example.com", "/").leadsTo(t, "/_doorpost/check-mail")
			m := g.mail.awaitLink("admin@example.com")
			v.submit("/_doorpost/link", "token", m.token).is(t, http.StatusSeeOther)
			return v
		})
	})
}

func isAskedAsAdmin(t *testing.T, signIn func() *visitor) {
	t.Helper()
	const asked = "/_doorpost/sign-in?again=passkey&to=%2F_doorpost%2Fpeople"
	admin, device := signIn(), new(testkit.Authenticator)
	admin.open("/_doorpost/people").leadsTo(t, asked)
	admin.open(asked).is(t, http.StatusOK).says(t, "Set it up once")
	admin.makesPasskey(device).is(t, http.StatusOK)
	mail := signIn()
	for _, query := range []string{"", "?search=a", "?after=a@example.com", "?who=admin@example.com", "?who=nobody@example.com"} {
		mail.open("/_doorpost/people"+query).leadsTo(t, asked)
	}
	for _, action := range []string{"reset", "remove", "end", "disable"} {
		a := mail.submit("/_doorpost/people", "who", "admin@example.com", "action", action, "confirm", "yes")
		a.leadsTo(t, asked)
	}
	for _, fields := range [][]string{nil, {"request", "x", "decision", "always"}, {"who", "admin@example.com", "action", "end"}, {"token", "x", "action", "end"}} {
		mail.submit("/_doorpost/people", fields...).leadsTo(t, asked)
	}
	admin.posts("/_doorpost/passkey?to=/", admin.assertion(device)).is(t, http.StatusOK)
	admin.open("/_doorpost/people?who=admin@example.com").is(t, http.StatusOK).says(t, "admin@example.com")
}
