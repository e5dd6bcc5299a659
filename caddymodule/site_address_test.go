package caddymodule

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// provisionedApp provisions a Caddyfile without starting it and returns the app.
func provisionedApp(t *testing.T, source string) *App {
	t.Helper()
	app, err := provisioned(t, source)
	if err == nil {
		err = app.rest() // as Start does
	}
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// provisioned is the app of a Caddyfile, or what it is refused with.
func provisioned(t *testing.T, source string) (*App, error) {
	t.Helper()
	adapted, err := adapt(source)
	if err != nil {
		t.Fatal(err)
	}
	var config *caddy.Config
	if err := json.Unmarshal(adapted, &config); err != nil {
		t.Fatal(err)
	}
	ctx, err := caddy.ProvisionContext(config)
	if err != nil {
		return nil, err
	}
	app, err := ctx.App("doorpost")
	if err != nil {
		return nil, err
	}
	return app.(*App), nil
}

// sitesOf describes each site of an app: its origins and how many blocks it has.
func sitesOf(a *App) []string {
	var sites []string
	for _, s := range a.sites {
		var origins []string
		for _, origin := range s.origins.All() {
			origins = append(origins, origin.String())
		}
		slices.Sort(origins)
		sites = append(sites, fmt.Sprintf("%s x%d", strings.Join(origins, " "), len(s.handlers)))
	}
	slices.Sort(sites)
	return sites
}

const gated = "doorpost {\n allow *\n }\n"

func TestTheOriginsOfASiteAreReadOffItsAddress(t *testing.T) {
	isolate(t)
	gatedAt := func(url string) string { return "doorpost {\n allow *\n url " + url + "\n }\n" }
	for name, c := range map[string]struct {
		caddyfile string
		want      []string
	}{
		"a name": {"app.example.com {\n" + gated + "}", []string{"https://app.example.com x1"}},
		"several names": {
			"app.example.com, www.example.com {\n" + gated + "}", []string{"https://app.example.com https://www.example.com x1"},
		},
		"upper case":             {"App.Example.COM {\n" + gated + "}", []string{"https://app.example.com x1"}},
		"a port":                 {"app.example.com:8443 {\n" + gated + "}", []string{"https://app.example.com:8443 x1"}},
		"a name on two ports":    {"app.example.com, app.example.com:8443 {\n" + gated + "}", []string{"https://app.example.com x1", "https://app.example.com:8443 x1"}},
		"https_port":             {"{\n https_port 8443\n}\napp.example.com {\n" + gated + "}", []string{"https://app.example.com https://app.example.com:8443 x1"}},
		"http_port":              {"{\n http_port 8080\n}\nhttp://localhost {\n" + gated + "}", []string{"http://localhost http://localhost:8080 x1"}},
		"loopback over https":    {"localhost {\n" + gated + "}", []string{"https://localhost x1"}},
		"loopback over http":     {"http://localhost:8080 {\n" + gated + "}", []string{"http://localhost:8080 x1"}},
		"a loopback address":     {"http://127.0.0.1:8080 {\n" + gated + "}", []string{"http://127.0.0.1:8080 x1"}},
		"an IPv6 loopback":       {"http://[::1]:8080 {\n" + gated + "}", []string{"http://[::1]:8080 x1"}},
		"loopback, both schemes": {"http://localhost:8080, https://localhost:8443 {\n" + gated + "}", []string{"http://localhost:8080 x1", "https://localhost:8443 x1"}},
		"bound to two addresses": {"app.example.com {\n bind 127.0.0.1 [::1]\n" + gated + "}", []string{"https://app.example.com x1"}},
		"an international name": {
			"App.Bücher.example, http://behind.bücher.example:8080 {\n" + gatedAt("https://behind.BÜCHER.example") + "}\nwiki.bücher.example {\n" + gated + "}",
			[]string{"https://behind.xn--bcher-kva.example x1", "https://behind.xn--bcher-kva.example x1", "https://wiki.xn--bcher-kva.example x1"},
		},
		"behind a proxy that speaks TLS": {
			"http://app.example.com:8080 {\n" + gatedAt("https://app.example.com") + "}", []string{"https://app.example.com x1"},
		},
		"a catch-all with url": {":8080 {\n" + gatedAt("https://app.example.com") + "}", []string{"https://app.example.com x1"}},
		"a catch-all with two blocks, url in the first": {
			":8080 {\n doorpost /a/* {\n allow *\n url https://app.example.com\n }\n doorpost /b/* {\n allow *\n }\n}", []string{"https://app.example.com x2"},
		},
		"url in the second block": {
			"app.example.com {\n doorpost /a/* {\n allow *\n }\n doorpost /b/* {\n allow *\n url https://www.example.com\n }\n}", []string{"https://www.example.com x2"},
		},
		"a wildcard with url": {"*.example.com {\n" + gatedAt("https://app.example.com") + "}", []string{"https://app.example.com x1"}},
		"a wildcard with a host inside": {
			"*.example.com {\n @a host a.example.com\n handle @a {\n" + gated + "}\n @b host b.example.com\n handle @b {\n" + gated + "}\n}",
			[]string{"https://a.example.com x1", "https://b.example.com x1"},
		},
		"a catch-all with a host inside": {
			":443 {\n tls internal\n @a host a.example.com\n handle @a {\n" + gated + "}\n}", []string{"https://a.example.com x1"},
		},
		"two sites": {
			"a.example.com {\n" + gated + "}\nb.example.com {\n" + gated + "}", []string{"https://a.example.com x1", "https://b.example.com x1"},
		},
		"the second of two sites": {
			"a.example.com {\n respond hello\n}\nb.example.com {\n" + gated + "}", []string{"https://b.example.com x1"},
		},
		"two blocks": {"app.example.com {\n doorpost /a/* {\n allow *\n }\n doorpost /b/* {\n allow *\n }\n}", []string{"https://app.example.com x2"}},
		"nested": {
			"app.example.com {\n handle /a/* {\n" + gated + "}\n handle_path /b/* {\n route {\n" + gated + "}\n }\n route /c/* {\n handle {\n" + gated + "}\n }\n}",
			[]string{"https://app.example.com x3"},
		},
		"behind other handlers": {
			"app.example.com {\n root /srv\n header X-A b\n handle /a/* {\n respond a\n }\n handle {\n rewrite /x /y\n" + gated + "file_server\n }\n}",
			[]string{"https://app.example.com x1"},
		},
		"handle_errors": {
			"app.example.com {\n" + gated + "handle_errors {\n" + gated + "}\n}\nb.example.com {\n respond b\n}",
			[]string{"https://app.example.com x2"},
		},
		"handle_errors of the second of two sites": {
			"a.example.com {\n" + gated + "}\nb.example.com {\n" + gated + "handle_errors {\n" + gated + "}\n}",
			[]string{"https://a.example.com x1", "https://b.example.com x2"},
		},
		"handle_errors alone": {
			"a.example.com {\n" + gated + "}\nb.example.com {\n handle_errors {\n" + gated + "}\n}",
			[]string{"https://a.example.com x1", "https://b.example.com x1"},
		},
		"an IPv6 loopback on its own port": {"http://[::1] {\n" + gated + "}", []string{"http://[::1] x1"}},
		"a snippet": {
			"(gated) {\n" + gated + "}\na.example.com {\n import gated\n}\nb.example.com {\n import gated\n}",
			[]string{"https://a.example.com x1", "https://b.example.com x1"},
		},
		"a named route with url": {
			"&(gate) {\n" + gatedAt("https://app.example.com") + "}\napp.example.com {\n invoke gate\n}\nb.example.com {\n respond b\n}", []string{"https://app.example.com x1"},
		},
		"two named routes with url": {
			"&(a) {\n" + gatedAt("https://a.example.com") + "}\n&(b) {\n" + gatedAt("https://b.example.com") + "}\na.example.com {\n invoke a\n}\nb.example.com {\n invoke b\n}",
			[]string{"https://a.example.com x1", "https://b.example.com x1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := sitesOf(provisionedApp(t, c.caddyfile)); !slices.Equal(got, c.want) {
				t.Errorf("the sites are %q, want %q", got, c.want)
			}
		})
	}
}

func TestASiteBehindHTTPSPortIsNamedOnce(t *testing.T) {
	isolate(t)
	a := provisionedApp(t, "{\n https_port 8443\n http_port 8080\n}\napp.example.com, www.example.com {\n"+gated+"}\nhttp://localhost {\n"+gated+"}")
	if got, want := a.originList(), "http://localhost:8080, https://app.example.com:8443, https://www.example.com:8443"; got != want {
		t.Errorf("the origins are %s, want %s", got, want)
	}
	if found := a.adviseOnSites(); len(found) != 3 {
		t.Errorf("doctor says of three sites %q", found)
	}
}
