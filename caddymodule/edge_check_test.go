package caddymodule

import (
	"encoding/json"
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
	const want = "Caddyfile:9: site without a host: respond answers every request before doorpost is reached"
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
