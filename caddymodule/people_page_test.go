package caddymodule

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

func TestThePeoplePageIsServedWhereABlockOfTheSiteSaysSo(t *testing.T) {
	for blocks, want := range map[string]int{
		"doorpost {\nallow *\n}":                                      http.StatusNotFound,
		"doorpost {\nallow *\npeople\n}":                              http.StatusUnauthorized,
		"doorpost {\nallow *\n}\ndoorpost /x/* {\nallow *\npeople\n}": http.StatusUnauthorized,
	} {
		g := newGateway(t, "", blocks)
		for _, method := range []string{"GET", "POST"} {
			lines := []string{method + " /_doorpost/people HTTP/1.1", "Host: localhost:" + g.port, "Origin: " + g.origin(), "Content-Type: application/x-www-form-urlencoded"}
			if status, body := g.send(lines...); status != want {
				t.Errorf("with %q %s is answered %d, want %d: %s", blocks, method, status, want, body)
			}
		}
	}
}

func TestAdminsWithoutAPageAreToldOf(t *testing.T) {
	const options, admins = "doorpost {\nstore memory\nmailer console\n}\n", "admins alice@example.com\n}\n"
	for _, c := range []struct {
		options, people string
		want            int
	}{
		{options, "", 0}, {options, "people", 0},
		{strings.Replace(options, "}\n", admins, 1), "people", 0}, {strings.Replace(options, "}\n", admins, 1), "", 1},
	} {
		g := newGateway(t, c.options, "doorpost {\nallow *\n}\ndoorpost /x/* {\nallow *\n"+c.people+"\n}")
		if got := strings.Count(g.logged(), "admins: no site says people"); got != c.want {
			t.Errorf("%s%q: a server that starts says it %d times, want %d", c.options, c.people, got, c.want)
		}
		advice := g.app().advice()
		told := slices.ContainsFunc(advice, func(f adminapi.Finding) bool {
			return f.Check == "admins" && f.Result == adminapi.Warning && strings.Contains(f.Advice, "add the line people")
		})
		if told != (c.want > 0) {
			t.Errorf("%s%q: doctor finds %+v", c.options, c.people, advice)
		}
	}
}

func TestAPageOfThePeopleThatThePortalHasIsToldOf(t *testing.T) {
	isolate(t)
	for _, portal := range []string{"", "portal https://login.example.com"} {
		for _, first := range []string{"", "people"} {
			for _, second := range []string{"", "people"} {
				source := "{\ndoorpost {\n" + portal + "\n}\n}\napp.example.com {\ndoorpost {\nallow *\n" + first + "\n}\ndoorpost /x {\nallow *\n" + second + "\n}\n}\n"
				if portal != "" {
					source += "login.example.com {\ndoorpost_portal\n}\n"
				}
				var got, want []string
				for line, option := range map[string]string{"Caddyfile:9": first, "Caddyfile:13": second} {
					if portal != "" && option != "" {
						want = append(want, line)
					}
				}
				for _, f := range provisionedApp(t, source).advice() {
					if strings.Contains(f.Found, "people has no effect") && strings.Contains(f.Found, "https://login.example.com/_doorpost/people") {
						got = append(got, f.Where)
					}
				}
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("%s\nwarns at %q, want %q", source, got, want)
				}
			}
		}
	}
}

func TestAnOwnerWhoCanMakeNoPasskeyIsToldOf(t *testing.T) {
	isolate(t)
	const all, one = "allow owner@example.com", "allow ada@example.com"
	for _, c := range []struct {
		portal, bank, club string // the last is what its block says beside ask
		want               bool
	}{
		{"", one, "require passkey\n" + one, true}, {"", all, "require passkey\n" + one, true},
		{"", one, "require passkey\n" + all, false}, {"", one, "require passkey\nallow group:staff", false}, {"", one, one, false},
		{"portal https://login.example.com", one, one, true}, {"portal https://login.example.com", all, one, false},
		{"session {\ncookie_domain example.com\n}", one, one, true}, {"session {\ncookie_domain example.com\n}", all, one, false},
	} {
		source := "{\ndoorpost {\ngroup staff bob@example.com\n" + c.portal + "\n}\n}\nbank.example.com {\ndoorpost {\nrequire passkey\n" + c.bank + "\n}\n}\nclub.example.com {\ndoorpost {\nask Owner@example.com\n" + c.club + "\n}\n}\n"
		if strings.HasPrefix(c.portal, "portal") {
			source += "login.example.com {\ndoorpost_portal\n}\n"
		}
		told := slices.ContainsFunc(provisionedApp(t, source).advice(), func(f adminapi.Finding) bool {
			return f.Check == "site https://club.example.com" && strings.HasPrefix(f.Found, "ask: owner@example.com may not sign in") && f.Result == adminapi.Warning
		})
		if told != c.want {
			t.Errorf("%s\nwarns: %v, want %v", source, told, c.want)
		}
	}
}
