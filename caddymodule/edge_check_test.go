package caddymodule

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// Caddy makes named routes in no order. Where a gate in one of them is the first handler of
// ours, it may come to the check of the server after that, or not at all.
func TestAGateInANamedRouteAloneIsCheckedWhenItStartsAtTheLatest(t *testing.T) {
	isolate(t)
	adapted, err := adapt("{\ndoorpost {\nstore memory\n}\n}\n&(gate) {\nroute {\nrespond open\ndoorpost {\nallow *\nurl https://app.example.com\n}\n}\n}\napp.example.com {\ninvoke gate\n}\nother.example.com {\nrespond x\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	const want = "Caddyfile:9: site https://app.example.com: respond answers every request before doorpost is reached"
	for range 1000 {
		var config *caddy.Config
		if err := json.Unmarshal(adapted, &config); err != nil {
			t.Fatal(err)
		}
		ctx, err := caddy.ProvisionContext(config)
		if err == nil {
			app, failed := ctx.App("doorpost")
			if failed != nil {
				t.Fatal(failed)
			}
			if err := app.(*App).Start(); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("it is started with %v, want %q", err, want)
			}
			return
		}
		if !strings.Contains(err.Error(), want) {
			t.Fatalf("it is refused with %v, want %q", err, want)
		}
	}
	t.Error("Caddy always came to the check: nothing is left for the start")
}

// The error routes of a subroute, which JSON may have, are guarded in a named route, too.
func TestTheErrorRoutesOfANamedRouteLetNobodyPastTheGate(t *testing.T) {
	g := bareGateway(t)
	g.address = "&(app) {\nroute {\nerror /x 404\n}\n}\nhttp://localhost:" + g.port
	g.site = "route {\ninvoke app\ninvoke app\ndoorpost {\nallow *\n}\n" + echo + "\n}"
	adapted, err := adapt(g.caddyfile())
	if err != nil {
		t.Fatal(err)
	}
	const named = `"named_routes":{"app":{"handle":[{"handler":"subroute",`
	if !bytes.Contains(adapted, []byte(named)) {
		t.Fatalf("the named route stands otherwise: %s", adapted)
	}
	adapted = bytes.Replace(adapted, []byte(named), []byte(named+`"errors":{"routes":[{"handle":[{"handler":"static_response","body":"REACHED user={http.request.header.Remote-User} "}]}]},`), 1)
	if err := caddy.Load(adapted, true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.stop)
	if status, body := g.send("GET /x HTTP/1.1", "Host: localhost:"+g.port); status != http.StatusNotFound || strings.Contains(body, "REACHED") {
		t.Errorf("somebody without a session gets %d %q", status, body)
	}
	b := g.newBrowser()
	b.signIn("alice@example.com")
	if got := b.get("/x"); !strings.Contains(got.body, "REACHED user=alice@example.com ") {
		t.Errorf("somebody who may enter gets %d %q", got.status, got.body)
	}
}
