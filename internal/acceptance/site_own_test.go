package acceptance

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Two sites of one server: what stands in the block of one holds there alone.
func TestOptionsOfASiteHoldThereAlone(t *testing.T) {
	t.Parallel()
	dashboard := httptest.NewServer(http.HandlerFunc(serveListening))
	t.Cleanup(dashboard.Close)
	g := prepare(t, setup{})
	plain := "http://other.localhost:" + g.port
	g.configure(setup{
		global: "brand {\nname \"All of us\"\n}",
		site: "allow *@example.com\ncors " + dashboard.URL + " https://dashboard.example.com\npublic :pwa :well-known\nsession {\nidle 1m\n}\n" +
			"brand {\nname \"The Reading Room\"\n}",
		behind: "reverse_proxy " + g.upstream.address + "\n}\n" + plain + " {\nlog\ndoorpost {\nallow *@example.com\n}\nreverse_proxy " + g.upstream.address,
	})
	g.run()
	at := func(t *testing.T, origin string) *visitor { return newVisitor(t, origin, "127.0.0.1:"+g.port) }
	signedIn := func(t *testing.T, origin, address string) (v *visitor, m message) {
		v = at(t, origin)
		v.ask(address, "/").leadsTo(t, "/_doorpost/check-mail")
		m = g.mail.await(address)
		v.redeem(m, "/")
		return v, m
	}

	t.Run("cors", func(t *testing.T) {
		t.Parallel()
		v, _ := signedIn(t, g.origin, "cors@example.com")
		preflight := func(origin string) *http.Request {
			return v.request(http.MethodOptions, "/api", "", "Origin", origin, "Access-Control-Request-Method", "PUT", "Remote-User", forged)
		}
		known := []string{"https://dashboard.example.com", dashboard.URL}
		for _, origin := range known {
			got := v.do(preflight(origin)).echo(t)
			if named := append(got.values("Remote-User"), got.values("Cookie")...); len(named) > 0 || got.values("Origin")[0] != origin {
				t.Errorf("with the preflight of %s the app is told %q", origin, named)
			}
		}
		out := at(t, g.origin)
		out.do(preflight(known[0])).echo(t)
		refused := func(what string, v *visitor, r *http.Request) answer {
			a := v.do(r) // which looks at all Access-Control headers
			if a.isProblem(t, http.StatusUnauthorized)["sign_in_url"] == "" {
				t.Errorf("%s: there is no sign_in_url", what)
			}
			return a
		}
		for _, origin := range []string{"https://evil.example", "null", g.origin, plain} {
			refused(origin, out, preflight(origin))
		}
		elsewhere := at(t, plain)
		r := preflight(known[0])
		r.URL.Host, r.Host = strings.TrimPrefix(plain, "http://"), ""
		refused("at another site", elsewhere, r)

		out.unlike = []string{"Access-Control-Allow-Origin", known[0], "Access-Control-Allow-Credentials", "true"}
		r = preflight(known[0])
		r.Header.Del("Access-Control-Request-Method")
		refused("an OPTIONS that is no preflight", out, r)
		r = preflight(known[0])
		r.Method = http.MethodPut
		if a := refused("a PUT", out, r); !strings.Contains(strings.Join(a.header.Values("Vary"), ","), "Origin") {
			t.Errorf("the answer varies by %q", a.header.Values("Vary"))
		}

		page := newProfile(t).newTab()
		page.expect("401")
		page.open(dashboard.URL)
		told, err := evaluate[string](page, `fetch("`+g.origin+`/api", { credentials: "include" }).then(async r => r.status + " " + (await r.json()).sign_in_url)`)
		if want := "401 " + g.origin + "/_doorpost/sign-in"; err != nil || told != want {
			t.Errorf("a page of another origin reads %q, want %q (%v)", told, want, err)
		}
	})

	t.Run("public by name", func(t *testing.T) {
		t.Parallel()
		v := at(t, g.origin)
		for _, path := range []string{"/manifest.json", "/manifest.webmanifest", "/site.webmanifest", "/favicon.ico", "/apple-touch-icon.png", "/apple-touch-icon-precomposed.png", "/robots.txt", "/.well-known/security.txt", "/.well-known/acme-challenge/x"} {
			r := v.navigate(path)
			r.Header.Set("Remote-User", forged)
			if got := v.do(r).echo(t); len(got.values("Remote-User")) > 0 {
				t.Errorf("at %s the app is told %q", path, got.values("Remote-User"))
			}
			at(t, plain).open(path).is(t, http.StatusSeeOther)
		}
		for _, path := range []string{"/", "/manifest.json/x", "/x/manifest.json", "/Manifest.json", "/manifest.jsonx", "/.well-known", "/.well-knownx", "/:pwa"} {
			v.open(path).is(t, http.StatusSeeOther)
		}
	})

	t.Run("brand", func(t *testing.T) {
		t.Parallel()
		for origin, names := range map[string][2]string{g.origin: {"The Reading Room", "All of us"}, plain: {"All of us", "The Reading Room"}} {
			address := strings.ReplaceAll(strings.ToLower(names[0]), " ", "-") + "@example.com"
			page := at(t, origin).open("/_doorpost/sign-in").says(t, names[0])
			_, m := signedIn(t, origin, address)
			for what, said := range map[string]string{"page": page.body, "message": string(m.raw), "message as text": m.text, "message as HTML": m.html} {
				if strings.Contains(said, names[1]) || what != "message" && !strings.Contains(said, names[0]) {
					t.Errorf("the %s of %s says: %s", what, origin, said)
				}
			}
		}
	})

	t.Run("session", func(t *testing.T) {
		t.Parallel()
		began := time.Now()
		narrow, _ := signedIn(t, g.origin, "narrow@example.com")
		wide, _ := signedIn(t, plain, "wide@example.com")
		if left := narrow.expires().Sub(began); left > time.Minute+patience || wide.expires().Sub(began) < time.Hour {
			t.Fatalf("the sessions end at %v and %v, it is %v", narrow.expires(), wide.expires(), began)
		}
		ends := func(address string) (all []time.Time) {
			var list []struct{ Expires time.Time }
			g.prints(&list, "sessions", "list", address)
			for _, s := range list {
				all = append(all, s.Expires)
			}
			return all
		}
		if listed := ends("narrow@example.com"); len(listed) != 1 || listed[0].Sub(began) > time.Minute+patience {
			t.Errorf("listed is that the session ends at %v, it began at %v", listed, began)
		}
		if listed := ends("wide@example.com"); len(listed) != 1 || listed[0].Sub(began) < time.Hour {
			t.Errorf("listed is that the session elsewhere ends at %v, it began at %v", listed, began)
		}
		end := narrow.expires().Add(time.Second) // what it is cut to
		again := time.NewTicker(2 * time.Second)
		defer again.Stop()
		for !time.Now().After(end) { // the shortest that there is
			<-again.C
			wide.isIn("wide@example.com")
		}
		narrow.open("/").is(t, http.StatusSeeOther)
		narrow.isOut()
		if listed := ends("narrow@example.com"); len(listed) > 0 {
			t.Errorf("a session that is over is listed, with the end %v", listed)
		}
		wide.isIn("wide@example.com")
	})
}

