package caddymodule

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

// atHome is a gateway with the second Caddyfile of the recipe, in which this machine is the
// trusted proxy, with other lines if they are given in pairs.
func atHome(t *testing.T, others ...string) *gateway {
	t.Helper()
	page, err := os.ReadFile("../docs/recipes/no-sign-in-at-home.md")
	if err != nil {
		t.Fatal(err)
	}
	found := caddyfileBlock.FindAllStringSubmatch(string(page), -1)
	if len(found) != 2 {
		t.Fatalf("the recipe has %d Caddyfiles", len(found))
	}
	pairs := append(others, "192.168.1.2\n", "127.0.0.1\n", "\turl https://app.example.com\n", "",
		"reverse_proxy localhost:3000", `respond "hello {header.Remote-User}{header.Remote_User}{header.Cookie}"`)
	source := found[1][1]
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(source, pairs[i]) {
			t.Fatalf("the recipe does not have %q:\n%s", pairs[i], source)
		}
		source = strings.ReplaceAll(source, pairs[i], pairs[i+1])
	}
	options, site, _ := strings.Cut(strings.TrimPrefix(source, "{\n"), "\n}\n")
	_, site, _ = strings.Cut(site, "{\n")
	return newGateway(t, options+"\n", strings.TrimSuffix(site, "}\n"))
}

func TestNobodySignsInAtHomeAndEverybodyElseDoes(t *testing.T) {
	g := atHome(t)
	forged := []string{"Remote-User", "root@example.com", "Remote_User", "root@example.com", "Cookie", "doorpost=forged"}
	from := func(chain string) answer {
		return g.newBrowser().get("/x", append(forged, "X-Forwarded-For", chain)...)
	}
	for _, home := range []string{"192.168.1.7", "2001:db8:1:2::7", "203.0.113.9, 192.168.1.7"} {
		expectBody(t, home, from(home), "hello ")
	}
	for _, outside := range []string{
		"203.0.113.9", "2001:db8:1:3::7", "192.168.2.7", "10.0.0.1",
		"192.168.1.7, 203.0.113.9", "192.168.1.7, 2001:db8::1", "127.0.0.1, 203.0.113.9", // what the visitor wrote, and what the proxy added
		"nonsense",
	} {
		if got := from(outside); got.status != http.StatusSeeOther || strings.Contains(got.body, "hello") {
			t.Errorf("from %s the answer is %d %s", outside, got.status, got.body)
		}
	}
	if got := g.newBrowser().get("/x", forged...); got.status != http.StatusSeeOther {
		t.Errorf("of the proxy itself the answer is %d %s", got.status, got.body)
	}

	alice := g.newBrowser()
	alice.signIn("alice@example.com")
	expectBody(t, "who is signed in, outside", alice.get("/x", "X-Forwarded-For", "203.0.113.9"), "hello alice@example.com")
	expectBody(t, "who is signed in, at home", alice.get("/x", "X-Forwarded-For", "192.168.1.7"), "hello alice@example.com")
}

// What the recipe warns of is so.
func TestAtHomeIsEverywhereWhereTheRecipeSaysSo(t *testing.T) {
	for what, others := range map[string][]string{
		"without trusted_proxies_strict": {"\t\ttrusted_proxies_strict\n", ""},
		"with remote_ip":                 {"client_ip 192.168.1.0/24", "remote_ip 192.168.1.0/24 127.0.0.1"},
	} {
		t.Run(what, func(t *testing.T) {
			got := atHome(t, others...).newBrowser().get("/x", "X-Forwarded-For", "192.168.1.7, 203.0.113.9")
			expectBody(t, "a visitor who writes an address", got, "hello ")
		})
	}
}
