package acceptance

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// damaged are values that are not the signed value given, but might pass for
// it.
func damaged(good string) map[string]string {
	bad := map[string]string{
		"empty": "", "quote": `"`, "quoted": `"` + good + `"`, "one byte": "x", "a lot": strings.Repeat("a", 14<<10), "bad base64": "!!!!", "signature only": base64.URLEncoding.EncodeToString([]byte("1|x|y")),
		"truncated by one": good[:len(good)-1], "truncated by two": good[:len(good)-2], "half": good[:len(good)/2], "last half": good[len(good)/2:], "doubled": good + good, "one more": good + "A",
		"padded": good + "=", "percent-encoded": url.QueryEscape(good + "/"), "lower case": strings.ToLower(good), "JSON": `{"user":"ada@example.com"}`, "an address": "ada@example.com",
		"dots": "a.b.c", "JWT": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.", "null": "null", "true": "true", "path": "../../etc/passwd", "control": "a\tb",
	}
	for i := range good {
		for bit := range 3 {
			changed := []byte(good)
			changed[i] ^= 1 << (2 * bit)
			if c := changed[i]; c > ' ' && c < 0x7f && c != ';' && c != '"' && c != ',' && c != '\\' {
				bad[fmt.Sprintf("bit %d of byte %d", 2*bit, i)] = string(changed)
			}
		}
	}
	if raw, err := base64.URLEncoding.DecodeString(good); err == nil {
		bad["other alphabet"] = base64.StdEncoding.EncodeToString(raw) + "+"
		bad["without padding"] = base64.RawURLEncoding.EncodeToString(raw) + "=="
		for i := range raw {
			changed := append([]byte(nil), raw...)
			changed[i] ^= 1 << (i % 8)
			bad[fmt.Sprintf("decoded byte %d", i)] = base64.URLEncoding.EncodeToString(changed)
		}
	}
	for what, value := range bad {
		if value == good {
			delete(bad, what)
		}
	}
	return bad
}

func TestNoMalformedSessionCookieOpensTheDoor(t *testing.T) {
	t.Parallel()
	g, elsewhere := start(t, setup{silent: true}), start(t, setup{silent: true})
	v := g.signedIn("ada@example.com")
	name, good := v.sessionCookie()
	v.open("/").echo(t)
	bad := damaged(good)
	_, foreign := elsewhere.signedIn("ada@example.com").sessionCookie()
	askName, request := v.requestCookie()
	for what, cookie := range map[string]string{"of another site": foreign, "request cookie in its place": request} {
		bad[what] = cookie
	}
	hits := g.upstream.count()
	refused := func(what, cookies string) {
		t.Helper()
		program, err := g.raw(g.line("GET", "/app", cookies) + "Connection: close\n")
		if err != nil || program.status != http.StatusUnauthorized {
			t.Errorf("%s: a program is answered %d (%v)", what, program.status, err)
		}
		person, err := g.raw(g.line("GET", "/app", cookies) + "Accept: text/html\nConnection: close\n")
		if err != nil || person.status != http.StatusSeeOther || person.flaw() != "" {
			t.Errorf("%s: a person is answered %d (%v) %s", what, person.status, err, person.flaw())
		}
		// The dead cookie is cleared, so that it is not sent for ever.
		if cleared := person.header.Get("Set-Cookie"); !strings.HasPrefix(cleared, name+"=;") || !strings.Contains(cleared, "Max-Age=0") {
			t.Errorf("%s: the cookie is not cleared: %q", what, cleared)
		}
	}
	for what, value := range bad {
		refused(what, name+"="+value)
	}
	other := g.signedIn("bob@example.com").cookie()
	refused("two sessions", v.cookie()+"; "+other)
	refused("two sessions on two lines", v.cookie()+"\nCookie: "+other)
	refused("two sessions, one twice", v.cookie()+"; "+other+"; "+v.cookie())
	for what, cookies := range map[string]string{
		"another name": "D" + name[1:] + "=" + good, "of another port": "doorpost=" + good, "__Host-": "__Host-doorpost=" + good, "__Secure-": "__Secure-doorpost=" + good, "request cookie's name": askName + "=" + good, "name in the value": "x=" + name + "=" + good,
	} {
		g.mustRaw(g.line("GET", "/app", cookies)+"Connection: close\n").is(t, http.StatusUnauthorized)
		if a := g.mustRaw(g.line("GET", "/_doorpost/session", cookies) + "Connection: close\n"); a.status != http.StatusUnauthorized {
			t.Errorf("%s: /session answers %d", what, a.status)
		}
	}
	if n := g.upstream.count() - hits; n != 0 {
		t.Errorf("the app was reached %d times", n)
	}
	for what, cookies := range map[string]string{
		"the same twice": v.cookie() + "; " + v.cookie(), "a bad one before": name + "=x; " + v.cookie(), "a bad one behind": v.cookie() + "\nCookie: " + name + "=" + foreign,
	} {
		if a := g.mustRaw(g.line("GET", "/app", cookies) + "Connection: close\n"); a.status != http.StatusOK {
			t.Errorf("%s: answered %d", what, a.status)
		}
	}
	v.open("/").echo(t)
}

func TestNoMalformedRequestCookieMarksTheBrowser(t *testing.T) {
	t.Parallel()
	g, elsewhere := start(t, setup{silent: true}), start(t, setup{silent: true})
	v, foreign := g.visitor(), elsewhere.visitor()
	foreign.ask("ada@example.com", "/")
	v.ask("ada@example.com", "/")
	m := g.mail.await("ada@example.com")
	name, good := v.requestCookie()
	_, theirs := foreign.requestCookie()
	bad := damaged(good)
	bad["of another site"] = theirs
	for what, value := range bad {
		switch {
		case strings.ContainsAny(value, "\t\"{} "):
			continue // net/http's client does not send these
		case sameBytes(value, good):
			continue // another spelling of the same mark, made by whoever has it
		}
		other := g.visitor()
		other.cookies[name] = value
		a := other.submit("/_doorpost/code", "code", m.code).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
		if strings.Contains(a.body, "ada@example.com") {
			t.Errorf("%s: the page names who was asked for", what)
		}
		other.submit("/_doorpost/link", "token", m.token).is(t, http.StatusOK).setsNoSession(t)
		other.open("/_doorpost/check-mail").is(t, http.StatusOK)
	}
	v.submit("/_doorpost/code", "code", m.code).leadsTo(t, "/")
}

// sameBytes tells whether two values are the same but for the bits of base64
// that do not count.
func sameBytes(a, b string) bool {
	first, err1 := base64.URLEncoding.DecodeString(a)
	second, err2 := base64.URLEncoding.DecodeString(b)
	return err1 == nil && err2 == nil && string(first) == string(second)
}
