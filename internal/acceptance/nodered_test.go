package acceptance

import (
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

const flows = "https://flows.example.com"

// deploy has Node-RED tell all editors something, over their WebSockets.
const deploy = `fetch("/flows", { method: "POST", headers: { "Content-Type": "application/json" }, body: "[]" }).then(r => r.status)`

func TestNodeREDTalksToItsEditorOverReloadsAndUntilTheSessionEnds(t *testing.T) {
	t.Parallel()
	app := testkit.StartNodeRED(t)
	g := startRecipe(t, "node-red.md", "", "localhost:1880", app.Address)
	var tab *tab
	t.Cleanup(func() { // between the end of the tab and that of the gate, see process.closeSockets
		await(t, "the WebSockets to be over", func() bool {
			return strings.Count(g.gate.Stderr.String(), `"status":101`) == tab.Sockets().Opened
		})
	})
	person := g.profile()
	tab = person.newTab()
	tab.expect("net::ERR_FAILED") // what is under way when the session ends is cut
	tab.expect("WebSocket connection to 'wss://flows.example.com/comms' failed")
	g.enter(tab, flows+"/", "alice@example.com")
	tab.awaitText("Deploy")
	// Caddy's own handler may not be in use when its configuration goes: that is a data race.
	await(t, "the editor to connect, and to have all of its page", func() bool {
		return tab.Sockets().Opened == 1 && tab.Sockets().Received > 0 && !tab.IsLoading()
	})
	tells := func() {
		t.Helper()
		before := tab.Sockets().Received
		if status, err := evaluate[int](tab, deploy); err != nil || status != 204 {
			t.Fatalf("deploying was answered %d (%v)", status, err)
		}
		await(t, "Node-RED to tell its editor", func() bool { return tab.Sockets().Received > before })
	}

	g.reload("allow alice@example.com", "allow alice@example.com bob@example.com")
	tells()
	if s := tab.Sockets(); s.Opened != 1 || s.Closed != 0 {
		t.Fatalf("a reload cuts the WebSocket: %+v", s)
	}

	g.endSessions("alice@example.com")
	await(t, "the WebSocket to end with the session", func() bool { return tab.Sockets().Closed > 0 })
	if took := g.logged(`"status":101`) - g.logged(`"msg":"ended"`); took > revocationTime.Seconds() {
		t.Errorf("the WebSocket ended %.1f s after the session", took)
	}
	tab.expect("401")
	await(t, "the editor to try again", func() bool { return tab.Sockets().Closed >= 3 })
	if s := tab.Sockets(); s.Opened != 1 {
		t.Errorf("the editor is connected without a session: %+v", s)
	}
	tab.awaitText("Lost connection to server")
	tab.awaitText("You were signed out.")
	tab.picture("node-red-signed-out")

	// The bar is there, by a script of the settings. The editor goes on with what is in it.
	tab.click("[role=alert] button")
	window := person.window()
	window.signInByCode(g.mail, "alice@example.com")
	window.awaitClosed()
	tab.awaitGone("You were signed out.")
	await(t, "the editor to connect again", func() bool { return tab.Sockets().Opened >= 2 })
	tells()
}
