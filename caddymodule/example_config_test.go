package caddymodule

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

const exampleFile = "../Caddyfile.example"

func readExample(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestTheExampleConfigurationIsValid(t *testing.T) {
	isolate(t)
	setTestSecrets(t)
	t.Setenv("MAILGUN_WEBHOOK_KEY", "key-test")
	source := readExample(t)
	if err := validate(source); err != nil {
		t.Fatal(err)
	}
	if _, differs := caddyfile.FormattingDifference("Caddyfile", []byte(source)); differs {
		t.Error("it is not formatted as caddy fmt does")
	}
}

// Options of the Caddyfile are listed by the errors about unknown ones, so the
// example is held to what the code reads, not to a list of this test's own.
func TestTheExampleConfigurationShowsEveryOption(t *testing.T) {
	isolate(t)
	example := readExample(t)
	for where, source := range map[string]string{
		"global":  "{\n doorpost {\n nonsense\n }\n}\n",
		"session": "{\n doorpost {\n session {\n nonsense\n }\n }\n}\n",
		"brand":   "{\n doorpost {\n brand {\n nonsense\n }\n }\n}\n",
		"mailgun": "{\n doorpost {\n mailer mailgun {\n nonsense\n }\n }\n}\n",
		"smtp":    "{\n doorpost {\n mailer smtp localhost:25 {\n nonsense\n }\n }\n}\n",
		"site":    "app.example.com {\n doorpost {\n nonsense\n }\n}\n",
		"headers": "app.example.com {\n doorpost {\n headers {\n nonsense\n }\n }\n}\n",
		"store":   "{\n doorpost {\n store nonsense\n }\n}\n",
		"mailer":  "{\n doorpost {\n mailer nonsense\n }\n}\n",
	} {
		_, err := adapt(source)
		if err == nil {
			t.Fatalf("%s: nonsense was accepted", where)
		}
		_, list, found := strings.Cut(err.Error(), "options are: ")
		if !found {
			_, list, found = strings.Cut(err.Error(), "there are: ")
		}
		list, _, _ = strings.Cut(list, ", at Caddyfile")
		if !found || list == "" {
			t.Fatalf("%s: the error lists no options: %v", where, err)
		}
		for option := range strings.SplitSeq(list, ", ") {
			line := option
			if where == "store" || where == "mailer" {
				line = where + " " + option
			}
			if !regexp.MustCompile(`(\t| )` + regexp.QuoteMeta(line) + `[\s,.]`).MatchString(example) {
				t.Errorf("%s does not show %s (%s)", filepath.Base(exampleFile), line, where)
			}
		}
	}
}
