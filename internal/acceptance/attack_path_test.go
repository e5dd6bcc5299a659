package acceptance

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
)

// readings are the paths that servers make of a request target: with escapes
// decoded once or more often, a backslash for a slash, parameters of
// segments dropped, cut at a zero byte, and dot segments resolved at any step.
func readings(target string) []string {
	start, _, _ := strings.Cut(target, "?")
	found := []string{decoded(start)}
	for i := 0; i < len(found) && len(found) < 400; i++ {
		p := found[i]
		next := []string{strings.ReplaceAll(p, "\\", "/"), withoutParameters(p), decoded(p)}
		if cut := strings.IndexByte(p, 0); cut >= 0 {
			next = append(next, p[:cut], strings.ReplaceAll(p, "\x00", ""))
		}
		if strings.HasPrefix(p, "/") {
			next = append(next, path.Clean(p)+strings.Repeat("/", min(1, len(p)-len(strings.TrimRight(p, "/")))))
		}
		for _, reading := range next {
			if !slices.Contains(found, reading) {
				found = append(found, reading)
			}
		}
	}
	return found
}

func withoutParameters(p string) string {
	segments := strings.Split(p, "/")
	for i, segment := range segments {
		segments[i], _, _ = strings.Cut(segment, ";")
	}
	return strings.Join(segments, "/")
}

// decoded decodes the escapes that are ones, and leaves what is not.
func decoded(p string) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		if p[i] == '%' && i+2 < len(p) {
			if c, err := url.PathUnescape(p[i : i+3]); err == nil {
				b.WriteString(c)
				i += 2
				continue
			}
		}
		b.WriteByte(p[i])
	}
	return b.String()
}

// leavesPublic is a reading of the target that is no open path, empty if all
// are.
func leavesPublic(target string) string {
	for _, reading := range readings(target) {
		if !strings.HasPrefix(path.Clean("/"+reading)+"/", "/public/") {
			return reading
		}
	}
	return ""
}

// wanderings are targets put together at random from what paths are made of.
func wanderings(random *rand.Rand, count int) (targets []string) {
	segments := []string{"public", "public", "app", "x", "..", "..", ".", "", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "..;", "..;a=b", ";", "x;y", "..%00", ".%00.", "PUBLIC", "publicx", "%70ublic", "...", "%", "%zz", "..%3b", "a%20b", "~", "*"}
	slashes := []string{"/", "/", "/", "/", "//", "\\", "%2f", "%2F", "%5c", "%252f", "/./", "/%2e/", ";/"}
	for range count {
		target := "/"
		if random.IntN(2) == 0 {
			target = "/public/"
		}
		for i := range 1 + random.IntN(5) {
			if i > 0 {
				target += slashes[random.IntN(len(slashes))]
			}
			target += segments[random.IntN(len(segments))]
		}
		ends := []string{"", "", "", "/", "?x=/public/", "?/../public/", "#/public/x", "%23", "%3f", "%00", "%20", "."}
		targets = append(targets, target+ends[random.IntN(len(ends))])
	}
	return targets
}

func TestAttackBY01NoReadingOfAnOpenPathIsClosed(t *testing.T) {
	t.Parallel()
	g := start(t, setup{site: "allow *@example.com\npublic /public/*", silent: true})
	passed := 0
	for _, target := range wanderings(rand.New(rand.NewPCG(1, 1)), 1500) {
		hits := g.upstream.count()
		a, err := g.raw(g.line("GET", target, "") + "Connection: close\n")
		switch open := g.upstream.count() > hits; {
		case err != nil:
			t.Errorf("%s: %v", target, err)
		case open && leavesPublic(target) != "":
			t.Errorf("%s reached the app, which may read it as %q", target, leavesPublic(target))
		case open:
			passed++
		case a.status != http.StatusBadRequest && a.status != http.StatusUnauthorized && a.status != http.StatusNotFound:
			t.Errorf("%s was answered %d", target, a.status)
		}
	}
	if passed < 20 {
		t.Errorf("only %d targets were let through: the others show nothing", passed)
	}
	t.Logf("%d targets were open", passed)
}

