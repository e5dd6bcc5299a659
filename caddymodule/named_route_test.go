package caddymodule

import (
	"strings"
	"testing"
)

// Caddy keeps the first handler only of directives that it makes one route of in a named
// route: a gate must not be lost there, whatever stands beside it.
func TestNoGateIsLostInANamedRoute(t *testing.T) {
	isolate(t)
	const gate = "doorpost {\nallow *\nurl https://app.example.com\n}\n"
	matched := strings.Replace(gate, "doorpost", "doorpost @some", 1) + "@some path /x\n"
	for _, beside := range []string{
		"", "header X-A b\n", "root * /srv\n", "root /srv\n", "vars a b\n", "map {host} {x} {\ndefault 1\n}\n", "log_append a b\n", "log_name a\n", "request_body {\nmax_size 1MB\n}\n", "tracing\n", "encode\n",
		"templates\n", "request_header X-A b\n", "uri strip_prefix /a\n", "rewrite * /a\n", "redir /a /b\n", "respond ok\n", "reverse_proxy localhost:1\n", "file_server\n", "invoke other\n",
		"basic_auth {\nbob $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG\n}\n", "forward_auth localhost:1 {\nuri /\n}\n", "handle {\nrespond ok\n}\n", "route {\nrespond ok\n}\n",
	} {
		for inside, gates := range map[string]int{ // -1: refused
			beside + gate: 1, gate + beside: 1, beside + matched: 1, beside + gate + gate: 2, matched + beside + gate: 2,
			"handle /y {\nrespond y\n}\ninvoke /z other\nhandle {\n" + beside + gate + "}\n": 1,
			"@some path /x\n" + beside + "handle @some {\n" + beside + gate + "}\n":          1,
			beside + "handle {\n" + beside + gate + "}\n":                                    1 - 2*min(1, len(beside)),
			"route {\n" + beside + gate + "}\n" + gate:                                       -1, "route {\n" + beside + gate + gate + "}\n": 2, "doorpost_portal\n" + beside: 0,
		} {
			portals := strings.Count(inside, portalHandler)
			adapted, err := adapt("&(other) {\nrespond other\n}\n&(gate) {\n" + inside + "}\napp.example.com {\ninvoke gate\n}\n")
			if refused := err != nil && strings.Contains(err.Error(), "in a named route Caddy keeps only the first"); refused != (gates < 0) || err != nil && !refused {
				t.Errorf("%v, want %d gates of\n%s", err, gates, inside)
			}
			if err != nil {
				continue
			}
			if got := strings.Count(string(adapted), `"handler":"doorpost"`); got != gates {
				t.Errorf("of %d gates %d are left in\n%s", gates, got, inside)
			}
			if got := strings.Count(string(adapted), `"handler":"doorpost_portal"`); got != portals {
				t.Errorf("of %d portals %d are left in\n%s", portals, got, inside)
			}
		}
	}
}

// JSON may have an invoke straight in a route of the server. What the error says is to be done
// about it helps.
func TestAnInvokeStraightInARouteOfTheServerIsRefusedWithWhatToDo(t *testing.T) {
	isolate(t)
	for _, host := range []string{"", `"match":[{"host":["app.example.com"]}],`} {
		for _, before := range []string{"", `{"handler":"headers"},`, `{"handler":"encode"},`} {
			for _, gate := range []string{`{"handler":"doorpost","allow":["*"],"url":"https://app.example.com"}`, `{"handler":"subroute","routes":[{"handle":[{"handler":"doorpost","allow":["*"],"url":"https://app.example.com"}]}]}`} {
				load := func(handlers string) error {
					return validateJSON([]byte(`{"apps":{"doorpost":{"store":{"module":"memory"}},"http":{"servers":{"s":{"listen":[":443"],"named_routes":{"gate":{"handle":[` + gate + `]}},"routes":[{` + host + `"handle":[` + handlers + `]}]}}}}}`))
				}
				handlers := before + `{"handler":"invoke","name":"gate"}`
				if err := load(handlers); err == nil || !strings.Contains(err.Error(), "in JSON put the handlers of that route into a subroute") {
					t.Errorf("%s is refused with %v", handlers, err)
				}
				if err := load(`{"handler":"subroute","routes":[{"handle":[` + handlers + `]}]}`); err != nil {
					t.Errorf("%s in a subroute is refused with %v", handlers, err)
				}
			}
		}
	}
}

// Caddy loses an invoke in a named route in the same way, and JSON may have none at all.
func TestAGateThatNothingInvokesIsRefused(t *testing.T) {
	isolate(t)
	const gate = "&(gate) {\ndoorpost {\nallow *\nurl https://app.example.com\n}\n}\n"
	for source, refused := range map[string]bool{
		gate + "&(outer) {\nheader X-A b\ninvoke gate\n}\napp.example.com {\ninvoke outer\nrespond ok\n}\n":             true,
		gate + "&(outer) {\nroute {\nheader X-A b\ninvoke gate\n}\n}\napp.example.com {\ninvoke outer\nrespond ok\n}\n": false,
		gate + "&(outer) {\nheader X-A b\ninvoke /x gate\n}\napp.example.com {\ninvoke outer\nrespond ok\n}\n":          false,
		gate + "app.example.com {\nhandle_errors {\ninvoke gate\n}\ninvoke gate\nrespond ok\n}\n":                       false,
	} {
		app, err := provisioned(t, source)
		if err == nil {
			err = app.rest()
		}
		if told := err != nil && strings.Contains(err.Error(), "doorpost stands in the named route gate, which nothing invokes"); told != refused {
			t.Errorf("%v, want it refused: %v\n%s", err, refused, source)
		}
	}
}
