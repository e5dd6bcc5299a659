package acceptance

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// startRegistry starts Verdaccio as the page says, which answers services alone whose token it
// does not see.
func startRegistry(t *testing.T) (address string) {
	t.Helper()
	verdaccio := testkit.StartVerdaccio(t, partOfRecipe(t, "npm", "yaml")[0])
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: verdaccio.Address})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Remote-User"), "service:") || r.Header.Get("Authorization") != "" {
			http.Error(w, "this registry is for services", http.StatusTeapot)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestRecipeForNPMPublishesAndInstallsWithAToken(t *testing.T) {
	t.Parallel()
	g := startRecipe(t, programsPage, "", "localhost:3000", startRegistry(t))
	g.at(recipeSite)
	root, err := os.ReadFile(g.home.path("data/caddy/pki/authorities/local/root.crt"))
	if err != nil {
		t.Fatal(err)
	}
	builds, reader, elsewhere := g.makesAt(t, "builds"), g.makesAt(t, "reader", "--method", "GET"), g.makesAt(t, "elsewhere", "--path", "/other/*")
	npm := func(npmrc string, files map[string]string, arguments ...string) (said string, ok bool) {
		t.Helper()
		all := map[string]string{".npmrc": npmrc + "cafile=DATA/ca.pem\nfetch-retries=0\n", "ca.pem": string(root)}
		maps.Copy(all, files)
		return testkit.RunNPM(t, all, []string{"https_proxy=http://" + g.proxy}, arguments...)
	}
	with := func(token string) string {
		return strings.ReplaceAll(partOfRecipe(t, "npm", "ini")[0], "dpst_…", token)
	}
	// As the user and the password of Basic, which npm calls so.
	inBasic := func(token string) string {
		return strings.Replace(with(token), "_authToken="+token, "_auth="+base64.StdEncoding.EncodeToString([]byte("builds:"+token)), 1)
	}
	hello := map[string]string{"package.json": `{"name":"hello","version":"1.0.0"}`, "index.js": "module.exports = 'hello'\n"}
	for words, token := range map[string]string{"E401": builds.Token[:20], "E403": reader.Token} {
		if said, ok := npm(with(token), hello, "publish"); ok || !strings.Contains(said, words) {
			t.Errorf("with a token that is not good for it npm publishes and says %s; want %s", said, words)
		}
	}
	if said, ok := npm(with(builds.Token), hello, "publish"); !ok || !strings.Contains(said, "+ hello@1.0.0") {
		t.Fatalf("npm publishes and says %s", said)
	}
	hello["package.json"] = `{"name":"hello","version":"1.0.1"}`
	if said, ok := npm(inBasic(builds.Token), hello, "publish"); !ok || !strings.Contains(said, "+ hello@1.0.1") {
		t.Fatalf("by Basic npm publishes and says %s", said)
	}
	for _, npmrc := range []string{with(reader.Token), inBasic(reader.Token)} {
		if said, ok := npm(npmrc, nil, "install", "hello@1.0.1"); !ok || !strings.Contains(said, "added 1 package") {
			t.Errorf("npm installs and says %s", said)
		}
	}
	g.succeeds("tokens", "end", reader.ID)
	for words, token := range map[string]string{"E401": reader.Token, "E403": elsewhere.Token} {
		if said, ok := npm(with(token), nil, "install", "hello"); ok || !strings.Contains(said, words) {
			t.Errorf("with a token that is not good for it npm installs and says %s; want %s", said, words)
		}
	}
}
