package main

import "testing"

func TestASymbolIsCountedForItsModule(t *testing.T) {
	const standard = "the standard library and the runtime"
	for symbol, want := range map[string]string{
		"github.com/redis/go-redis/v9.(*Client).Get":                                   "github.com/redis/go-redis",
		"github.com/redis/go-redis/v9/internal/pool.NewConn":                           "github.com/redis/go-redis",
		"type:*github.com/doorpost-auth/doorpost/internal/gate.Visit":                  "github.com/doorpost-auth/doorpost",
		"cel.dev/cel-go/common/stdlib.init.0":                                          "cel.dev/cel-go/common",
		"slices.SortFunc[go.shape.struct { github.com/redis/go-redis/v9.x string },x]": standard,
		"net/http.(*conn).serve":                                                       standard,
		"runtime.findfunctab":                                                          standard,
	} {
		if got := moduleOf(symbol); got != want {
			t.Errorf("%s counts for %s, want %s", symbol, got, want)
		}
	}
}
