package cli

import (
	"strings"
	"testing"
)

func TestTokensAreToldInWordsAndToPrograms(t *testing.T) {
	const (
		secret = "dpst_secret\n"
		id     = "5Qw0Zr81kPd"
		made   = `{"id": "5Qw0Zr81kPd", "token": "dpst_secret", "name": "backup", "sites": ["https://files.example.com"], "paths": [], "methods": [], "networks": [], "groups": [], "made": "2026-01-02T03:04:05Z", "expires": "2026-04-02T03:04:05Z", "used_from": []}`
		one    = `{"id": "5Qw0Zr81kPd", "name": "bac\u001b[31mkup", "owner": "ada@example.com", "sites": ["https://a.example.com", "https://b.example.com"], "paths": ["/dav/*"], "methods": ["GET"], "networks": ["192.0.2.0/24"], "groups": ["robots"], "made": "2026-01-02T03:04:05Z", "rotated": "2026-01-03T03:04:05Z", "expires": "2026-04-02T03:04:05Z", "former_until": "2026-01-04T03:04:05Z", "last_used": "2026-01-05T03:00:00Z", "used_from": ["192.0.2.0/24", "2001:db8::/48"]}`
		two    = `{"id": "6Rx1As92lQe", "name": "ci", "sites": ["https://a.example.com"], "paths": [], "methods": [], "networks": [], "groups": [], "made": "2026-01-02T03:04:05Z", "used_from": []}`
	)
	rotated := strings.Replace(made, `"expires"`, `"former_until": "2026-01-04T03:04:05Z", "expires"`, 1)
	f := &fakeCaddy{answers: map[string]string{
		`POST /doorpost/tokens/create {"name":"backup","sites":["https://files.example.com"]}`:                                                                                                                              made,
		`POST /doorpost/tokens/create {"name":"ci","sites":["https://a.example.com","https://b.example.com"],"paths":["/a/*","/b"],"methods":["GET","POST"],"networks":["192.0.2.0/24"],"groups":["robots"],"for":"never"}`: strings.Replace(made, `"expires": "2026-04-02T03:04:05Z", `, "", 1),
		`GET /doorpost/tokens?limit=100`:                           `{"tokens": [` + one + `,` + two + `]}`,
		`GET /doorpost/tokens?from=` + id + `&limit=100`:           `{"tokens": []}`,
		`GET /doorpost/tokens?limit=500`:                           `{"tokens": [` + one + `], "next": "5Qw0Zr81kPd"}`,
		`GET /doorpost/tokens?from=5Qw0Zr81kPd&limit=500`:          `{"tokens": [` + two + `]}`,
		`GET /doorpost/tokens/` + id:                               one,
		`GET /doorpost/tokens/6Rx1As92lQe`:                         two,
		`POST /doorpost/tokens/` + id + `/rotate {}`:               rotated,
		`POST /doorpost/tokens/` + id + `/rotate {"overlap":"0s"}`: made,
		`POST /doorpost/tokens/` + id + `/end`:                     one,
		`POST /doorpost/tokens/1hlRl6CajEX/end`:                    one,
	}}
	for arguments, want := range map[string][]string{
		"tokens create backup --site https://files.example.com": {secret, "shown this once", "2026-04-02 03:04:05 UTC", "tokens end " + id},
		"tokens create ci --site https://a.example.com --site https://b.example.com --path /a/* --path /b --method GET --method POST --from 192.0.2.0/24 --group robots --for never": {secret, "until it is ended"},
		"tokens create backup --site https://files.example.com --json": {`"id": "` + id + `"`, `"token": "dpst_secret"`},
		"tokens list":                                             {"LAST USE", "ENDS IN", id, "kup", "ada@example.com", "https://a.example.com https://b.example.com", "GET /dav/* 192.0.2.0/24", "6Rx1As92lQe", "never"},
		"tokens list --json":                                      {"[", `"id": "6Rx1As92lQe"`},
		"tokens list --after " + id:                               {"There are no tokens."},
		"tokens list --all --json":                                {`"id": "5Qw0Zr81kPd"`, `"id": "6Rx1As92lQe"`},
		"tokens show " + id:                                       {"ada@example.com", "/dav/*", "GET", "robots", "2026-04-02", "the text before is good until 2026-01-04 03:04:05 UTC", "2026-01-05 03:00:00 UTC, to the hour", "192.0.2.0/24, 2001:db8::/48"},
		"tokens show 6Rx1As92lQe":                                 {"ci", "it is ended", "never"},
		"tokens show " + id + " --json":                           {`"former_until"`},
		"tokens rotate " + id:                                     {secret, "until 2026-01-04 03:04:05 UTC"},
		"tokens rotate " + id + " --overlap 0s":                   {secret, "not good any more"},
		"tokens rotate " + id + " --json":                         {`"token": "dpst_secret"`},
		"tokens end " + id:                                        {"has ended, everywhere"},
		"tokens end dpst_1hlRl6CajEX5CpvQBG0BmFrASw1DZkoHJ2if9o8": {"has ended, everywhere"}, // by its id alone
		"tokens end " + id + " --json":                            {`"id": "` + id + `"`},
	} {
		got := f.run(strings.Fields(arguments)...)
		if f.exitCode != 0 || f.err != nil || strings.Contains(got+f.told, "\x1b") {
			t.Errorf("%s ends with %d and prints %q (%v)", arguments, f.exitCode, got, f.err)
		}
		if want[0] == secret && got != secret { // which scripts read
			t.Errorf("%s prints %q", arguments, got)
		}
		if strings.Contains(f.told, "dpst_") {
			t.Errorf("%s tells the token beside its answer: %q", arguments, f.told)
		}
		for _, words := range want {
			if !strings.Contains(got+f.told, words) {
				t.Errorf("%s prints %q and %q, want %q in it", arguments, got, f.told, words)
			}
		}
	}
	for arguments, code := range map[string]int{
		"tokens": 2, "tokens create": 2, "tokens create backup": 2, "tokens create a b --site https://a.example.com": 2, "tokens show": 2, "tokens rotate": 2, "tokens end": 2, "tokens end a b": 2, "tokens list a": 2,
	} {
		if f.run(strings.Fields(arguments)...); f.exitCode != code || len(f.asked) > 0 {
			t.Errorf("%s ends with %d, want %d; the server was asked %q", arguments, f.exitCode, code, f.asked)
		}
	}
	site := []string{"tokens", "create", "backup", "--site", "https://files.example.com"}
	for _, flag := range []string{"--from", "--path", "--method", "--group", "--for"} { // as from a variable that is not set
		if f.run(append(site, flag, "")...); f.exitCode != 2 || len(f.asked) > 0 {
			t.Errorf("with an empty %s it ends with %d, and the server is asked %q", flag, f.exitCode, f.asked)
		}
	}
	for _, arguments := range []string{"tokens show 00000000000", "tokens rotate 00000000000", "tokens end 00000000000", "tokens create other --site https://a.example.com"} {
		if f.run(strings.Fields(arguments)...); f.exitCode != 1 {
			t.Errorf("%s ends with %d, want 1", arguments, f.exitCode)
		}
	}
}
