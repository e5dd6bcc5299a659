package acceptance

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestWhyTellsWhichRuleDecidesAndEndsWithIt(t *testing.T) {
	t.Parallel()
	g := start(t, setup{
		global: "group staff carol@corp.example\ngroup admins",
		site:   "allow group:staff *@example.com\ndeny eve@example.com\npublic /health",
		behind: "doorpost /admin/* {\nallow group:admins\nask owner@example.com\n}\nrespond hello",
	})
	g.succeeds("users", "add", "ann@elsewhere.example", "--group", "staff")
	g.succeeds("users", "add", "dan@example.com")
	g.succeeds("users", "disable", "dan@example.com")
	for _, c := range []struct {
		who, path, result string
		code              int
		out, err          string
	}{
		{"ada@example.com", "", "admitted", 0, "allow *@example.com covers them\n  -> lets in", ""},
		{"carol@corp.example", "/x?y=1", "admitted", 0, "they are in staff by the configuration", ""},
		{"ann@elsewhere.example", "/", "admitted", 0, "they are in staff by the store", ""},
		{"x@elsewhere.example", "/health", "public", 0, "Public: no block needs a session", ""},
		{"x@elsewhere.example", "/_doorpost/account", "public", 0, "Public: a page of Doorpost's own", ""},
		{"x@elsewhere.example", "/", "refused", 1, "Not known so far", "block 1: nothing in allow covers them: allow group:staff *@example.com"},
		{"eve@example.com", "/", "refused", 1, "deny wins", "block 1: deny eve@example.com covers them"},
		{"dan@example.com", "/", "refused", 1, "doorpost users enable dan@example.com", "not let in: dan@example.com is disabled"},
		{"ada@example.com", "/admin/", "refused", 1, "requests that match path /admin/*", "they may ask the owners to be let in"},
	} {
		code, out, errors := g.command("why", c.who, g.origin+c.path, "--address", g.admin)
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(errors, c.err) || (errors == "") != (c.err == "") {
			t.Errorf("why %s %s ended with %d:\n%s%s\nwant %d, %q, %q", c.who, c.path, code, out, errors, c.code, c.out, c.err)
		}
		code, out, _ = g.command("why", c.who, g.origin+c.path, "--json", "--address", g.admin)
		var said struct {
			Result string
			Blocks []struct {
				Admits bool
				Needed bool `json:"session_needed"`
			}
		}
		if err := json.Unmarshal([]byte(out), &said); err != nil || code != c.code || said.Result != c.result || len(said.Blocks) != 2 {
			t.Errorf("why %s %s --json ended with %d: %s", c.who, c.path, code, out)
		}
	}
	g.fails("there are: "+g.origin, "why", "ada@example.com", "https://elsewhere.example/")
	g.misuses("https://app.example.com/page", "why", "ada@example.com", "/path")
}
