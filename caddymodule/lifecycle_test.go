package caddymodule

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

const helloBehindGate = "doorpost {\n allow *\n }\n respond \"hello {header.Remote-User}\"\n"

func TestValidateNeitherOpensTheStoreNorMakesASecret(t *testing.T) {
	folder := isolate(t)
	file := filepath.Join(folder, "sub", "doorpost.db")
	source := fmt.Sprintf("{\n storage file_system %s\n doorpost {\n store bolt %s\n }\n}\napp.example.com {\n%s}", folder+"/storage", file, helloBehindGate)
	for range 3 {
		if err := validate(source); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Dir(file)); !os.IsNotExist(err) {
		t.Errorf("the folder of the store was made: %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "storage", secretKey)); !os.IsNotExist(err) {
		t.Errorf("a secret was generated: %v", err)
	}
	if n := poolCount("bolt:" + file); n != 0 {
		t.Errorf("%d configurations hold the store", n)
	}
}

func TestValidateWorksWhileTheStoreIsInUse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doorpost.db")
	g := newGateway(t, "doorpost {\n store bolt "+file+"\n mailer console\n}\n", helloBehindGate)
	if err := validate(g.caddyfile()); err != nil {
		t.Fatal(err)
	}
	if n := poolCount("bolt:" + file); n != 1 {
		t.Errorf("%d configurations hold the store, want the one that runs", n)
	}
}

func TestAReloadThatFailsReleasesEverythingAndLeavesTheOldConfigurationRunning(t *testing.T) {
	g := newGateway(t, "", helloBehindGate)
	b := g.newBrowser()
	b.signIn("alice@example.com")
	good := g.site
	before := ourGoroutines(t)
	for name, bad := range map[string]string{
		"a handler that fails to provision":         helloBehindGate + "doorpost /x {\n allow group:unknown\n }\n",
		"another module that fails to provision":    helloBehindGate + "reverse_proxy /x localhost:1 {\n transport http {\n tls_client_auth /nonexistent /nonexistent\n }\n}\n",
		"a listener that fails to start, behind us": helloBehindGate + "}\nhttp://localhost:8099 {\n bind 203.0.113.1\n" + helloBehindGate,
	} {
		for range 20 {
			g.site = bad
			if err := g.tryLoad(); err == nil {
				t.Fatalf("%s: the configuration was loaded", name)
			}
		}
		if n := poolCount("memory"); n != 1 {
			t.Errorf("%s: %d configurations hold the store, want 1", name, n)
		}
	}
	g.site = good
	b.getUntil("/", "hello alice@example.com")
	expectNoNewGoroutines(t, before)
}

func TestAnAppThatWasNeverProvisionedCanBeCleanedUp(t *testing.T) {
	if err := new(App).Cleanup(); err != nil {
		t.Error(err)
	}
	app := new(App)
	if err := app.Cleanup(); err != nil {
		t.Error(err)
	}
	if _, err := app.open(); err == nil {
		t.Error("an app was opened after its end, which nobody will close")
	}
}

func TestSessionsOutliveReloadsAndNothingElsePilesUp(t *testing.T) {
	g := newGateway(t, "", helloBehindGate)
	b := g.newBrowser()
	b.signIn("alice@example.com")
	g.load()
	before := ourGoroutines(t)
	for i := range 20 {
		g.site = strings.Replace(helloBehindGate, "hello", fmt.Sprint("hello ", i), 1)
		g.load()
		b.getUntil("/", fmt.Sprintf("hello %d alice@example.com", i))
		if n := poolCount("memory"); n != 1 {
			t.Fatalf("after reload %d, %d configurations hold the store", i, n)
		}
	}
	expectNoNewGoroutines(t, before)
}

func TestLinksAndCountersOutliveReloads(t *testing.T) {
	g := newGateway(t, "doorpost {\nstore memory\nmailer console\nlimit client 2 1h\n}\n", helloBehindGate)
	b := g.newBrowser()
	who := fmt.Sprintf("alice%s@example.com", g.port) // the mailbox has the mail of earlier gateways, too
	ask := func() int { return b.post("/_doorpost/sign-in", url.Values{"email": {who}}).status }
	if status := ask(); status != http.StatusSeeOther {
		t.Fatalf("asking is answered with %d", status)
	}
	token := b.receiveToken(who)
	reload := func(greeting string) {
		g.site = strings.Replace(helloBehindGate, "hello", greeting, 1)
		g.load()
	}
	reload("first")
	if status := ask(); status != http.StatusSeeOther {
		t.Errorf("the second request is answered with %d", status)
	}
	reload("second")
	if status := ask(); status != http.StatusTooManyRequests {
		t.Errorf("the third request, after two reloads, is answered with %d: the counter was lost", status)
	}
	if got := b.post("/_doorpost/link", url.Values{"token": {token}}); got.status != http.StatusSeeOther {
		t.Errorf("a link from before the reloads is answered with %d", got.status)
	}
	b.getUntil("/", "second "+who)
}

