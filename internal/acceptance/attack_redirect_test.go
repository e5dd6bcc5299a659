package acceptance

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
	"golang.org/x/net/html"
)

// leadAway are addresses that lead to another site in some reader's eyes: a
// beginning, a host in one of its many spellings, and an end. Each stands once
// as it is, once and twice percent-encoded.
func leadAway() (all []string) {
	begins := []string{
		"", "/", "//", "///", "////", "/\\", "\\/", "\\\\", "/\\/\\/", "/\t/", "/\n/", "/\r/", "/ /", " //", "\t//", "\x01//", "/%09/", "/%0a/", "/%0d/", "/%5c", "/%2f", "/%2f%2f", "%2f%2f", "/%5c%5c", "/%252f", "/%255c", "/%00/",
		"http:", "http:/", "http://", "http:///", "https:", "https:/", "https:\\\\", "https://", "https:///", "HTTPS://", "ht\ttps://", "//https:///", "/https://", "/http:/", "ftp://", "blob:https://", "view-source:https://",
		"/..//", "/.//", "/./\\", "/x/..//", "/x/../../", "/%2e%2e//", "/;//", "<>//", "/<>//", "@", "/@", "//;@", "?//", "#//", "/?//", "/#//", "javascript://", "java\tscript://", "data:text/html,", "mailto:", "//\x00", "/\u2028/", "/\u00a0/", "/\uff0f", "\ufeff//",
	}
	hosts := []string{
		"evil.example", "evil.example:80", "localhost@evil.example", "localhost:80@evil.example", "localhost%40evil.example", "evil.example\\@localhost", "evil.example%00.localhost", "evil%E3%80%82example", "evil。example",
		"3627734734", "0xd83ad6ce", "0330.072.0326.0316", "[::ffff:216.58.214.206]", "evil.example#@localhost/", "evil.example?@localhost/", "evil.example%23.localhost", "%65vil.example", "evil.example\tx",
		"_doorpost/sign-out", "%5fdoorpost/account",
	}
	ends := []string{"", "/", "/%2e%2e", "/%2f..", "//", "/%2e%2e%2f", "?x=/app", "#/app"}
	random := rand.New(rand.NewPCG(4, 4))
	for _, begin := range begins {
		for _, host := range hosts {
			to := begin + host + ends[random.IntN(len(ends))]
			all = append(all, to)
			switch random.IntN(4) {
			case 0:
				all = append(all, url.QueryEscape(to))
			case 1:
				all = append(all, url.QueryEscape(url.QueryEscape(to)))
			case 2:
				all = append(all, "/"+url.PathEscape(to))
			}
		}
	}
	return all
}

// resolved is how the browser itself reads a Location that a page of ours
// answered with.
type resolved struct{ Origin, Path, Rest string }

// resolve asks the browser for all of the locations at once.
func resolve(t *testing.T, b *tab, base string, locations []string) (all []resolved) {
	t.Helper()
	list, err := json.Marshal(locations)
	if err != nil {
		t.Fatal(err)
	}
	all, err = evaluate[[]resolved](b, fmt.Sprintf(`%s.map(l => {
		try { const u = new URL(l, %q); return { Origin: u.origin, Path: u.pathname, Rest: u.search + u.hash }; }
		catch (e) { return { Origin: "no URL: " + e }; }
	})`, list, base))
	if err != nil || len(all) != len(locations) {
		t.Fatalf("the browser read %d of %d locations: %v", len(all), len(locations), err)
	}
	return all
}

// field is the value of a field of the first form of a page that has it.
func (a answer) field(t testing.TB, name string) string {
	t.Helper()
	for _, form := range a.forms(t) {
		for i := 0; i < len(form.fields); i += 2 {
			if form.fields[i] == name {
				return form.fields[i+1]
			}
		}
	}
	t.Fatalf("no form has a field %s: %s", name, a.body)
	return ""
}

// links are the addresses that the links of a page lead to.
func (a answer) links() (found []string) {
	tokens := html.NewTokenizer(strings.NewReader(a.body))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return found
		case html.StartTagToken:
			token := tokens.Token()
			for _, attribute := range token.Attr {
				if token.Data == "a" && attribute.Key == "href" {
					found = append(found, attribute.Val)
				}
			}
		}
	}
}

func TestAttackRD01ABrowserStaysAtTheSite(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	corpus := leadAway()
	v := g.visitor()
	var sent, locations []string
	note := func(to, location string) { sent, locations = append(sent, to), append(locations, location) }
	for i, to := range corpus {
		// What the form carries is what the answer to it will say.
		page := v.do(v.navigate("/_doorpost/sign-in?to="+url.QueryEscape(to))).is(t, http.StatusOK)
		note(to, page.field(t, "to"))
		if i%4 == 0 {
			if a := v.submit("/_doorpost/sign-out", "to", to); a.location() != "" {
				note("sign-out "+to, a.location())
			}
		}
		if i%4 == 1 {
			for _, link := range v.open("/_doorpost/sign-in?to=" + url.QueryEscape(to)).links() {
				note("link for "+to, link)
			}
		}
		if kept := locations[len(locations)-1]; kept != "/" && i%10 == 0 {
			note("signed in for "+to, g.signIn(g.visitor(), "ada@example.com", to))
		}
	}
	tab := newProfile(t).newTab()
	tab.open(g.origin + "/_doorpost/sign-in")
	kept := 0
	for i, r := range resolve(t, tab, g.origin+"/_doorpost/link", locations) {
		if r.Origin != g.origin {
			t.Errorf("%q leads to %q, which the browser takes to %s", sent[i], locations[i], r.Origin)
		}
		// Read once more, as a page does that keeps the path: it stays there.
		if strings.HasPrefix(r.Path, "//") || strings.HasPrefix(sent[i], "signed in for ") && strings.HasPrefix(r.Path, "/_doorpost") {
			t.Errorf("%q leads to %q, which the browser takes to the path %s", sent[i], locations[i], r.Path)
		}
		if locations[i] != "/" {
			kept++
		}
	}
	t.Logf("%d addresses, of which %d are local", len(corpus), kept)
}