// expires is when the session ends unless it is used.
func (v *visitor) expires() time.Time {
	v.t.Helper()
	said, err := jsonFields(v.do(v.script(http.MethodGet, "/_doorpost/session")).is(v.t, http.StatusOK).body)
	if err != nil {
		v.t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, said["expires"].(string))
	if err != nil {
		v.t.Fatal(err)
	}
	return at
}

func TestTheBrandOfASiteShowsAtItsPortal(t *testing.T) {
	t.Parallel()
	w := startFront(t, plan{onLoopback: true, setup: setup{global: "brand {\nname \"All of us\"\n}"}, wiki: "allow *@example.com\nbrand {\nname \"The Reading Room\"\n}"})
	for site, name := range map[string]string{w.wiki: "The Reading Room", w.app: "All of us"} {
		v, portal := w.visitor(site), w.visitor(w.portal)
		enter := v.open("/").is(t, http.StatusSeeOther).location()
		page := portal.open(strings.TrimPrefix(enter, w.portal)).is(t, http.StatusOK).says(t, name)
		address := strings.ReplaceAll(strings.ToLower(name), " ", "-") + "@example.com"
		portal.press(page, "/_doorpost/sign-in", "email", address).leadsTo(t, "/_doorpost/check-mail")
		portal.open("/_doorpost/check-mail").is(t, http.StatusOK).says(t, name)
		if m := w.mail.await(address); !strings.Contains(m.text, name) || !strings.Contains(m.html, name) {
			t.Errorf("the message for %s says: %s", site, m.text)
		}
	}
	if said := w.visitor(w.portal).open("/_doorpost/sign-in").text(); strings.Contains(said, "Reading Room") {
		t.Errorf("the portal by itself says: %s", said)
	}
}
