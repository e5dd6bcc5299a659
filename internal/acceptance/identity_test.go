package acceptance

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// identityNames are the headers in which the app learns who is signed in. The last one is
// there only where the site says so, and no client's is anywhere.
var identityNames = []string{"Remote-User", "Remote-Email", "Remote-Groups", "Remote-Name", assertionHeader}

// forged is the value that clients send under the name of an identity header.
const forged = "forged-admin@example.com"

// spellings are names that some app takes for an identity header: its dash as
// - or _ or ., its letters in either case. All separators are in it, and of the
// cases a sample.
func spellings(name string) (all []string) {
	random := rand.New(rand.NewPCG(1, uint64(len(name))))
	for _, separator := range []string{"-", "_", "."} {
		plain := strings.ReplaceAll(name, "-", separator)
		all = append(all, plain, strings.ToLower(plain), strings.ToUpper(plain))
		for range 8 {
			mixed := []byte(strings.ToLower(plain))
			for i, c := range mixed {
				if 'a' <= c && c <= 'z' && random.IntN(2) == 0 {
					mixed[i] = c - 'a' + 'A'
				}
			}
			all = append(all, string(mixed))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// checkIdentity checks that an app got of the identity headers what the gate
// says, and nothing that a client sent.
func checkIdentity(t *testing.T, what string, got arrived, who string) {
	t.Helper()
	raw := strings.Join(got.Raw, "\n")
	if strings.Contains(raw, forged) || strings.Contains(got.Body, forged) && got.Trailer != nil {
		t.Errorf("%s: what the client claims reached the app:\n%s", what, raw)
	}
	for name, values := range got.Trailer {
		t.Errorf("%s: the trailer %s: %q reached the app", what, name, values)
	}
	want := map[string]string{"Remote-User": who, "Remote-Email": who}
	for _, name := range identityNames {
		values := got.values(name)
		switch {
		case want[name] == "" && len(values) > 0:
			t.Errorf("%s: %s is %q, want none", what, name, values)
		case want[name] != "" && (len(values) != 1 || values[0] != want[name]):
			t.Errorf("%s: %s is %q, want %s once", what, name, values, want[name])
		}
	}
	for _, line := range got.Raw {
		name, _, _ := strings.Cut(line, ":")
		folded := strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name))
		if (strings.HasPrefix(folded, "remote-") || strings.HasPrefix(folded, "doorpost-")) && !slices.Contains(identityNames, name) {
			t.Errorf("%s: a header by another spelling reached the app: %s", what, line)
		}
	}
}

// echoed sends a raw request that has to reach the app, and returns what did.
// A gate may refuse it instead; then nothing did.
func (g *stage) echoed(request string) (got arrived, reached bool) {
	g.t.Helper()
	hits := g.upstream.count()
	a := g.mustRaw(request)
	if !a.isUpstream() {
		if a.status < 400 || a.status >= 500 || g.upstream.count() != hits {
			g.t.Errorf("%q was answered %d, and the app was reached %d times", request, a.status, g.upstream.count()-hits)
		}
		return arrived{}, false
	}
	return g.upstream.latest(), true
}

func TestNoSpellingOfAnIdentityHeaderReachesTheApp(t *testing.T) {
	t.Parallel()
	g := start(t, setup{site: "allow *@example.com\npublic /public/*", silent: true})
	session := g.signedIn("ada@example.com").cookie()
	for _, visit := range []struct{ what, path, cookie, who string }{
		{"with a session", "/app", session, "ada@example.com"},
		{"without a session on a public path", "/public/x", "", ""},
		{"with a session on a public path", "/public/x", session, "ada@example.com"},
		{"with a dead session on a public path", "/public/x", "doorpost-" + g.port + "=MTIz", ""},
	} {
		var all strings.Builder
		for _, name := range identityNames {
			for _, spelling := range spellings(name) {
				all.WriteString(spelling + ": " + forged + "\n")
			}
		}
		got, reached := g.echoed(g.line("GET", visit.path, visit.cookie) + all.String())
		if !reached {
			t.Errorf("%s: a request with many headers was refused", visit.what)
		}
		checkIdentity(t, visit.what, got, visit.who)
		for _, name := range identityNames {
			for _, spelling := range spellings(name) {
				if got, reached := g.echoed(g.line("GET", visit.path, visit.cookie) + spelling + ": " + forged + "\n" + spelling + ":" + forged + "\n"); reached {
					checkIdentity(t, visit.what+", "+spelling, got, visit.who)
				}
			}
		}
	}
	// Without a session the app is not reached, whatever is claimed.
	hits := g.upstream.count()
	for _, name := range identityNames {
		for _, spelling := range spellings(name) {
			g.mustRaw(g.line("GET", "/app", "")+spelling+": "+forged+"\n").is(t, 401)
		}
	}
	if g.upstream.count() != hits {
		t.Error("a claimed identity opened the door")
	}
}

func TestRequestsThatAMatcherLeavesOutAreStrippedToo(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	// The directive with a matcher stands in behind, where the usual one would.
	g.configure(setup{site: "allow *@example.com", behind: "reverse_proxy " + g.upstream.address})
	replaceInFile(t, g.caddyfile(), "doorpost {\nallow", "doorpost /admin/* {\nallow")
	g.run()
	got, reached := g.echoed(g.line("GET", "/open", "") + "Remote-User: " + forged + "\nremote_groups: " + forged + "\n")
	if !reached {
		t.Fatal("a request that the matcher leaves out was refused")
	}
	checkIdentity(t, "outside the matcher", got, "")
	g.mustRaw(g.line("GET", "/admin/x", "")).is(t, 401)
}

func TestConnectionHeaderCannotDeleteTheIdentity(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	session := g.signedIn("ada@example.com").cookie()
	for _, name := range identityNames[:2] {
		for _, connection := range []string{
			"close, " + name, "close," + strings.ToLower(name), "  " + strings.ToUpper(name) + "  ", "keep-alive\nConnection: " + name,
			name + ", " + name + ", close", "close,\t" + name + "\t", "close, " + strings.ReplaceAll(name, "-", "_"), ", ,," + name + ",,",
			name + "\nProxy-Connection: " + name, "Cookie, " + name, "close, Remote-Groups, " + name, name + ";q=1, " + name,
		} {
			request := g.line("GET", "/app", session) + "Connection: " + connection + "\n" + name + ": " + forged + "\n"
			if got, reached := g.echoed(request); reached {
				checkIdentity(t, "Connection: "+connection, got, "ada@example.com")
			}
		}
		a := g.mustRaw(g.line("GET", "/socket", session) + "Connection: upgrade, " + name + "\nUpgrade: websocket\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\nSec-WebSocket-Version: 13\n")
		if a.isUpstream() {
			checkIdentity(t, "upgrade", g.upstream.latest(), "ada@example.com")
		} else if a.status != 400 {
			t.Errorf("an upgrade was answered %d", a.status)
		}
	}
}

func TestTrailersBringInNoIdentity(t *testing.T) {
	t.Parallel()
	g := start(t, setup{site: "allow *@example.com\npublic /public/*", silent: true})
	session := g.signedIn("ada@example.com").cookie()
	for _, visit := range []struct{ path, cookie, who string }{{"/app", session, "ada@example.com"}, {"/public/x", "", ""}} {
		for _, name := range append(spellings("Remote-User")[:6], "Remote-Groups", "remote_name", "X-Other") {
			head := g.line("POST", visit.path, visit.cookie) + "Transfer-Encoding: chunked\nTrailer: " + name + "\nTE: trailers\n\n"
			a, err := g.rawBody(head, "4\r\nbody\r\n0\r\n"+name+": "+forged+"\r\n\r\n")
			if err != nil {
				t.Fatal(err)
			}
			if !a.isUpstream() {
				if a.status != 400 {
					t.Errorf("trailer %s: answered %d", name, a.status)
				}
				continue
			}
			got := g.upstream.latest()
			if got.Body != "body" {
				t.Errorf("trailer %s: the body became %q", name, got.Body)
			}
			checkIdentity(t, "trailer "+name, got, visit.who)
		}
	}
}

func TestCookiesOfOthersArriveByteForByteAndOursNever(t *testing.T) {
	t.Parallel()
	g := start(t, setup{site: "allow *@example.com\npublic /public/*", silent: true})
	session := g.signedIn("ada@example.com").cookie()
	for _, c := range []struct{ sent, arrives string }{
		{session, ""},
		{"theirs=1; " + session, "theirs=1"},
		{session + "; theirs=1", "theirs=1"},
		{"a=1; " + session + "; b=\"two words\"; c", `a=1; b="two words"; c`},
		{"a=1; a=2; " + session + "; doorpost-ask=x; __Host-doorpost=y; __Secure-doorpost=z; __Host-doorpost-ask=w", "a=1; a=2"},
		{"mydoorpost=1; doorposts=2; xdoorpost-ask=3; " + session, "mydoorpost=1; doorposts=2; xdoorpost-ask=3"},
		{"x=a=b=c==; y=%3B%20; z=ü; " + session, "x=a=b=c==; y=%3B%20; z=ü"},
	} {
		got, reached := g.echoed(g.line("GET", "/app", c.sent))
		if !reached {
			t.Errorf("%q was refused", c.sent)
			continue
		}
		if arrives := strings.Join(got.values("Cookie"), "|"); arrives != c.arrives {
			t.Errorf("of the cookies %q the app got %q, want %q", c.sent, arrives, c.arrives)
		}
	}
	// Without any of ours nothing is touched, however odd.
	for _, odd := range []string{"a=1;b=2;;c=3", "  spaced = out ;x", "=nameless", ";", "a", "ä=ö"} {
		got, reached := g.echoed(g.line("GET", "/public/x", odd))
		if arrives := strings.Join(got.values("Cookie"), "|"); !reached || arrives != strings.TrimSpace(odd) {
			t.Errorf("of the cookies %q the app got %q", odd, arrives)
		}
	}
}
