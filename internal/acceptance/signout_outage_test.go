package acceptance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// Somebody leaves the library, and the store is away: the browser must not stay signed in,
// and the page must not say that all is done.
func TestSigningOutWithoutTheStoreForgetsTheBrowserAndSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	between := redistest.Between(t, redistest.Single(t))
	g := start(t, setup{store: "redis " + between.URL(), global: "secret " + newSecret(), silent: true})
	scopes := map[string]struct {
		fields []string
		forget bool
	}{
		"here": {nil, true}, "everywhere": {[]string{"scope", "all"}, true},
		"elsewhere": {[]string{"scope", "others"}, false}, "another": {[]string{"session", strings.Repeat("ab", 16)}, false},
	}
	visitors, copies := make(map[string]*visitor), make(map[string]*visitor)
	for name := range scopes {
		visitors[name] = g.signedIn(name + "@example.com")
		visitors[name].open("/").echo(t)
		copies[name] = visitors[name].twin()
	}
	check := func(known bool) {
		t.Helper()
		for name, scope := range scopes {
			v := copies[name].twin()
			page := v.open("/_doorpost/sign-out").is(t, http.StatusOK)
			if strings.Contains(page.text(), name+"@example.com") != known {
				t.Errorf("%s: who is known: %v, and the page says %s", name, known, page.text())
			}
			a, _ := v.try(v.form("/_doorpost/sign-out", scope.fields...)) // the error says that it is a server error
			if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
				t.Errorf("%s: answered %d, Retry-After %q: %s", name, a.status, a.header.Get("Retry-After"), a.text())
			}
			_, kept := v.sessionCookie()
			if (kept == "") != scope.forget || strings.Contains(a.text(), "may still be signed in elsewhere") != scope.forget || strings.Contains(a.text(), "cannot sign you in") {
				t.Errorf("%s: the cookie is %q, and the page says %s", name, kept, a.text())
			}
		}
	}
	between.Cut()
	check(true)
	g.gate.stop()
	g.run()
	check(false)
	between.Mend(t)
	for name, v := range copies {
		await(t, name+" to be signed in still", func() bool {
			who, err := v.tryWho()
			return err == nil && who == name+"@example.com"
		})
		v.submit("/_doorpost/sign-out", scopes[name].fields...)
		if who, err := v.tryWho(); err == nil && who != "" && scopes[name].forget {
			t.Errorf("%s: with the store signing out leaves %s signed in", name, who)
		}
	}
}
