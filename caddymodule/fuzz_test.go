package caddymodule

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// Whatever stands in a configuration, it is accepted or refused with an error
// that says why; nothing panics (caddy-security: CVE-2024-21493).

// maxFuzzed bounds what is tried: long configurations find no more than short
// ones, and take longer.
const maxFuzzed = 4 << 10

// seedWithGoldens adds what stands in the golden files.
func seedWithGoldens(f *testing.F, folders ...string) {
	f.Helper()
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join("testdata", folder, "*.caddyfiletest"))
		if err != nil || len(files) == 0 {
			f.Fatalf("no golden files in %s: %v", folder, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			source, _, _ := strings.Cut(string(content), separator)
			f.Add(source)
		}
	}
}

// seedWithJSON adds the app, and each handler with it, of the golden files that
// load.
func seedWithJSON(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "adapt", "*.caddyfiletest"))
	if err != nil {
		f.Fatal(err)
	}
	handlers := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, adapted, _ := strings.Cut(string(content), separator)
		var config struct {
			Apps struct {
				Doorpost json.RawMessage
				HTTP     any
			}
		}
		if err := json.Unmarshal([]byte(adapted), &config); err != nil {
			f.Fatalf("%s: %v", file, err)
		}
		app := config.Apps.Doorpost
		if app == nil {
			app = json.RawMessage("{}")
		}
		for _, handler := range handlersIn(config.Apps.HTTP) {
			delete(handler, "handler")
			written, err := json.Marshal(handler)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(app), string(written))
			handlers++
		}
	}
	if handlers < len(files) {
		f.Fatalf("%d golden files have %d handlers", len(files), handlers)
	}
}

// handlersIn finds our handlers, wherever they stand.
func handlersIn(value any) (found []map[string]any) {
	switch value := value.(type) {
	case map[string]any:
		if value["handler"] == "doorpost" {
			return []map[string]any{value}
		}
		for _, inner := range value {
			found = append(found, handlersIn(inner)...)
		}
	case []any:
		for _, inner := range value {
			found = append(found, handlersIn(inner)...)
		}
	}
	return found
}

// mayProvision tells whether a configuration touches nothing but itself when it
// is provisioned: what is fuzzed reads no file, binds nothing, imports nothing.
func mayProvision(source string) bool {
	return len(source) <= maxFuzzed && !strings.Contains(source, "{file.") && !strings.Contains(source, "import")
}

func expectSomeWords(t *testing.T, err error) {
	t.Helper()
	if err != nil && strings.TrimSpace(err.Error()) == "" {
		t.Error("an error says nothing")
	}
}

func FuzzTheGlobalBlock(f *testing.F) {
	seedWithGoldens(f, "adapt", "errors")
	for _, block := range []string{"", "secret", "store bolt {", "}", "mailer smtp \"\"", "brand {\nname \"\"\n}", "limit address -1 -1s", "group \"\" \"\"", "session {\ngrace\n}"} {
		f.Add(block)
	}
	f.Fuzz(func(t *testing.T, block string) {
		source := block
		if !strings.HasPrefix(source, "{") {
			source = "{\n doorpost {\n" + block + "\n}\n}\napp.example.com {\n doorpost {\n allow *\n}\n}\n"
		}
		if !mayProvision(source) {
			return
		}
		_, err := adapt(source)
		expectSomeWords(t, err)
	})
}

func FuzzTheSiteBlock(f *testing.F) {
	for _, block := range []string{
		"allow *", "allow \"\"", "deny", "public /* / //", "url {env.X}", "url https://[::1", "headers {\n}", "headers {\nuser \"\"\n}", "}", "{", "allow * {\n}\n",
		"allow alice@example.com *@example.org group:staff\npublic /health /assets/*\nurl https://app.example.com\nheaders {\nuser X-User\n}",
	} {
		f.Add("", block)
		f.Add("/admin/*", block)
		f.Add("@m", block)
	}
	f.Fuzz(func(t *testing.T, matcher, block string) {
		source := "app.example.com {\n @m method POST\n doorpost " + matcher + " {\n" + block + "\n}\n}\n"
		if !mayProvision(source) {
			return
		}
		_, err := adapt(source)
		expectSomeWords(t, err)
	})
}

func FuzzTheJSONOfTheAppAndOfAHandler(f *testing.F) {
	for _, seed := range [][2]string{
		{`{}`, `{"allow":["*"]}`},
		{`{"mailers":[]}`, `{"allow":["*"]}`},
		{`{"mailers":[null]}`, `{"allow":["*"]}`},
		{`{"mailers":[{"module":"console"},{"module":"console"}]}`, `{"allow":["*"]}`},
		{`{"mailers":[{"module":"smtp"}],"from":"a@example.com"}`, `{"allow":["*"]}`},
		{`{"mailers":[{"module":"mailgun","domain":"","api_key":"{env.X}"}]}`, `{"allow":["*"]}`},
		{`{"store":null}`, `{"allow":["*"]}`},
		{`{"store":{"module":"bolt","path":""}}`, `{"allow":["*"]}`},
		{`{"store":{"module":"memory"}}`, `{"allow":["*"],"match":[{}]}`},
		{`{"secrets":[""]}`, `{"allow":[""]}`},
		{`{"groups":{"":null}}`, `{"allow":["group:"]}`},
		{`{"groups":{"staff":[]}}`, `{"allow":["group:staff"],"deny":["*"]}`},
		{`{"limits":{"address":null,"client":{"max":-1,"window":-1}}}`, `{"allow":["*"]}`},
		{`{"session":{"grace":null,"idle":-1,"cookie_domain":"."}}`, `{"allow":["*"]}`},
		{`{"link_ttl":"1h","brand":{"accent":"#"}}`, `{"allow":["*"],"public":["","/","*"]}`},
		{`{"from":"{"}`, `{"allow":["*"],"url":"{"}`},
		{`{}`, `{"allow":["*"],"headers":{"user":"\u0000"}}`},
		{`{}`, `{"allow":["*"],"match":null,"headers":null}`},
		{`null`, `null`},
	} {
		f.Add(seed[0], seed[1])
	}
	seedWithJSON(f)
	f.Fuzz(func(t *testing.T, app, handler string) {
		if !mayProvision(app+handler) || !json.Valid([]byte(app)) || !strings.HasPrefix(handler, "{") || !json.Valid([]byte(handler)) {
			return
		}
		isolate(t)
		handler = `{"handler":"doorpost",` + strings.TrimPrefix(handler, "{")
		if strings.TrimSpace(handler) == `{"handler":"doorpost",}` {
			handler = `{"handler":"doorpost"}`
		}
		source := `{"admin":{"disabled":true},"logging":{"logs":{"default":{"writer":{"output":"discard"}}}},"apps":{"doorpost":` + app +
			`,"http":{"servers":{"srv0":{"listen":[":443"],"routes":[{"match":[{"host":["app.example.com"]}],"handle":[` + handler + `]}]}}}}}`
		var config *caddy.Config
		if err := json.Unmarshal([]byte(source), &config); err != nil {
			return
		}
		expectSomeWords(t, caddy.Validate(config))
	})
}
