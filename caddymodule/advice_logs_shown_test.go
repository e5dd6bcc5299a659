package caddymodule

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/testkit"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// Secrets of requests, each with words of the warning about a log that shows it.
var loggedSecrets = []struct{ header, value, warning string }{
	{"Doorpost-Token", "TOKEN", "in the header Doorpost-Token ("},
	{"Authorization", "Bearer TOKEN", "in the header Authorization, since log_credentials is on ("},
	{"Cookie", "doorpost=secret-of-a-session", "shows session cookies, since log_credentials is on ("},
}

// Each way to log is tried: a warning names every logger that shows a secret, and there is
// none where none does.
func TestALogIsWarnedOfWhereItShowsSecrets(t *testing.T) {
	folder := isolate(t)
	const hides = "format filter {\nrequest>headers>Doorpost-Token delete\nrequest>headers>Authorization hash\nrequest>headers>Cookie delete\nresp_headers>Set-Cookie delete\n}"
	n, warned := 0, 0
	for _, access := range []string{
		"", "log", "log {\nOUTPUT\n}", "log {\nOUTPUT\n" + hides + "\n}",
		"log one {\nOUTPUT\n" + hides + "\n}\nlog two {\nOUTPUT\n}", "log one {\nOUTPUT\n" + hides + "\nno_hostname\n}\nlog_name one",
		"log\nlog two {\nOUTPUT\nno_hostname\n}\nlog_name \"\" two", "log\nlog two {\nOUTPUT\nno_hostname\n}\nhandle /x/* {\nlog_name two\nrespond ok\n}",
	} {
		for _, skip := range []string{"", "log_skip", "log_skip /x/*"} {
			for _, credentials := range []string{"", "servers {\nlog_credentials\n}"} {
				for _, all := range []string{"", hides, "format filter {\nresp_headers>Set-Cookie delete\n}"} {
					file := fmt.Sprintf("%s/log%d", folder, n)
					n++
					output := "output file " + file
					port := testkit.FreePort()
					source := fmt.Sprintf("{\nadmin off\npersist_config off\nstorage file_system %s\n%s\nlog default {\n%s\n%s\n}\ndoorpost {\nstore memory\nmailer console\n}\n}\n"+
						"http://localhost:%s {\nbind 127.0.0.1\ndoorpost {\nallow *\ntokens\n}\n%s\n%s\nerror /fails 502\nrespond ok\n}\n", folder, credentials, output, all, port, strings.ReplaceAll(access, "OUTPUT", output), skip)
					told := loggersTold(t, source, port)
					shown := loggersSeen(t, file)
					for _, secret := range loggedSecrets {
						named, seen := told[secret.header], shown[secret.header]
						warned += len(named)
						for logger := range seen {
							if !slices.Contains(named, logger) {
								t.Errorf("%s shows %s, and warned of is %q, with\n%s", logger, secret.header, named, source)
							}
						}
						isSkipped := skip != "" && strings.Contains(access, "log_name") // warned of to be sure
						if len(named) > 0 && len(seen) == 0 && !isSkipped {
							t.Errorf("warned of is %q for %s, which no log shows, with\n%s", named, secret.header, source)
						}
					}
				}
			}
		}
	}
	t.Logf("%d ways to log, %d loggers warned of", n, warned)
}

// loggersTold runs a server, sends it secrets, and is what it warned of: names of loggers by
// header.
func loggersTold(t *testing.T, source, port string) (told map[string][]string) {
	t.Helper()
	config, err := adapt(source)
	if err != nil {
		t.Fatalf("%v in\n%s", err, source)
	}
	if err := caddy.Load(config, true); err != nil {
		t.Fatalf("%v in\n%s", err, source)
	}
	g := &gateway{t: t, port: port}
	defer g.stop()
	now := time.Now()
	made := token.Record{Token: token.Token{ID: token.NewID(), Name: "a", Sites: []string{g.origin()}, Made: now, Expires: now.Add(time.Hour)}}
	text := token.NewText(made.ID, false)
	made.Sum = token.SumOf(text)
	if err := g.backend().store.MakeToken(t.Context(), made, now); err != nil {
		t.Fatal(err)
	}
	for _, secret := range loggedSecrets {
		for _, path := range []string{"/app", "/x/app", "/fails", "/_doorpost/sign-in"} {
			r, err := http.NewRequest(http.MethodGet, g.origin()+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if secret.header == "Cookie" {
				r.Header.Set("Doorpost-Token", text)
			}
			r.Header.Set(secret.header, strings.Replace(secret.value, "TOKEN", text, 1))
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
		}
	}
	told = make(map[string][]string)
	for _, f := range g.app().advice() {
		for _, secret := range loggedSecrets {
			if _, loggers, of := strings.Cut(f.Found, secret.warning); of {
				told[secret.header] = strings.Split(strings.TrimSuffix(loggers, ")"), ", ")
			}
		}
	}
	return told
}

// loggersSeen are the loggers that wrote a secret down, by header.
func loggersSeen(t *testing.T, file string) (seen map[string]map[string]bool) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	seen = make(map[string]map[string]bool)
	for line := range strings.Lines(string(content)) {
		var entry struct {
			Logger  string
			Request struct{ Headers map[string][]string }
		}
		if json.Unmarshal([]byte(line), &entry) != nil {
			continue
		}
		for _, secret := range loggedSecrets {
			for _, value := range entry.Request.Headers[secret.header] {
				if strings.Contains(value, "dpst_") || strings.Contains(value, "secret-of") {
					if seen[secret.header] == nil {
						seen[secret.header] = make(map[string]bool)
					}
					maps.Copy(seen[secret.header], map[string]bool{entry.Logger: true})
				}
			}
		}
	}
	return seen
}
