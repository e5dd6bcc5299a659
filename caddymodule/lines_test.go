package caddymodule

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// impossible are configurations that cannot be, each spread over a Caddyfile, a snippet and a
// file that it imports: where the error is, and what it says to write.
var impossible = map[string]struct{ caddyfile, at, advice string }{
	"the portal without the option": {
		"{\ndoorpost {\nstore memory\n}\n}\nlogin.example.com {\ndoorpost_portal\n}",
		"Caddyfile:7: site login.example.com", "portal https://login.example.com",
	},
	"the option without the portal": {
		"{\ndoorpost {\nstore memory\nportal https://login.example.com\n}\n}\napp.example.com {\nimport FILE\n}",
		"Caddyfile:4: the global option says portal", "https://login.example.com { doorpost_portal }",
	},
	"two portals": {
		"{\ndoorpost {\nportal https://login.example.com\n}\n}\n(front) {\ndoorpost_portal\n}\nlogin.example.com {\nimport front\n}\nhttp://login.example.com {\nimport front\n}",
		// which of the two comes first is up to Caddy
		"Caddyfile:7 import chain ['Caddyfile:1", " (import front)']); keep it only at https://login.example.com",
	},
	"a portal with cookie_domain": {
		"{\ndoorpost {\nsession {\ncookie_domain example.com\n}\nportal https://login.example.com\n}\n}\nlogin.example.com {\ndoorpost_portal\n}",
		"Caddyfile:6: portal and session cookie_domain", "leave cookie_domain out",
	},
	"a portal in the clear": {
		"{\ndoorpost {\nportal http://login.example.com\n}\n}\nlogin.example.com {\ndoorpost_portal\n}",
		"Caddyfile:3: portal:", "such as https://login.example.com",
	},
	"a portal at another address": {
		"{\ndoorpost {\nportal https://login.example.com\n}\n}\ndoor.example.com {\ndoorpost_portal\n}",
		"Caddyfile:7: site door.example.com", "(Caddyfile:3); give the site that address",
	},
	"a portal with a second address": {
		"{\ndoorpost {\nportal https://login.example.com\n}\n}\nlogin.example.com, door.example.com {\ndoorpost_portal\n}",
		"Caddyfile:7: site login.example.com, door.example.com", "leave only https://login.example.com",
	},
	"doorpost at the portal": {
		"{\ndoorpost {\nportal https://login.example.com\n}\n}\nlogin.example.com {\ndoorpost_portal\nimport FILE\n}",
		"FILE:1 import chain ['Caddyfile:8 (import)']: site login.example.com", "give it a site of another address, or leave doorpost out",
	},
	"doorpost with the origin of the portal": {
		"{\ndoorpost {\nportal https://login.example.com\n}\n}\nlogin.example.com {\ndoorpost_portal\n}\napp.example.com {\ndoorpost {\nallow *\nurl https://login.example.com\n}\n}",
		"Caddyfile:10: site app.example.com", "(Caddyfile:7) both serve https://login.example.com",
	},
	"an app at the portal": {
		"{\ndoorpost {\nportal https://login.example.com\n}\n}\nlogin.example.com {\ndoorpost_portal\nhandle /x {\nreverse_proxy localhost:1\n}\n}\n",
		"Caddyfile:7: site login.example.com: reverse_proxy", "a site of its own",
	},
	"files at the portal": {
		"{\ndoorpost {\nportal https://login.example.com\n}\n}\nlogin.example.com {\nroute {\nfile_server\ndoorpost_portal\n}\n}\n",
		"Caddyfile:9: site login.example.com: file_server", "a site of its own",
	},
	"a site whose session is longer than that of all": {
		"app.example.com {\nimport FILE\ndoorpost /x/* {\nallow *\nsession {\nabsolute 60d\n}\n}\n}",
		"Caddyfile:5: site app.example.com: session absolute", "only narrow it down",
	},
	"idle longer than absolute at a site": {
		"(short) {\nsession {\nidle 2h\nabsolute 1h\n}\n}\napp.example.com {\ndoorpost {\nallow *\nimport short\n}\n}",
		"Caddyfile:2 import chain ['Caddyfile:10 (import short)']: site app.example.com: session idle", "or make it shorter",
	},
	"idle longer than absolute": {
		"{\ndoorpost {\nsession {\nidle 31d\n}\n}\n}\napp.example.com {\nimport FILE\n}",
		"Caddyfile:3: session idle", "make idle shorter",
	},
	"a site outside cookie_domain": {
		"{\ndoorpost {\nsession {\ncookie_domain example.org\n}\n}\n}\napp.example.com {\nimport FILE\n}",
		"FILE:1 import chain ['Caddyfile:9 (import)']: site app.example.com: session cookie_domain (Caddyfile:3)", "leave cookie_domain out",
	},
	"a site in the clear": {
		"http://app.example.com {\nimport FILE\n}",
		"FILE:1 import chain ['Caddyfile:2 (import)']: site app.example.com", "set url https://app.example.com",
	},
	"two urls": {
		"app.example.com {\ndoorpost {\nallow *\nurl https://a.example.com\n}\ndoorpost /x/* {\nallow *\nurl https://b.example.com\n}\n}",
		"Caddyfile:8: site app.example.com: url", "https://a.example.com (Caddyfile:4)",
	},
	"an unknown group": {
		"(staff) {\ndoorpost {\ndeny group:{args[0]}\nallow *\n}\n}\napp.example.com {\nimport staff board\n}",
		"Caddyfile:3 import chain ['Caddyfile:8 (import staff)']: site app.example.com: deny", "group board alice@example.com",
	},
	"an unknown group in one of several lines": {
		"app.example.com {\ndoorpost {\nallow *\nallow group:board\n}\n}",
		"Caddyfile:2: site app.example.com: allow", "group board alice@example.com",
	},
	"content before the gate": {
		"app.example.com {\nroute {\nreverse_proxy localhost:1\ndoorpost {\nallow *\n}\n}\n}",
		"Caddyfile:4: site app.example.com: reverse_proxy answers", "in a route put doorpost first",
	},
	"a mailer without its password": {
		"{\ndoorpost {\nfrom a@example.com\nmailer smtp smtp.example.com:587 {\nusername a\npassword {env.NOT_SET_ANYWHERE}\n}\n}\n}\napp.example.com {\nimport FILE\n}",
		"Caddyfile:4: mailer smtp: password: the environment variable", "set it for the process",
	},
	"a store without its path": {
		"{\ndoorpost {\nstore bolt {env.NOT_SET_ANYWHERE}\n}\n}\napp.example.com {\nimport FILE\n}",
		"Caddyfile:3: store bolt: path: the environment variable", "set it for the process",
	},
	"a value for the portal": {
		"login.example.com {\ndoorpost_portal /x\n}", "Caddyfile:2: doorpost_portal takes no options", "leave out",
	},
}