// Strings that Go's parser takes for a path, and browsers for a host.
func TestAttackRD02WhatLooksRelativeToGo(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	var relative, locations []string
	for _, to := range leadAway() {
		if parsed, err := url.Parse(to); err == nil && parsed.Host == "" && to != "" {
			relative = append(relative, to)
		}
	}
	tab := newProfile(t).newTab()
	tab.open(g.origin + "/_doorpost/sign-in")
	// Those that the browser itself takes elsewhere, from any page of the site.
	var hostile []string
	for i, r := range resolve(t, tab, g.origin+"/_doorpost/link", relative) {
		if r.Origin != g.origin {
			hostile = append(hostile, relative[i])
		}
	}
	if len(hostile) < 50 {
		t.Fatalf("only %d addresses look relative to Go and are not: this test shows little", len(hostile))
	}
	for i, to := range hostile {
		a := g.visitor().open("/_doorpost/sign-in?to="+url.QueryEscape(to)).is(t, http.StatusOK)
		locations = append(locations, a.field(t, "to"))
		if i%8 == 0 {
			locations = append(locations, g.signIn(g.visitor(), "ada@example.com", to))
		}
	}
	for _, location := range slices.Compact(slices.Sorted(slices.Values(locations))) {
		if location != "/" {
			t.Errorf("an address that leads away became %q", location)
		}
	}
	t.Logf("%d addresses look relative to Go, %d of them lead away", len(relative), len(hostile))
}

func TestAttackRD04WhereToGoIsTheAskersWordOnly(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	v := g.visitor()
	v.ask("ada@example.com", "/wanted")
	m := g.mail.await("ada@example.com")
	other := g.visitor()
	page := other.submit("/_doorpost/link?to=/elsewhere", "token", m.token, "to", "/elsewhere", "return", "/elsewhere", "redirect", "https://evil.example").is(t, http.StatusOK)
	form := page.forms(t)[0]
	if strings.Contains(strings.Join(form.fields, " "), "elsewhere") {
		t.Errorf("the confirm page carries what the form said: %q", form.fields)
	}
	other.submit(form.action+"?to=/elsewhere", append(form.fields, "to", "//evil.example", "next", "/elsewhere")...).leadsTo(t, "/wanted")
}

func TestAttackRD06NoLocationComesFromHeaders(t *testing.T) {
	t.Parallel()
	port := testkit.FreePort()
	g := prepare(t, setup{})
	g.port = port
	g.configure(setup{address: ":" + port, origin: "http://localhost:" + port, site: "allow *@example.com\nurl http://localhost:" + port, silent: true})
	replaceInFile(t, g.caddyfile(), "skip_install_trust\n", "skip_install_trust\nservers {\ntrusted_proxies static 127.0.0.1/32\n}\n")
	g.run()
	values := map[string][]string{
		"X-Forwarded-Host": {"evil.example", "evil.example, localhost"}, "X-Forwarded-Proto": {"evil", "javascript", "http", "https"}, "X-Forwarded-Port": {"1"},
		"X-Forwarded-Prefix": {"//evil.example", "/evil.example"}, "X-Forwarded-Uri": {"//evil.example/"}, "X-Original-Url": {"//evil.example/"}, "X-Host": {"evil.example"},
		"Forwarded": {"host=evil.example;proto=https"}, "Referer": {"https://evil.example/x", "javascript:alert(1)//"}, "X-Forwarded-Server": {"evil.example"}, "Origin": {"https://evil.example"},
	}
	for name, all := range values {
		for _, value := range all {
			v := g.visitor()
			for _, path := range []string{"/", "/app?x", "/_doorpost/sign-in", "/_doorpost/link", "/_doorpost/check-mail", "/_doorpost/account", "/_doorpost/sign-out", "/_doorpost/session", "/_doorpost/nothing"} {
				for _, r := range []*http.Request{v.navigate(path), v.script(http.MethodGet, path), v.form(path, "email", "ada@example.com")} {
					r.Header.Set(name, value)
					a := v.do(r)
					for _, header := range []string{"Location", "Www-Authenticate", "Refresh", "Link", "Content-Location"} {
						if strings.Contains(a.header.Get(header), "evil") || strings.Contains(a.header.Get(header), "javascript") {
							t.Errorf("%s: %s at %s makes %s: %s", name, value, path, header, a.header.Get(header))
						}
					}
					if location := a.location(); location != "" && !strings.HasPrefix(location, "/") {
						t.Errorf("%s: %s at %s leads to %s", name, value, path, location)
					}
					if strings.Contains(a.body, "evil.example") || strings.Contains(a.body, "javascript:alert") {
						t.Errorf("%s: %s at %s comes back: %s", name, value, path, a.body)
					}
				}
			}
		}
	}
}
