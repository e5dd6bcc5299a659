package caddymodule

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestOurErrorsComeWithoutWhatCaddyWrapsAroundThem(t *testing.T) {
	isolate(t)
	for source, begins := range map[string]string{
		"app.example.com {\ndoorpost {\nallow group:nobody\n}\n}":                                          "Caddyfile:3: site app.example.com: allow: there is no group",
		"app.example.com {\ndoorpost {\nallow nobody\n}\n}":                                                `Caddyfile:3: allow: "nobody" must be`,
		"{\ndoorpost {\nsecret {env.NO_SUCH_VARIABLE}\n}\n}\napp.example.com {\ndoorpost {\nallow *\n}\n}": "Caddyfile:3: secret",
	} {
		err := validate(source)
		if err == nil {
			t.Fatalf("%s is valid", source)
		}
		for _, wrapped := range []error{err, errors.New("sending configuration to instance: caddy responded with error: HTTP 400: " + string(mustJSON(t, map[string]string{"error": "loading config: " + err.Error()})))} {
			if words, ours := ourWords(wrapped); !ours || !strings.HasPrefix(words.Error(), begins) || strings.Contains(words.Error(), `\"`) {
				t.Errorf("%v is told as %q, want %q first", wrapped, words, begins)
			}
		}
	}
	others := errors.New("loading config: loading http app module: provision http: getting tls app: no")
	if words, ours := ourWords(others); ours || words != others {
		t.Errorf("an error of Caddy's own is told as %q", words)
	}
}

func mustJSON(t *testing.T, value any) []byte {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}
