package acceptance

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// talker is an app whose page shows what it was told of the visitor, and talks to
// the app over a WebSocket.
type talker struct {
	address string

	mu    sync.Mutex
	heard http.Header // of the WebSocket that was opened last
}

func startTalker(t testing.TB) *talker {
	t.Helper()
	app := new(talker)
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	app.address = server.Listener.Addr().String()
	return app
}

const talkerPage = `<!doctype html><meta charset=utf-8><link rel=icon href="data:,"><title>talker</title><pre id=told>%s</pre><p id=said></p>
<script>
const socket = new WebSocket("wss://" + location.host + location.pathname);
socket.onmessage = (m) => { document.getElementById("said").textContent = "The app says " + m.data; socket.close(); };
</script>`

func (a *talker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") == "" {
		told, _ := json.MarshalIndent(r.Header, "", " ")
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, talkerPage, told)
		return
	}
	a.mu.Lock()
	a.heard = r.Header.Clone()
	a.mu.Unlock()
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	digest := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n\x81\x05hello",
		base64.StdEncoding.EncodeToString(digest[:]))
	_, _ = io.ReadFull(buffered, make([]byte, 8)) // the close frame of the browser: a mask and a code
	_, _ = io.WriteString(conn, "\x88\x02\x03\xe8")
}

// isTold fails the test unless both the page and the WebSocket had these headers, an
// empty value being none.
func (a *talker) isTold(b *tab, want map[string]string) {
	b.t.Helper()
	b.awaitText("The app says hello")
	said, err := evaluate[string](b, `document.getElementById("told").textContent`)
	if err != nil {
		b.t.Fatal(err)
	}
	page := make(http.Header)
	if err := json.Unmarshal([]byte(said), &page); err != nil {
		b.t.Fatal(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for by, header := range map[string]http.Header{"page": page, "WebSocket": a.heard} {
		for name, value := range want {
			if got := strings.Join(header.Values(name), ";"); got != value {
				b.t.Errorf("the %s is told %s: %q, want %q", by, name, got, value)
			}
		}
		if cookies := header.Get("Cookie"); strings.Contains(cookies, "doorpost") {
			b.t.Errorf("the %s has a cookie of the gate: %s", by, cookies)
		}
	}
}

// Somebody signs in at what each recipe protects, in a browser, and the app learns who
// it is under the names of the recipe.
func TestRecipesLetPeopleInAndTellTheAppWhoTheyAre(t *testing.T) {
	t.Parallel()
	const alice = "alice@example.com"
	for page, site := range map[string]struct {
		url  string
		told map[string]string
	}{
		"gitea.md":                 {"https://git.example.com/", map[string]string{"X-WebAuth-Email": alice, "X-WebAuth-User": "", "Remote-User": alice, "Remote-Email": ""}},
		"grafana.md":               {"https://grafana.example.com/", map[string]string{"X-WebAuth-User": alice, "X-WebAuth-Email": alice, "X-WebAuth-Groups": ""}},
		"log-without-addresses.md": {"https://app.example.com/?q=1", map[string]string{"Remote-User": alice, "Remote-Email": alice}},
		"part-of-a-site.md":        {"https://app.example.com/admin/", map[string]string{"Remote-User": alice}},
		"staff-and-administrators.md": {"https://app.example.com/admin/",
			map[string]string{"Remote-User": alice, "Remote-Groups": "admins,staff"}},
	} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			app := startTalker(t)
			g := startRecipe(t, page, "", "localhost:3000", app.address)
			tab := g.profile().newTab()
			g.enter(tab, site.url, alice)
			app.isTold(tab, site.told)
			tab.open("about:blank")
			g.endSessions(alice)
			tab.open(site.url)
			tab.awaitText("Type your email address")
		})
	}
}

