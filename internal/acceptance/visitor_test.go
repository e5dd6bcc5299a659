package acceptance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// chromeAgent is what visitors call themselves unless a test says otherwise.
const chromeAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"

// visitor is a browser as far as HTTP goes: it keeps cookies and says with each
// request what browsers say. It follows no redirect by itself. It belongs to
// one goroutine.
type visitor struct {
	t       testing.TB
	origin  string // of the site, as in the address bar
	agent   string
	cookies map[string]string
	client  *http.Client
	unlike  []string // headers of the gate's answers that are not the usual ones, see answer.flaw
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) location() string { return a.header.Get("Location") }

// isUpstream tells whether the app behind the gate gave the answer.
func (a answer) isUpstream() bool {
	return a.header.Get(upstreamMark) != "" || strings.Contains(a.body, demoMark)
}

// demoMark are words of each page of the demo's apps, and of no page of the gate.
const demoMark = ", an app behind the gate."

// newVisitor makes a browser without any cookie. Its connections go to the
// address given, whatever the origin is.
func newVisitor(t testing.TB, origin, address string) *visitor {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		},
		DisableCompression: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &visitor{
		t: t, origin: origin, agent: chromeAgent, cookies: make(map[string]string),
		client: &http.Client{
			Transport: transport, Timeout: patience,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// request makes a request with headers given as name, value, name, value.
func (v *visitor) request(method, path, body string, headers ...string) *http.Request {
	r, err := http.NewRequest(method, v.origin+path, strings.NewReader(body))
	if err != nil {
		panic(fmt.Sprintf("a test made the request %s %s: %v", method, path, err))
	}
	r.Header.Set("User-Agent", v.agent)
	// A server may close a connection that it kept, just when a request goes
	// out. Browsers send it again then, forms too; net/http does so for a request
	// that has this key, and sends no header for an empty one.
	r.Header["Idempotency-Key"] = nil
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

// navigation are the headers of somebody opening a page.
var navigation = []string{
	"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
	"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-User", "?1", "Upgrade-Insecure-Requests", "1",
}

// navigate is the request of somebody opening a page from elsewhere.
func (v *visitor) navigate(path string) *http.Request {
	return v.request(http.MethodGet, path, "", append(slices.Clone(navigation), "Sec-Fetch-Site", "none")...)
}

// form is the request of somebody submitting a form of the site, its fields
// given as name, value, name, value.
func (v *visitor) form(path string, fields ...string) *http.Request {
	values := make(url.Values)
	for i := 0; i < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	return v.request(http.MethodPost, path, values.Encode(), append(slices.Clone(navigation),
		"Content-Type", "application/x-www-form-urlencoded", "Origin", v.origin, "Sec-Fetch-Site", "same-origin")...)
}

// script is the request of a page's script.
func (v *visitor) script(method, path string) *http.Request {
	return v.request(method, path, "", "Accept", "*/*",
		"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Site", "same-origin")
}

// try sends a request with the visitor's cookies, keeps those that come back,
// and checks what every answer of the gate has to have.
func (v *visitor) try(r *http.Request) (answer, error) {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(v.cookies)) {
		pairs = append(pairs, name+"="+v.cookies[name])
	}
	if len(pairs) > 0 && r.Header.Get("Cookie") == "" {
		r.Header.Set("Cookie", strings.Join(pairs, "; "))
	}
	response, err := v.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	for _, cookie := range response.Cookies() {
		if cookie.MaxAge < 0 || !cookie.Expires.IsZero() && cookie.Expires.Before(time.Now()) {
			delete(v.cookies, cookie.Name)
		} else {
			v.cookies[cookie.Name] = cookie.Value
		}
	}
	a := answer{response.StatusCode, response.Header, string(body)}
	if flaw := a.flaw(v.unlike...); flaw != "" {
		return a, fmt.Errorf("%s %s: %d: %s", r.Method, r.URL, a.status, flaw)
	}
	return a, nil
}

// do is try where nothing may go wrong.
func (v *visitor) do(r *http.Request) answer {
	v.t.Helper()
	a, err := v.try(r)
	if err != nil {
		v.t.Fatal(err)
	}
	return a
}

func (v *visitor) open(path string) answer {
	v.t.Helper()
	return v.do(v.navigate(path))
}

func (v *visitor) submit(path string, fields ...string) answer {
	v.t.Helper()
	return v.do(v.form(path, fields...))
}

// ask asks for a link and returns the answer to the form.
func (v *visitor) ask(address, to string) answer {
	v.t.Helper()
	return v.submit("/_doorpost/sign-in", "email", address, "to", to)
}

// who is the address of whoever is signed in, empty for nobody.
func (v *visitor) who() string {
	v.t.Helper()
	who, err := v.tryWho()
	if err != nil {
		v.t.Fatal(err)
	}
	return who
}

func (v *visitor) tryWho() (string, error) {
	a, err := v.try(v.script(http.MethodGet, "/_doorpost/session"))
	switch {
	case err != nil:
		return "", err
	case a.status == http.StatusUnauthorized:
		return "", nil
	case a.status != http.StatusOK:
		return "", fmt.Errorf("/session answered %d: %s", a.status, a.body)
	}
	said, err := jsonFields(a.body)
	if err != nil {
		return "", err
	}
	email, _ := said["email"].(string)
	if email == "" {
		return "", errors.New("/session names nobody: " + a.body)
	}
	return email, nil
}

// sessionCookie is the visitor's session cookie, whatever its prefix.
func (v *visitor) sessionCookie() (name, value string) {
	return v.ours("doorpost")
}

// requestCookie remembers that the visitor asked for a link.
func (v *visitor) requestCookie() (name, value string) { return v.ours("doorpost-ask") }

// ours is the visitor's cookie of a kind, whatever stands before and behind the kind
// in its name.
func (v *visitor) ours(kind string) (name, value string) {
	named := regexp.MustCompile(`^(__Host-|__Secure-)?` + kind + `(-\d+)?$`)
	for name, value := range v.cookies {
		if named.MatchString(name) {
			return name, value
		}
	}
	return "", ""
}

// twin is another browser with the same cookies: what a thief has who copied
// them.
func (v *visitor) twin() *visitor {
	other := *v
	other.cookies = maps.Clone(v.cookies)
	return &other
}
