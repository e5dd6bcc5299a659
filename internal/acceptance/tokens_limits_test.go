package acceptance

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// stages are the instances of a gate.
func stages(d doorway) []*stage {
	if p, several := d.(*pair); several {
		return p.instances()
	}
	return []*stage{d.(*stage)}
}

// Each token has some of the limits, each request keeps to some of them: it passes if the
// token has none that it crosses.
func TestATokenIsGoodWithinItsLimitsOnly(t *testing.T) {
	limits := []struct{ flag, value, refused string }{
		{"--path", "/dav/*", "paths"}, {"--method", "PUT", "methods"}, {"--from", "192.0.2.0/24", "network"},
	}
	s := setup{options: noTokensInLogs + trustsLocal, site: "allow *@example.com\ntokens"}
	eachStore(t, s, func(t *testing.T, d doorway) {
		gates, ways := stages(d), []string{"Bearer", "Basic", "Doorpost-Token"}
		for has := range 1 << len(limits) {
			var flags []string
			for i, limit := range limits {
				if has>>i&1 == 1 {
					flags = append(flags, limit.flag, limit.value)
				}
			}
			made := gates[0].makes(fmt.Sprint("limited", has), flags...)
			for keeps := range 1 << len(limits) {
				path, method, from := "/other/x", "POST", "198.51.100.1"
				if keeps&1 != 0 {
					path = "/dav/x"
				}
				if keeps&2 != 0 {
					method = "PUT"
				}
				if keeps&4 != 0 {
					from = "192.0.2.77"
				}
				for _, g := range gates {
					a := g.curl().asks(ways[keeps%len(ways)], made.Token, method, path, "X-Forwarded-For", from)
					if crossed := has &^ keeps; crossed == 0 {
						a.echo(t).isService(t, made.Name, made.Token)
						continue
					}
					said, _ := a.isProblem(t, http.StatusForbidden)["detail"].(string)
					for i, limit := range limits {
						if has&^keeps>>i&1 == 1 && has&^keeps&(1<<i-1) == 0 && !strings.Contains(said, limit.refused) {
							t.Errorf("a token with %q is refused with %q for %s %s from %s", flags, said, method, path, from)
						}
					}
				}
			}
		}
	})
}

// What an app may read as another path, or as another method, is in no limit.
func TestLimitsOfATokenSeeWhatAnAppMayRead(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	const site, other = "allow *@example.com\ntokens", "http://other.localhost:"
	app := "reverse_proxy " + g.upstream.address
	g.configure(setup{options: noTokensInLogs, site: site, behind: app + "\n}\n" + other + g.port + " {\ndoorpost {\n" + site + "\n}\n" + app})
	g.run()
	made := g.makes("narrow", "--path", "/dav/*", "--path", "/health", "--method", "GET", "--method", "POST")
	header := "Authorization: Bearer " + made.Token + "\n"
	for _, path := range []string{"/dav/", "/dav/x", "/health", "/dav/x?to=/admin"} {
		g.mustRaw(g.line("GET", path, "")+header).echo(t).isService(t, "narrow", made.Token)
	}
	for _, path := range append(bypasses(), "/") {
		path, hits := strings.ReplaceAll(path, "public", "dav"), g.upstream.count()
		if a := g.mustRaw(g.line("GET", path, "") + header); g.upstream.count() != hits || a.status < 400 || a.status >= 500 {
			t.Errorf("GET %s with a token for /dav/* was answered %d", path, a.status)
		}
	}
	for _, lines := range []string{"X-HTTP-Method-Override: DELETE\n", "X-Method-Override: PUT\n", "X-HTTP-Method: PATCH\n"} {
		hits := g.upstream.count()
		if a := g.mustRaw(g.line("POST", "/dav/x", "") + header + lines + "Content-Length: 0\n"); g.upstream.count() != hits {
			t.Errorf("POST with %q was answered %d", lines, a.status)
		}
	}
	// At the other site it is good for nothing.
	there := newVisitor(t, other+g.port, "127.0.0.1:"+g.port)
	for way := range ways {
		if said := there.asks(way, made.Token, "GET", "/dav/x").isProblem(t, http.StatusForbidden); said["detail"] != "this token is for another site" {
			t.Errorf("at another site a program is told %v", said)
		}
	}
}
