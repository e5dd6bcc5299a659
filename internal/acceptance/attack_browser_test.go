package acceptance

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// hostile is another site with a page that submits a form to the gate by
// itself, for each path under which it is opened.
func hostile(t *testing.T, target string, fields map[string]string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><link rel=icon href="data:,"><form method=post action="%s">`, target)
		for name, value := range fields {
			fmt.Fprintf(w, `<input name="%s" value="%s">`, name, value)
		}
		fmt.Fprint(w, `</form><img src="`+target+`"><script>document.forms[0].submit()</script>`)
	}))
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

// Pages of another site and of a sibling host submit an attacker's own good
// link in the victim's browser.
func TestAttackCS01OtherSitesRedeemNothing(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	attacker := g.visitor()
	attacker.ask("mallory@example.com", "/")
	m := g.mail.await("mallory@example.com")
	profile := newProfile(t)
	for path, fields := range map[string]map[string]string{
		"/_doorpost/link": {"token": m.token, "confirm": "yes"}, "/_doorpost/sign-in": {"email": "victim@example.com"}, "/_doorpost/code": {"code": m.code}, "/_doorpost/sign-out": {"scope": "all"},
	} {
		port := hostile(t, g.origin+path, fields)
		for _, host := range []string{"127.0.0.1", "evil.localhost", "localhost"} {
			tab := profile.newTab()
			tab.expect("403")
			tab.expect("404")
			tab.expect("405")
			tab.expect("ERR_BLOCKED_BY_RESPONSE") // the picture that the page makes of it
			tab.open("http://" + host + ":" + port + "/")
			tab.awaitLocation(g.origin + path)
			tab.awaitText("This came from another page, not from ours.")
			who, err := evaluate[int](tab, `fetch("/_doorpost/session").then(r => r.status)`)
			tab.expect("401")
			if err != nil || who != http.StatusUnauthorized {
				t.Errorf("a form of %s at %s: /session answers %d (%v)", host, path, who, err)
			}
		}
	}
	attacker.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/") // it was not used up
	g.comesToRest()
	g.gate.stop()
	if n := len(g.mail.received("victim@example.com")); n != 0 {
		t.Errorf("other sites had %d messages sent", n)
	}
}

// Every way to leave a page, by every method and with every flaw, has the
// headers that keep pages apart.
func TestAttackCS06EveryAnswerHasItsHeaders(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	strangers, member := g.visitor(), g.signedIn("ada@example.com")
	seen := make(map[int]int)
	for _, v := range []*visitor{strangers, member} {
		for _, path := range []string{"/_doorpost/sign-in", "/_doorpost/check-mail", "/_doorpost/code", "/_doorpost/link", "/_doorpost/session", "/_doorpost/account", "/_doorpost/account/confirm", "/_doorpost/nothing", "/_doorpost", "/_doorpost/sign-in?to=%zz"} {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"} {
				for _, headers := range [][]string{
					{"Accept", "text/html"}, {"Accept", "application/json"}, {"Origin", g.origin, "Content-Type", "application/x-www-form-urlencoded"}, {"Origin", "https://evil.example", "Accept", "text/html"},
					{"Origin", "https://evil.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "cookie"}, {"Origin", "null"},
				} {
					body := ""
					if method == "POST" {
						body = "a=1&a=2"
					}
					a := v.do(v.request(method, path, body, headers...)) // do checks what all have to have
					seen[a.status]++
					if a.header.Get("Cross-Origin-Resource-Policy") != "same-origin" && a.status != http.StatusOK {
						t.Errorf("%s %s: Cross-Origin-Resource-Policy is %q", method, path, a.header.Get("Cross-Origin-Resource-Policy"))
					}
					if kind := a.header.Get("Content-Type"); strings.HasPrefix(kind, "text/") && !strings.Contains(kind, "charset=utf-8") {
						t.Errorf("%s %s: Content-Type is %q", method, path, kind)
					}
				}
			}
		}
	}
	if len(seen) < 6 {
		t.Errorf("only the statuses %v were seen", seen)
	}
}

// What is put into any place of a request comes back as text, if at all.
func TestAttackCS07NothingComesBackAsMarkup(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true, site: "allow *\npeople"})
	v := g.visitor()
	payloads := []string{
		`"><svg/onload=alert(1)>`, `'><img src=x onerror=alert(1)>`, `</title><script>alert(1)</script>`, `javascript:alert(1)//`, `{{.}}{{printf "x"}}`, `${alert(1)}`, "`-alert(1)-`", `<!--`, `]]><script>alert(1)</script>`,
		`</textarea><x onfocus=alert(1) autofocus>`, `%22%3E%3Cscript%3Ealert(1)%3C/script%3E`, `+ADw-script+AD4-alert(1)+ADw-/script+AD4-`, `" style="x:expression(alert(1))`, "\u2028alert(1)", `&lt;script&gt;alert(1)`, `/" onclick="alert(1)`,
	}
	check := func(what string, a answer) {
		t.Helper()
		for _, bad := range []string{"<svg", "<img src=x", "<script>alert", "<x onfocus", `onclick="alert`, `style="x:`, `href="javascript`, `href='javascript`, `action="javascript`, "url(javascript"} {
			if strings.Contains(a.body, bad) {
				t.Errorf("%s comes back as markup: %s", what, a.body)
			}
		}
		for name, values := range a.header {
			if strings.ContainsAny(strings.Join(values, ""), "\r\n") || strings.Contains(strings.Join(values, ""), "<svg") {
				t.Errorf("%s comes back in %s: %q", what, name, values)
			}
		}
	}
	for _, payload := range payloads {
		for _, path := range []string{"/_doorpost/sign-in?to=", "/_doorpost/check-mail?to=", "/_doorpost/link?error=", "/_doorpost/sign-out?to=", "/_doorpost/account?session=", "/_doorpost/account?changed=", "/_doorpost/people?search=", "/_doorpost/people?who=", "/_doorpost/people?after=", "/x?"} {
			r := v.navigate(path + url.QueryEscape("/"+payload))
			for _, name := range []string{"Referer", "User-Agent", "X-Forwarded-Host", "X-Forwarded-For", "Accept-Language", "X-Request-Id", "Via"} {
				r.Header.Set(name, strings.ReplaceAll(payload, "\u2028", ""))
			}
			check(path+payload, v.do(r))
		}
		r := v.navigate("/")
		r.URL.Opaque = "/_doorpost/" + strings.NewReplacer(" ", "%20", "\u2028", "%E2%80%A8").Replace(payload)
		check("the path "+payload, v.do(r))
		for path, name := range map[string]string{
			"/_doorpost/sign-in": "email", "/_doorpost/link": "token", "/_doorpost/code": "code", "/_doorpost/sign-out": "scope", "/_doorpost/ask": "words",
			"/_doorpost/decide": "token", "/_doorpost/people": "who", "/_doorpost/account/address": "email", "/_doorpost/account/confirm": "code",
		} {
			check(name+" "+payload, v.submit(path, name, payload, "to", "/"+payload, "confirm", payload))
		}
		browser := v.form("/_doorpost/sign-in", "email", "ada@example.com", "to", "/x")
		browser.Header.Set("User-Agent", strings.ReplaceAll(payload, "\u2028", ""))
		v.do(browser)
		check("as the name of the browser "+payload, v.open("/_doorpost/check-mail"))
	}
}

