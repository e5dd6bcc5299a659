package acceptance

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// formWaits is how long a form waits for options that do not come, see script.js.
const formWaits = 3 * time.Second

// The options for a passkey are asked for when somebody first touches the page: the field,
// or the button that asks for a message. However late their answer is, the link of the
// message belongs to this browser.
func TestOptionsForAPasskeyDoNotComeBetweenABrowserAndItsLink(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"#email", "form button"} {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			port, clicked, sent := testkit.FreePort(), make(chan struct{}), make(chan struct{})
			var asked atomic.Bool
			proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
				r.Out.URL.Scheme, r.Out.URL.Host = "http", "localhost:"+port
				r.Out.Host = r.In.Host
			}}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, "/passkey/options"):
					begun := time.Now()
					asked.Store(true)
					<-clicked
					select {
					case <-sent:
						if time.Since(begun) < formWaits-time.Second/2 {
							t.Error("the form is under way beside the options")
						}
					case <-time.After(time.Second): // it waits
					}
				case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/sign-in"):
					close(sent)
				}
				proxy.ServeHTTP(w, r)
			}))
			t.Cleanup(server.Close)
			origin := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
			g := prepare(t, setup{address: "http://:" + port, origin: origin, site: "url " + origin + "\nallow *@example.com"})
			g.port = port
			g.run()
			tab := newProfile(t).newTab()
			tab.expect("/favicon.ico")
			tab.expect(waitingNoise)
			tab.authenticator()
			tab.open(origin + "/")
			tab.awaitScript()
			if first == "#email" {
				tab.click(first)
				await(t, "the options to be asked for", asked.Load)
			}
			tab.typeInto("#email", "ada@example.com")
			tab.click("form button")
			close(clicked)
			tab.awaitText("Check your mail")
			tab.open(g.mail.await("ada@example.com").link)
			tab.awaitText(offersPasskey)
		})
	}
}
