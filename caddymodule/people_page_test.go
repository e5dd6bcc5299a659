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
