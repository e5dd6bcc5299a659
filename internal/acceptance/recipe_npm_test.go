package acceptance

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// startRegistry starts a registry of npm that has one package.
func startRegistry(t *testing.T) (address string) {
	t.Helper()
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	files := tar.NewWriter(compressed)
	const manifest = `{"name":"hello","version":"1.0.0"}`
	_ = files.WriteHeader(&tar.Header{Name: "package/package.json", Mode: 0o644, Size: int64(len(manifest))})
	_, _ = files.Write([]byte(manifest))
	_, _ = files.Close(), compressed.Close() // into memory
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Remote-User") != "service:builds" || r.Header.Get("Authorization") != "":
			http.Error(w, "this registry is for builds", http.StatusTeapot)
		case strings.HasSuffix(r.URL.Path, ".tgz"):
			_, _ = w.Write(packed.Bytes())
		default:
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"name":"hello","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"hello","version":"1.0.0","dist":{"tarball":"` + recipeSite + `/hello/-/hello-1.0.0.tgz"}}}}`))
		}
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestRecipeForNPMInstallsWithAToken(t *testing.T) {
	t.Parallel()
	g := startRecipe(t, programsPage, "", "localhost:3000", startRegistry(t))
	g.at(recipeSite)
	root, err := os.ReadFile(g.home.path("data/caddy/pki/authorities/local/root.crt"))
	if err != nil {
		t.Fatal(err)
	}
	builds := g.makesAt(t, "builds", "--method", "GET")
	install := func(token string) (said string, ok bool) {
		npmrc := strings.ReplaceAll(partOfRecipe(t, "npm", "ini")[0], "dpst_…", token) + "cafile=DATA/ca.pem\nfetch-retries=0\n"
		return testkit.RunNPM(t, map[string]string{".npmrc": npmrc, "ca.pem": string(root)}, []string{"https_proxy=http://" + g.proxy}, "install", "hello")
	}
	if said, ok := install(builds.Token); !ok || !strings.Contains(said, "added 1 package") {
		t.Errorf("npm says %s", said)
	}
	g.succeeds("tokens", "end", builds.ID)
	if said, ok := install(builds.Token); ok || !strings.Contains(said, "E401") {
		t.Errorf("with a token that was ended npm says %s", said)
	}
}