func TestTheStoreIsClosedWhenTheServerStops(t *testing.T) {
	g := newGateway(t, "", helloBehindGate)
	g.stop()
	if n := poolCount("memory"); n != 0 {
		t.Errorf("%d configurations hold the store", n)
	}
}

func TestTwoSitesShareOneStore(t *testing.T) {
	g := newGateway(t, "", helloBehindGate+"}\nhttp://b.localhost:8099 {\n bind 127.0.0.1\n"+helloBehindGate)
	if n := len(g.app().sites); n != 2 {
		t.Fatalf("there are %d sites", n)
	}
	if n := poolCount("memory"); n != 1 {
		t.Errorf("the store is held %d times, want once", n)
	}
}

func TestAGeneratedSecretIsKeptAndMadeOnceOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doorpost.db")
	g := newGateway(t, "doorpost {\n store bolt "+file+"\n mailer console\n}\n", helloBehindGate)
	b := g.newBrowser()
	b.signIn("alice@example.com")
	secret, err := os.ReadFile(filepath.Join(g.folder, secretKey))
	if err != nil {
		t.Fatal(err)
	}
	g.stop()
	g.load()
	again, err := os.ReadFile(filepath.Join(g.folder, secretKey))
	if err != nil || string(again) != string(secret) {
		t.Errorf("the secret is another after a restart (%v)", err)
	}
	if got := b.get("/"); got.body != "hello alice@example.com" {
		t.Errorf("after a restart the answer is %d %q", got.status, got.body)
	}
}

func TestAStoreThatCannotBeOpenedKeepsTheServerFromStarting(t *testing.T) {
	g := newGateway(t, "", helloBehindGate)
	g.options = "doorpost {\n store bolt /dev/null/doorpost.db\n mailer console\n}\n"
	err := g.tryLoad()
	if err == nil || !strings.Contains(err.Error(), "store") {
		t.Errorf("the error is %v, want one that names the store", err)
	}
	if got := g.newBrowser().get("/"); got.status != http.StatusSeeOther {
		t.Errorf("the old configuration answers %d", got.status)
	}
}

func TestSecretsThatPlaceholdersNameAppearInNoConfiguration(t *testing.T) {
	isolate(t)
	values := map[string]string{
		"DOORPOST_SECRET": strings.Repeat("00112233445566778899aabbccddeeff", 2),
		"MAILGUN_API_KEY": "key-that-nobody-may-see", "SMTP_PASSWORD": "password-that-nobody-may-see",
	}
	for name, value := range values {
		t.Setenv(name, value)
	}
	source := `{
	doorpost {
		secret {env.DOORPOST_SECRET}
		store memory
		mailer mailgun {
			domain mg.example.com
			api_key {env.MAILGUN_API_KEY}
			webhook_key {env.MAILGUN_API_KEY}
		}
		mailer smtp smtp.example.com:587 {
			username mailbox
			password {env.SMTP_PASSWORD}
		}
		from a@example.com
	}
}
app.example.com {
	doorpost {
		allow *
	}
}
`
	adapted, err := adapt(source)
	if err != nil {
		t.Fatal(err)
	}
	app := provisionedApp(t, source)
	dumped, err := json.Marshal(app)
	if err != nil {
		t.Fatal(err)
	}
	var config caddy.Config
	if err := json.Unmarshal(adapted, &config); err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string]string{
		"the adapted JSON": string(adapted), "the app as JSON": string(dumped), "the configuration": fmt.Sprintf("%+v", config),
	} {
		for name, value := range values {
			if strings.Contains(text, value) {
				t.Errorf("the value of %s is in %s", name, where)
			}
		}
		if where != "the configuration" && !strings.Contains(text, "{env.DOORPOST_SECRET}") {
			t.Errorf("the placeholder is not in %s, so this test proves nothing", where)
		}
	}
}