func TestAttackCS08NoOtherOriginIsAllowed(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true, site: "allow *@example.com\npeople"})
	v := g.signedIn("ada@example.com")
	for _, origin := range []string{"https://evil.example", "null", "http://localhost", g.origin + ".evil.example", "http://evil." + strings.TrimPrefix(g.origin, "http://"), "*", g.origin} {
		for _, path := range append([]string{"/_doorpost/session", "/_doorpost/account", "/_doorpost/nothing"}, formPaths...) {
			for _, method := range []string{http.MethodGet, http.MethodOptions, http.MethodPost} {
				r := v.request(method, path, "", "Origin", origin, "Sec-Fetch-Site", "cross-site", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type", "Access-Control-Request-Private-Network", "true")
				for name := range v.do(r).header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%s %s for %s has %s", method, path, origin, name)
					}
				}
			}
		}
	}
	if who := v.who(); who != "ada@example.com" {
		t.Errorf("%q is signed in after all that", who)
	}
}

// Five tabs begin to sign in, a page's script polls all the while: all tabs get
// there, and no jar fills up.
func TestAttackCS09ManyTabsAndPolling(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	v := g.visitor()
	most := 0
	count := func() { most = max(most, len(v.cookies)) }
	poll := func(times, status int) {
		for range times {
			a := v.do(v.script(http.MethodGet, "/app/api"))
			if a.status != status || status == http.StatusUnauthorized && len(a.header.Values("Set-Cookie")) > 0 {
				t.Fatalf("polling was answered %d with the cookies %q", a.status, a.header.Values("Set-Cookie"))
			}
		}
		count()
	}
	poll(250, http.StatusUnauthorized)
	if len(v.cookies) != 0 {
		t.Errorf("polling set cookies: %v", v.cookies)
	}
	var tabs []string
	var messages []message
	for i := range 5 {
		to := fmt.Sprintf("/tab%d", i)
		tabs = append(tabs, v.open(to).is(t, http.StatusSeeOther).location())
		v.open(tabs[i]).is(t, http.StatusOK)
		v.ask("ada@example.com", to).leadsTo(t, "/_doorpost/check-mail")
		if i < 3 { // no more links of an address live at once
			messages = append(messages, g.mail.await("ada@example.com"))
		}
		poll(50, http.StatusUnauthorized)
	}
	v.submit("/_doorpost/link", "token", messages[1].token).leadsTo(t, "/tab1")
	poll(10, http.StatusOK)
	for i := range tabs {
		v.open("/_doorpost/check-mail")
		v.open(fmt.Sprintf("/tab%d", i)).echo(t)
		count()
	}
	v.submit("/_doorpost/link", "token", messages[0].token).is(t, http.StatusGone).says(t, "You are signed in already")
	if most > 2 {
		t.Errorf("the gate set %d cookies in one browser", most)
	}
}

// A form that signs in leads on by redirects of ours and of the app. The policy
// of the page with the form allows that in a real browser.
func TestAttackRD08ThePolicyAllowsTheWayOn(t *testing.T) {
	t.Parallel()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/app" {
			http.Redirect(w, r, "/app/home?from=sign-in", http.StatusFound)
			return
		}
		fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,">the home page of the app`)
	}))
	t.Cleanup(app.Close)
	g := start(t, setup{behind: "reverse_proxy " + strings.TrimPrefix(app.URL, "http://")})
	tab := newProfile(t).newTab()
	tab.open(g.origin + "/app")
	tab.typeInto(`input[name="email"]`, "ada@example.com\r")
	tab.awaitLocation(g.origin + "/_doorpost/check-mail")
	tab.typeInto(`input[name="code"]`, g.mail.await("ada@example.com").code+"\r")
	tab.awaitText("the home page of the app")
}
