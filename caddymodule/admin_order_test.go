package caddymodule

import (
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

func TestDurationsOfOrdersAreThoseOfACaddyfile(t *testing.T) {
	for _, text := range []string{"1d", "1.5d", "1d12h", "12h1d", "90m", ".5d", "1.d", "d", "1.2.3d", "-1d", "1", "0", "1dd", "1d2", "x1d", "1D", "1 d", "999999999d"} {
		want, wrong := caddy.ParseDuration(text)
		got, err := adminapi.ApproveOrder{For: text}.Lasts()
		if taken := wrong == nil && want > 0; taken != (err == nil) || taken && got != want {
			t.Errorf("%q is %s (%v), in a Caddyfile %s (%v)", text, got, err, want, wrong)
		}
	}
}
