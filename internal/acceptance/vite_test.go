package acceptance

import (
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func TestAPageOfViteShowsThatTheSessionHasEndedAndGoesOn(t *testing.T) {
	t.Parallel()
	app := testkit.StartVite(t)
	g := startRecipe(t, "vite.md", "", "localhost:5173", app.Address)
	person := g.profile()
	tab := person.newTab()
	tab.expect("401")
	tab.expect("WebSocket connection to 'wss://dev.example.com/")
	g.enter(tab, "https://dev.example.com/", "alice@example.com")
	tab.awaitText("Vite shows one")
	await(t, "the page to connect", func() bool { return tab.Sockets().Received > 0 })
	app.WriteViteModule(t, "two")
	tab.awaitText("Vite shows two") // by its WebSocket

	before := tab.Sockets().Received
	g.endSessions("alice@example.com")
	tab.awaitText("You were signed out.")
	app.WriteViteModule(t, "three")
	tab.picture("vite-signed-out")
	tab.click("[role=alert] button")
	window := person.window()
	window.signInByCode(g.mail, "alice@example.com")
	window.awaitClosed()
	tab.awaitGone("You were signed out.")
	tab.awaitText("Vite shows three")
	await(t, "the page to connect again", func() bool { return tab.Sockets().Received > before })
	app.WriteViteModule(t, "four")
	tab.awaitText("Vite shows four")
}
