package caddymodule

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// endlessBody is a body that has a beginning and no end, and counts what is
// read of it.
type endlessBody struct {
	beginning *strings.Reader
	endless   bool
	read      int
}

var endless = strings.Repeat("a", 64<<10)

func (b *endlessBody) Read(p []byte) (n int, err error) {
	if n, err = b.beginning.Read(p); errors.Is(err, io.EOF) && b.endless {
		n, err = copy(p, endless), nil
	}
	b.read += n
	return n, err
}

func (b *endlessBody) Close() error { return nil }

// nobody makes requests of somebody who has neither asked nor signed in, with
// whatever a request can carry. They do not ask for a link: that is a form of
// our own with an address in it.
type nobody struct {
	origin string
	random *rand.Rand
}

func (n nobody) one(of ...string) string { return of[n.random.IntN(len(of))] }

// garbage is a value that nobody was given.
func (n nobody) garbage() string {
	all := []string{"", "x", "=", `"`, "null", "../..", "\u00fc", "a;b", "a=b; c", strings.Repeat("A", 1+n.random.IntN(200)), strings.Repeat("a", 40), "ABCD-2345", "MTc5NTQzNzgzMnxBZEVneG9Ia1lZN3ZZdjhyWEFlMjVVUT18g8IJ", "%00", "%zz", "a@b"}
	return all[n.random.IntN(len(all))]
}

func (n nobody) path() string {
	path := n.one("/", "/app", "/app/../x", "//app", "/_doorpost", "/_doorpost/", "/_doorpost/sign-in", "/_doorpost/sign-in", "/_doorpost/check-mail", "/_doorpost/code", "/_doorpost/link", "/_doorpost/stop",
		"/_doorpost/session", "/_doorpost/account", "/_doorpost/sign-out", "/_doorpost/mailbox", "/_doorpost/hooks/mailgun", "/_doorpost/none", "/_doorpost/link/../sign-in", "/%5fdoorpost/sign-in", "/_DOORPOST/sign-in")
	for range n.random.IntN(3) {
		separator := "&"
		if !strings.Contains(path, "?") {
			separator = "?"
		}
		path += separator + n.one("to", "token", "code", "email", "confirm", "scope", "session", "x") + "=" + n.one("/", "//evil.example", "alice@example.com", fmt.Sprint(n.random.Int()), "all")
	}
	return path
}

// body is a form, or something else.
func (n nobody) body(address bool) *endlessBody {
	var fields []string
	for range n.random.IntN(5) {
		fields = append(fields, n.one("token", "code", "confirm", "scope", "session", "to", "email", "x")+"="+n.garbage())
	}
	if address && n.random.IntN(2) == 0 {
		fields = append(fields, "email=alice@example.com")
	}
	beginning := strings.Join(fields, "&")
	switch n.random.IntN(6) {
	case 0:
		beginning = n.one(`{"email":"alice@example.com"}`, `{"signature":{"timestamp":"1","token":"x","signature":"y"},"event-data":{}}`, "[", "--x\r\n", "\x00\xff")
	case 1:
		beginning = strings.Repeat("a=1&", n.random.IntN(6000)) + beginning
	}
	return &endlessBody{beginning: strings.NewReader(beginning), endless: n.random.IntN(3) == 0}
}