// The path of HTTP/2 and HTTP/3 is a field, which other parsers read.
func TestAttackBY01PathsOfOtherVersions(t *testing.T) {
	t.Parallel()
	g := startSecure(t, setup{site: "allow *@example.com\npublic /public/*", silent: true})
	targets := append(bypasses(), wanderings(rand.New(rand.NewPCG(1, 2)), 150)...)
	targets = append(targets, "public/x", "*", "", "http://localhost/public/x", "https://"+strings.TrimPrefix(g.origin, "https://")+"/app", " /public/x", "/public/x y", "/public/\tx", "?/public/x", "/public/x\x00", "/public/\r\nx")
	check := func(version, target string, hits, status int) {
		t.Helper()
		switch open := g.upstream.count() > hits; {
		case open && leavesPublic(target) != "":
			t.Errorf("over %s %q reached the app, which may read it as %q", version, target, leavesPublic(target))
		case !open && (status >= 500 || status == http.StatusOK):
			t.Errorf("over %s %q was answered %d", version, target, status)
		}
	}
	for _, target := range targets {
		hits := g.upstream.count()
		status, _ := g.frame(g.pseudo(target, "")...)
		check("HTTP/2", target, hits, status)
	}
	v := g.over("HTTP/3")
	for _, target := range targets {
		if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") {
			continue // the client would make another URL of it
		}
		r := v.script(http.MethodGet, "/")
		r.URL.Opaque = target
		if r.URL.RequestURI() != target {
			continue
		}
		hits := g.upstream.count()
		a, _ := v.try(r) // one that the client refuses itself reaches nobody
		check("HTTP/3", target, hits, a.status)
	}
}

// Whoever sits in front and is trusted may say where a visitor comes from,
// nothing else.
func TestAttackBY03ForwardedHeadersOfATrustedProxy(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	g.configure(setup{site: "allow *@example.com\npublic /public/* /", silent: true})
	replaceInFile(t, g.caddyfile(), "skip_install_trust\n", "skip_install_trust\nservers {\ntrusted_proxies static 127.0.0.1/32 ::1/128\nclient_ip_headers X-Forwarded-For X-Real-Ip\n}\n")
	g.run()
	host := strings.TrimPrefix(g.origin, "http://")
	var names []string
	for _, begin := range []string{"X-Forwarded-", "X-Original-", "X-Rewrite-", "X-Envoy-Original-", "X-", "X-Http-"} {
		for _, end := range []string{"Uri", "Url", "Path", "Prefix", "Method", "Method-Override", "Host", "Proto", "Scheme", "Port", "For", "User", "Email"} {
			names = append(names, begin+end)
		}
	}
	names = append(names, "Forwarded", "Via", "Front-End-Https", "X-Accel-Redirect", "X-Sendfile", "X-Auth-Request-Redirect", "Sec-Fetch-Site", "Service-Worker")
	values := []string{"/public/x", "/", "OPTIONS", "https", "443", host, "http://" + host + "/public/x", "host=" + host + ";proto=https;for=127.0.0.1", "127.0.0.1", "GET", "ada@example.com", "none"}
	session := g.signedIn("ada@example.com").cookie()
	hits := g.upstream.count()
	for i, name := range names {
		for j, value := range values {
			spelling := []string{name, strings.ReplaceAll(name, "-", "_"), strings.ToLower(name)}[(i+j)%3]
			a := g.mustRaw(g.line("GET", "/app/echo", "") + spelling + ": " + value + "\nConnection: close\n")
			if a.status != http.StatusUnauthorized || strings.Contains(a.body, "evil") {
				t.Errorf("%s: %s was answered %d", spelling, value, a.status)
			}
		}
	}
	if g.upstream.count() != hits {
		t.Error("the app was reached")
	}
	for _, name := range names {
		got, reached := g.echoed(g.line("GET", "/app", session) + name + ": /public/x\n")
		if !reached {
			t.Errorf("with %s somebody signed in was refused", name)
			continue
		}
		checkIdentity(t, name, got, "ada@example.com")
	}
}

