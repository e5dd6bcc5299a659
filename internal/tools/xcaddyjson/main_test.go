package main

import (
	"os"
	"path/filepath"
	"testing"
)

const ours = "../../../xcaddy.json"

func TestOurBuildIsOneThatXcaddyUnderstands(t *testing.T) {
	builder, err := read(ours)
	if err != nil {
		t.Fatal(err)
	}
	if len(builder.Plugins) != 1 || builder.Plugins[0].PackagePath != "github.com/doorpost-auth/doorpost/caddymodule" {
		t.Errorf("the plugins are %v", builder.Plugins)
	}
	if len(builder.Replacements) != 1 {
		t.Fatalf("the replacements are %v", builder.Replacements)
	}
	checkout := builder.Replacements[0].New.String()
	if _, err := os.Stat(filepath.Join(checkout, "caddymodule")); err != nil || !filepath.IsAbs(checkout) {
		t.Errorf("%q is not the checkout: %v", checkout, err)
	}
}

func TestABuildWithWhatXcaddyDoesNotKnowIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "xcaddy.json")
	if err := os.WriteFile(file, []byte(`{"dependencies":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := read(file); err == nil {
		t.Error("it was accepted")
	}
}
