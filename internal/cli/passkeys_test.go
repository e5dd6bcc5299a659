package cli

import (
	"strings"
	"testing"
)

func TestPasskeysAreToldInWordsAndToPrograms(t *testing.T) {
	const found = `{"address": "ada@example.com", "passkeys": [` +
		`{"id": "4b1f0c62a97d3e58", "name": "Firefox\u001b[31m, Linux", "rp_id": "example.com", "made": "2026-01-02T03:04:05Z", "last_used": "2026-01-03T03:04:05Z", "synced": true},` +
		`{"id": "9e02d7715cb8a340", "name": "", "rp_id": "example.org", "made": "2026-01-02T03:04:05Z"}]}`
	const left = `{"address": "ada@example.com", "passkeys": [{"id": "9e02d7715cb8a340"}], "app_passwords": [` +
		`{"id": "1hlRl6CajEX", "name": "Calendar\u001b[31m"}, {"id": "5Qw0Zr81kPd", "name": "Mail"}]}`
	f := &fakeCaddy{answers: map[string]string{
		`POST /doorpost/passkeys/list {"address":"ada@example.com"}`:                           found,
		`POST /doorpost/passkeys/list {"address":"bob@example.com"}`:                           `{"address": "bob@example.com", "passkeys": []}`,
		`POST /doorpost/passkeys/remove {"address":"ada@example.com","id":"9e02d7715cb8a340"}`: left,
		`POST /doorpost/passkeys/reset {"address":"ada@example.com"}`:                          found,
		`POST /doorpost/passkeys/reset {"address":"bob@example.com"}`:                          `{"address": "bob@example.com", "passkeys": [], "app_passwords": [{"id": "1hlRl6CajEX", "name": "Mail"}]}`,
	}}
	for arguments, want := range map[string][]string{
		"passkeys list ada@example.com":                    {"LAST USE", "yes", "4b1f0c62a97d3e58", "example.com", "Linux", "no", "9e02d7715cb8a340", "example.org"},
		"passkeys list ada@example.com --json":             {`"id": "4b1f0c62a97d3e58"`, `"synced": true`},
		"passkeys list bob@example.com":                    {"bob@example.com has no passkeys."},
		"passkeys list bob@example.com --json":             {"[]"},
		"passkeys remove ada@example.com 9e02d7715cb8a340": {"have ended", "sessions end ada@example.com", "that go on to work: 2.", "tokens end 1hlRl6CajEX", "tokens end 5Qw0Zr81kPd  # Mail"},
		"passkeys reset ada@example.com":                   {"Passkeys of ada@example.com that are removed: 2."},
		"passkeys reset ada@example.com --json":            {`"address": "ada@example.com"`},
		"passkeys reset bob@example.com":                   {"has no passkeys", "tokens end 1hlRl6CajEX  # Mail"},
	} {
		got := f.run(strings.Fields(arguments)...)
		if f.exitCode != 0 || f.err != nil || strings.Contains(got, "\x1b") {
			t.Errorf("%s ends with %d and prints %q (%v)", arguments, f.exitCode, got, f.err)
		}
		for _, words := range want {
			if !strings.Contains(got, words) {
				t.Errorf("%s prints %q, want %q in it", arguments, got, words)
			}
		}
	}
	for arguments, code := range map[string]int{
		"passkeys": 2, "passkeys list": 2, "passkeys list nobody": 2, "passkeys remove ada@example.com": 2,
		"passkeys remove ada@example.com 4b1f0c62a97d3e58": 1, "passkeys reset carol@example.com": 1,
	} {
		if f.run(strings.Fields(arguments)...); f.exitCode != code {
			t.Errorf("%s ends with %d, want %d", arguments, f.exitCode, code)
		}
	}
}
