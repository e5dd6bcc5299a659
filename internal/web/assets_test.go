package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// Most people come once a week, with an empty cache, and many over a bad network.
func TestTheSignInPageIsSmallWithAllThatItLoads(t *testing.T) {
	b := newBrowser(t, time.Minute)
	page := b.send(http.MethodGet, "/_doorpost/sign-in?to=/reports", nil)
	script := b.getScript("gzip, br")
	if page.Code != http.StatusOK || script.Code != http.StatusOK {
		t.Fatalf("answered %d and %d", page.Code, script.Code)
	}
	sizes := []int{transferred(t, page), transferred(t, script)}
	t.Logf("page and script are %d bytes", sizes)
	if all := sizes[0] + sizes[1]; all > 12<<10 {
		t.Errorf("they are %d bytes, want at most 12 KiB", all)
	}
}

// transferred is how many bytes of an answer are transferred, its head included.
func transferred(t *testing.T, w *httptest.ResponseRecorder) int {
	t.Helper()
	whole, err := httputil.DumpResponse(w.Result(), true)
	if err != nil {
		t.Fatal(err)
	}
	return len(whole)
}

func TestTheScriptIsCompressedForWhoAcceptsThat(t *testing.T) {
	b := newBrowser(t, time.Minute)
	_, want := view.Script()
	for accepted, compressed := range map[string]bool{
		"gzip": true, "br, GZIP;q=0.5": true, "": false, "br": false, "gzip;q=0": false, "gzip; q=0.000": false, "xgzip": false,
	} {
		answer := b.getScript(accepted)
		body := io.Reader(answer.Body)
		if got := answer.Header().Get("Content-Encoding") == "gzip"; got != compressed {
			t.Errorf("%q: compressed: %t", accepted, got)
		} else if got {
			var err error
			if body, err = gzip.NewReader(body); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != string(want) {
			t.Errorf("%q: %d bytes arrive, and %v", accepted, len(got), err)
		}
		if vary := answer.Header().Get("Vary"); vary != "Accept-Encoding" {
			t.Errorf("%q: Vary is %q", accepted, vary)
		}
	}
}

func (b *browser) getScript(acceptEncoding string) *httptest.ResponseRecorder {
	b.t.Helper()
	path, _ := view.Script()
	return b.send(http.MethodGet, path, nil, "Accept-Encoding", acceptEncoding)
}