func (n nobody) request() (*http.Request, *endlessBody) {
	method := n.one("GET", "GET", "HEAD", "POST", "POST", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "X-ANY")
	ours := n.random.IntN(2) == 0
	body := n.body(!ours)
	r := httptest.NewRequest(method, "/", body)
	path, query, _ := strings.Cut(n.path(), "?")
	r.URL.Path, r.URL.RawQuery, r.RequestURI = path, query, path+"?"+query
	r.Host = strings.TrimPrefix(n.origin, "http://")
	r.ContentLength = -1
	if n.random.IntN(10) == 0 {
		r.Host = n.one("evil.example", "127.0.0.1", "", "localhost")
	}
	set := func(name string, values ...string) {
		if value := n.one(values...); value != "" {
			r.Header.Set(name, value)
		}
	}
	if ours {
		set("Origin", n.origin)
		set("Sec-Fetch-Site", "", "same-origin")
	} else {
		set("Origin", "", "null", "https://evil.example", n.origin+"1")
		set("Sec-Fetch-Site", "cross-site", "same-site", "none", "x")
	}
	set("Accept", "", "text/html", "*/*", "application/json")
	set("Sec-Fetch-Mode", "", "navigate", "cors", "websocket")
	set("Content-Type", "", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8", "application/json", "text/plain", "multipart/form-data; boundary=x")
	set("Accept-Language", "", "de", strings.Repeat("a-b,", 100))
	set("Referer", "", n.origin+"/app", "https://evil.example/")
	set("Purpose", "", "prefetch")
	set("Range", "", "bytes=0-1")
	set("X-Forwarded-For", "", "1.2.3.4")
	set("X-HTTP-Method-Override", "", "POST")
	if n.random.IntN(8) == 0 {
		r.Header.Set("Connection", "upgrade")
		r.Header.Set("Upgrade", "websocket")
	}
	var cookies []string
	for range n.random.IntN(4) {
		cookies = append(cookies, n.one("doorpost-8080", "doorpost-ask-8080", "doorpost", "__Host-doorpost", "theme", "doorpost-x")+"="+n.garbage())
	}
	if cookies != nil {
		r.Header.Set("Cookie", strings.Join(cookies, "; "))
	}
	return r, body
}

// sent is a request as errors name it, which is not spelled out for each.
type sent struct {
	*http.Request
	number int
}

func (s sent) String() string {
	return fmt.Sprintf("request %d: %s %s %v", s.number, s.Method, s.RequestURI, s.Header)
}

// Whoever has neither asked nor signed in writes nothing into the store, is
// given one small cookie at most, and has no more of a body read than a form
// may have.
func TestAttackDS01NobodyWritesNothingWhateverTheySend(t *testing.T) {
	const requests, mostRead, mostCookie = 20_000, 64<<10 + 1, 512 // of a form that is kept; one byte tells that there are more
	store := filepath.Join(t.TempDir(), "doorpost.db")
	g := newGateway(t, "doorpost {\n store bolt "+store+"\n from sign-in@example.com\n mailer mailgun {\n domain mg.example.com\n api_key x\n webhook_key y\n }\n}\n", "doorpost {\n allow *@example.com\n}\n respond ok\n")
	handler := findHandler(t)
	content := func() []byte {
		kept, err := os.ReadFile(store)
		if err != nil {
			t.Fatal(err)
		}
		return kept
	}
	n := nobody{origin: g.origin(), random: rand.New(rand.NewPCG(1, 1))}
	answers, read, longest := make(map[int]int), 0, 0
	before := content()
	for i := range requests {
		r, body := n.request()
		what := sent{r, i}
		w := httptest.NewRecorder()
		err := handler.ServeHTTP(w, caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, &caddyhttp.Server{}), caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error {
			return errors.New("it reached the app")
		}))
		if refused := (caddyhttp.HandlerError{}); errors.As(err, &refused) && refused.StatusCode/100 == 4 {
			w.Code = refused.StatusCode
		} else if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		answers[w.Code]++
		if w.Code >= 500 {
			t.Errorf("%s was answered %d", what, w.Code)
		}
		if read = max(read, body.read); body.read > mostRead {
			t.Errorf("%s: %d bytes of the body were read", what, body.read)
		}
		set := 0
		for _, line := range w.Header().Values("Set-Cookie") {
			if !strings.Contains(line, "Max-Age=0") {
				set++
				longest = max(longest, len(line))
			}
		}
		if set > 1 || longest > mostCookie {
			t.Errorf("%s was given %d cookies: %q", what, set, w.Header().Values("Set-Cookie"))
		}
		if t.Failed() {
			t.FailNow()
		}
		// Each write of the store gives its file another number.
		if i%1000 == 999 && !bytes.Equal(before, content()) {
			t.Fatalf("one of the last 1000 requests wrote into the store; the last was %s", what)
		}
	}
	t.Logf("answers by status %v; at most %d bytes of a body were read; the longest cookie has %d bytes", answers, read, longest)
	for _, status := range []int{200, 303, 400, 401, 403, 404, 405, 413, 415, 421, 422} {
		if answers[status] == 0 {
			t.Errorf("no request was answered %d: they are not as varied as they should be", status)
		}
	}
	if read < mostRead {
		t.Error("no body was read to its bound")
	}
	// The same form, from our own page and with an address in it, is what is not
	// nobody's any more: it writes.
	g.newBrowser().post("/_doorpost/sign-in", map[string][]string{"email": {"alice@example.com"}})
	if bytes.Equal(before, content()) {
		t.Error("a request for a link leaves the file of the store as it was: it does not show what is written")
	}
}