func TestAttackBY07MistakesStopTheStart(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	long := "secret " + newSecret() + "\n"
	usual := setup{}
	for what, change := range map[string]func(*setup){
		"a short secret":               func(s *setup) { s.global = "secret " + newSecret()[:10] },
		"a secret that is none":        func(s *setup) { s.global = "secret change-me-change-me-change-me-change-me!" },
		"an empty secret":              func(s *setup) { s.global = `secret ""` },
		"a secret of zeros":            func(s *setup) { s.global = "secret " + strings.Repeat("0", 64) },
		"a secret that is not set":     func(s *setup) { s.global = "secret {env.DOORPOST_NOT_SET}" },
		"a secret that cannot be read": func(s *setup) { s.global = "secret {file./nowhere/secret}" },
		"the second secret short":      func(s *setup) { s.global = "secret " + newSecret() + " " + newSecret()[:8] },
		"nobody allowed":               func(s *setup) { s.site = "deny eve@example.com" },
		"an empty allow":               func(s *setup) { s.site = "allow" },
		"an empty word in allow":       func(s *setup) { s.site = `allow ""` },
		"a pattern in allow":           func(s *setup) { s.site = "allow *example.com" },
		"an unknown group":             func(s *setup) { s.site = "allow group:nobody" },
		"an unknown option":            func(s *setup) { s.site = "allow *@example.com\nalow eve@example.com" },
		"an unknown global option":     func(s *setup) { s.global = "sercet x" },
		"links without life":           func(s *setup) { s.global = "link_ttl 0s" },
		"links that live for ever":     func(s *setup) { s.global = "link_ttl 1000h" },
		"sessions without life":        func(s *setup) { s.global = "session {\nidle 0s\n}" },
		"a public URL in the clear":    func(s *setup) { s.site = "allow *@example.com\nurl http://app.example.com" },
		"a site in the clear":          func(s *setup) { s.address = "http://app.example.com:" + g.port },
		"everything public":            func(s *setup) { s.site = "allow *@example.com\npublic /*" },
		"a public suffix for cookies":  func(s *setup) { s.global = "session {\ncookie_domain co.uk\n}" },
		"a Redis without a secret":     func(s *setup) { s.store = "redis redis://127.0.0.1:1" },
		"a Redis URL with a typo":      func(s *setup) { s.store, s.global = "redis redsi://127.0.0.1:1", long },
		"a Redis URL without a scheme": func(s *setup) { s.store, s.global = "redis 127.0.0.1:1", long },
		"a mailer without its key":     func(s *setup) { s.mailer = "mailer mailgun {\ndomain mg.example.com\n}" },
		"a key that is not set": func(s *setup) {
			s.mailer = "mailer mailgun {\ndomain mg.example.com\napi_key {env.DOORPOST_NOT_SET}\n}"
		},
		"mail in the clear to elsewhere": func(s *setup) { s.mailer = "mailer smtp mail.example.com:25 {\ntls off\n}" },
	} {
		s := usual
		change(&s)
		g.configure(s)
		code, output := runToEnd(t, g.home, "validate", "--config", g.caddyfile())
		if code == 0 || strings.Contains(output, "goroutine") || !strings.Contains(output, "ERROR\t") {
			t.Errorf("%s: validate ended with %d: %s", what, code, output)
		}
	}
	g.configure(usual)
	if code, output := runToEnd(t, g.home, "validate", "--config", g.caddyfile()); code != 0 {
		t.Errorf("without a mistake validate ended with %d: %s", code, output)
	}
}