func TestRecipeForOneSignInServesItsSites(t *testing.T) {
	t.Parallel()
	app := startTalker(t)
	g := startRecipe(t, "one-sign-in-for-several-sites.md", "", "localhost:3001", app.address, "localhost:3002", app.address)
	tab := g.profile().newTab()
	g.enter(tab, "https://wiki.example.com/", "alice@example.com")
	told := map[string]string{"Remote-User": "alice@example.com"}
	app.isTold(tab, told)
	tab.open("https://money.example.com/")
	app.isTold(tab, told)

	tab = g.profile().newTab()
	g.enter(tab, "https://wiki.example.com/", "bob@example.com")
	tab.expect("status of 403")
	tab.open("https://money.example.com/" + deepRoute)
	tab.awaitText("bob@example.com")
	if _, err := evaluate[string](tab, `document.getElementById("told").textContent`); err == nil {
		t.Error("who may open one site gets into another")
	}
	tab.click(`form[action="/_doorpost/sign-out"] button`) // to sign in as somebody else
	tab.signInByCode(g.mail, "alice@example.com")
	tab.awaitLocation("https://money.example.com/" + deepRoute)
	app.isTold(tab, told)
}

func TestRecipeForOneFrontDoorServesItsSites(t *testing.T) {
	t.Parallel()
	app := startTalker(t)
	g := startRecipe(t, "several-apps-one-front-door.md", "", "localhost:3001", app.address, "localhost:3002", app.address)
	const wiki, money = "https://wiki.example.com/", "https://money.example.org/"
	tab := g.profile().newTab()
	g.enter(tab, wiki, "alice@example.com")
	told := map[string]string{"Remote-User": "alice@example.com"}
	app.isTold(tab, told)
	tab.open(money)
	tab.awaitLocation(money)
	app.isTold(tab, told)
	tab.open(wiki + "_doorpost/people")
	tab.awaitLocation("https://login.example.com/_doorpost/people")
	tab.open(wiki + "_doorpost/sign-out")
	tab.click("form button")
	tab.awaitText("You are signed out")
	tab.open(money)
	tab.awaitText("Type your email address")

	tab = g.profile().newTab()
	g.enter(tab, wiki, "bob@example.com")
	app.isTold(tab, map[string]string{"Remote-User": "bob@example.com"})
	tab.expect("status of 403")
	tab.open(money)
	tab.awaitText("bob@example.com")
	tab.awaitStart("https://login.example.com/_doorpost/enter?")
}

func TestCommandsKnowSitesBehindAPortal(t *testing.T) {
	t.Parallel()
	g := startRecipe(t, "several-apps-one-front-door.md", "")
	const portal, money = "https://login.example.com", "https://money.example.org"
	v := g.at(portal)
	g.at(money)
	_, found := g.doctor("--address", g.admin)
	said := strings.ReplaceAll(found["site"].Found, ":"+g.port, "") // of the machine of the test
	if want := "links lead to " + portal + ", the portal of " + money + ", https://wiki.example.com"; said != want || found["site"].Result != "ok" {
		t.Errorf("doctor finds %+v, want %s", found["site"], want)
	}
	if out := g.succeeds("why", "alice@example.com", money+"/x"); !strings.Contains(out, "Let in: alice@example.com") {
		t.Errorf("why prints %s", out)
	}
	if code, _, said := g.command("why", "bob@example.com", money+"/x", "--address", g.admin); code != 1 || !strings.Contains(said, "nothing in allow covers them: allow alice@example.com") {
		t.Errorf("why ended with %d and says %s", code, said)
	}
	g.fails(portal+" is the portal, which leads to all sites; name one of them: "+money, "why", "bob@example.com", portal+"/")

	g.misuses("say for which site; there are: "+money, "invite", "alice@example.com")
	g.fails("name one of them", "invite", "alice@example.com", "--site", portal)
	if out := g.succeeds("invite", "alice@example.com", "--site", money); !strings.Contains(out, "A link to "+money) {
		t.Errorf("inviting prints %s", out)
	}
	m := g.mail.await("alice@example.com")
	if !strings.HasPrefix(m.link, portal+"/_doorpost/link#") || !strings.Contains(m.text, "money.example.org") {
		t.Errorf("the invitation leads to %s and says %s", m.link, m.text)
	}
	page := v.submit("/_doorpost/link", "token", m.token).is(t, http.StatusOK).says(t, "money.example.org")
	v.press(page, "/_doorpost/link").leadsTo(t, money+"/")
}