func TestAnErrorBeginsWithItsLineInTheCaddyfileAndSaysWhatToWrite(t *testing.T) {
	isolate(t)
	for name, c := range impossible {
		t.Run(name, func(t *testing.T) {
			file := importedFile(t)
			err := validate(strings.ReplaceAll(c.caddyfile, "FILE", file))
			if err == nil {
				t.Fatal("it was accepted")
			}
			words, ours := ourWords(err)
			got := strings.ReplaceAll(words.Error(), file, "FILE")
			if !ours || !strings.HasPrefix(got, c.at) || !strings.Contains(got, c.advice) {
				t.Errorf("the error is %q, want %q first, and %q", got, c.at, c.advice)
			}
		})
	}
}

// aLine is how a place in a Caddyfile is written.
var aLine = regexp.MustCompile(`:[0-9]+( import chain|: )`)

func TestAnErrorInPlainJSONNamesTheSiteOrTheOption(t *testing.T) {
	isolate(t)
	for name, c := range impossible {
		t.Run(name, func(t *testing.T) {
			adapted, err := adapt(strings.ReplaceAll(c.caddyfile, "FILE", importedFile(t)))
			if err != nil {
				return // such a mistake is found before there is any JSON
			}
			_, want, _ := strings.Cut(c.at, ": ")
			want, _, _ = strings.Cut(want, " (") // names a line, too
			words, ours := ourWords(loadJSON(t, withoutLines(t, adapted)))
			if got := words.Error(); !ours || !strings.HasPrefix(got, want) || aLine.MatchString(got) || strings.Contains(got, "Caddyfile") {
				t.Errorf("the error is %q, want %q first and no line", got, want)
			}
		})
	}
}

