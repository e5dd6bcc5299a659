package acceptance

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// Browsers apply form-action of a policy to the redirects of a form too, see
// w3c/webappsec-csp#8.
func TestAttackRD08TheAppMaySendOnToAnotherHost(t *testing.T) {
	t.Parallel()
	var visits atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		visits.Add(1)
		fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,">the other app`)
	}))
	t.Cleanup(elsewhere.Close)
	// The app sends on at once to a host of its own, to which the form of the code
	// leads by two redirects.
	app := httptest.NewServer(http.RedirectHandler(strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)+"/", http.StatusSeeOther))
	t.Cleanup(app.Close)
	g := start(t, setup{behind: "reverse_proxy " + strings.TrimPrefix(app.URL, "http://")})
	tab := newProfile(t).newTab()
	tab.open(g.origin + "/app")
	tab.typeInto(`input[name="email"]`, "ada@example.com\r")
	tab.awaitLocation(g.origin + "/_doorpost/check-mail")
	m := g.mail.await("ada@example.com")
	tab.typeInto(`input[name="code"]`, m.code+"\r")
	tab.awaitText("the other app")
	if visits.Load() == 0 {
		t.Error("the other app was not reached")
	}
}
