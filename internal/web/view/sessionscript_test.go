package view_test

import (
	"bytes"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/text"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

func TestTheScriptForAppsIsSmallInEveryLanguage(t *testing.T) {
	languages, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, tag := range []string{"en", "ar", "de", "es", "fr", "he", "it", "ja", "nl", "pl", "pt", "zh-Hans"} {
		lang := languages.Match(tag)
		script := view.SessionScript(lang)
		seen[string(script)] = true
		if len(script) > 2048 {
			t.Errorf("%s: it has %d bytes, want at most 2048", tag, len(script))
		}
		if !bytes.Contains(script, []byte(lang.Say("renew.signed_out"))) || bytes.Contains(script, []byte("SIGNED_OUT")) || bytes.Contains(script, []byte("GO_ON")) {
			t.Errorf("%s: its words are missing: %s", tag, script)
		}
	}
	if len(seen) != 12 {
		t.Errorf("there are %d scripts for twelve languages", len(seen))
	}
}