func TestAWarningNamesItsLineInTheCaddyfile(t *testing.T) {
	isolate(t)
	for source, want := range map[string]string{
		"(inside) {\ndoorpost /admin/* {\nallow *\n}\n}\napp.example.com {\nimport inside\nreverse_proxy localhost:1\n}":                                                        "Caddyfile:2 import chain ['Caddyfile:7 (import inside)']: site https://app.example.com: doorpost protects /admin/* and not /admin itself",
		"app.example.com {\nroute {\ndoorpost /admin {\nallow *\n}\nreverse_proxy localhost:1\n}\n}":                                                                            "Caddyfile:3: site https://app.example.com: doorpost protects /admin and not what is below it",
		"app.example.com {\ndoorpost {\nallow *\npublic /assets/*\n}\nphp_fastcgi localhost:1\n}":                                                                               "Caddyfile:4: site https://app.example.com: public /assets/*",
		"{\ndoorpost {\nportal https://login.example.com\nbrand {\nlogo /x.svg\n}\n}\n}\nlogin.example.com {\ndoorpost_portal\n}\na.b {\ndoorpost {\nallow *\n}\n}":             "Caddyfile:4: brand logo: pages are served at the portal",
		"{\ndoorpost {\nportal https://login.example.com\n}\n}\na.b {\ndoorpost {\nallow *\npeople\n}\ndoorpost /x/* {\nallow *\n}\n}\nlogin.example.com {\ndoorpost_portal\n}": "Caddyfile:9: site https://a.b: people has no effect",
	} {
		adapted, err := adapt(source)
		if err != nil {
			t.Fatal(err)
		}
		if got := warnedJSON(t, adapted); !strings.Contains(got, want) {
			t.Errorf("%q warns of %q, want %q", source, got, want)
		}
		if got, want := warnedJSON(t, withoutLines(t, adapted)), want[strings.Index(want, ": ")+2:]; !strings.Contains(got, "\n"+want) {
			t.Errorf("the same in plain JSON warns of %q, want %q", got, want)
		}
	}
}

// importedFile is one with a gate in it.
func importedFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gate.caddyfile")
	if err := os.WriteFile(path, []byte("doorpost {\n\tallow *\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// loadJSON is the error of a configuration.
func loadJSON(t *testing.T, config []byte) error {
	t.Helper()
	var parsed *caddy.Config
	if err := caddy.StrictUnmarshalJSON(config, &parsed); err != nil {
		t.Fatal(err)
	}
	err := caddy.Validate(parsed)
	if err == nil {
		t.Fatal("it was accepted")
	}
	return err
}

// warnedJSON is what doctor warns of, a line for each finding as in a log.
func warnedJSON(t *testing.T, config []byte) (told string) {
	t.Helper()
	found, err := caddyHost{}.Try(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		line := f.Check + ": " + f.Found + "; " + f.Advice
		if f.Where != "" {
			line = f.Where + ": " + line
		}
		told += "\n" + line
	}
	return told
}

// withoutLines is a configuration as somebody would write it by hand.
func withoutLines(t *testing.T, config []byte) []byte {
	t.Helper()
	var decoded any
	if err := json.Unmarshal(config, &decoded); err != nil {
		t.Fatal(err)
	}
	var remove func(any)
	remove = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			delete(v, "caddyfile")
			for _, inner := range v {
				remove(inner)
			}
		case []any:
			for _, inner := range v {
				remove(inner)
			}
		}
	}
	remove(decoded)
	return mustJSON(t, decoded)
}
