package acceptance

import (
	"maps"
	"net/http"
	"strings"
	"testing"
)

// formPaths are where forms are sent to.
var formPaths = []string{
	"/_doorpost/sign-in", "/_doorpost/link", "/_doorpost/code", "/_doorpost/sign-out", "/_doorpost/stop", "/_doorpost/ask", "/_doorpost/decide",
	"/_doorpost/people", "/_doorpost/account/address", "/_doorpost/account/recovery", "/_doorpost/account/delete", "/_doorpost/account/confirm",
}

func TestFormsAreTakenFromOurOwnPagesOnly(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true, global: "admins ada@example.com", site: "allow *@example.com\nask owner@example.com\npeople"})
	v := g.signedIn("ada@example.com")
	attacker := g.visitor()
	attacker.ask("eve@example.com", "/")
	token := g.mail.await("eve@example.com").token
	port := strings.TrimPrefix(g.origin, "http://localhost")
	for _, headers := range [][]string{
		{},
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
		{"Origin", ""},
		{"Origin", g.origin, "Origin", g.origin},
		{"Origin", g.origin + ", https://evil.example"},
		{"Origin", g.origin + ".evil.example"},
		{"Origin", g.origin + "/"},
		{"Origin", strings.ToUpper(g.origin)},
		{"Origin", "https://localhost" + port},
		{"Origin", "http://localhost:1"},
		{"Origin", "http://localhost"},
		{"Origin", "http://sub.localhost" + port},
		{"Origin", "http://127.0.0.1" + port},
		{"Origin", "localhost" + port},
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Sec-Fetch-Site", "none"},
		{"Sec-Fetch-Site", ""},
		{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Site", "same-origin"},
		{"Origin", g.origin, "Sec-Fetch-Site", "cross-site"},
		{"Origin", g.origin, "Sec-Fetch-Site", "same-site"},
		{"Origin", "https://evil.example", "Sec-Fetch-Site", "same-origin"},
		{"Referer", g.origin + "/_doorpost/sign-in"},
	} {
		for path, body := range map[string]string{
			"/_doorpost/sign-in": "email=victim@example.com", "/_doorpost/link": "token=" + token, "/_doorpost/code": "code=AAAAAAAA", "/_doorpost/sign-out": "scope=all",
			"/_doorpost/account/address": "email=victim@example.com", "/_doorpost/account/recovery": "email=victim@example.com", "/_doorpost/account/delete": "",
			"/_doorpost/account/confirm": "code=AAAAAAAA&new_code=AAAAAAAA", "/_doorpost/ask": "words=x", "/_doorpost/decide": "token=" + token + "&decision=always",
			"/_doorpost/people": "who=ada@example.com&action=remove&confirm=yes", "/_doorpost/stop": "token=" + token,
		} {
			r := v.request(http.MethodPost, path, body, append(headers, "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")...)
			v.do(r).is(t, http.StatusForbidden).setsNoSession(t)
		}
	}
	if who := v.who(); who != "ada@example.com" {
		t.Fatalf("%q is signed in after forms of other sites", who)
	}
	attacker.submit("/_doorpost/link", "token", token).leadsTo(t, "/")
	// Either of the two is enough where a browser sends only one.
	for _, headers := range [][]string{{"Origin", g.origin}, {"Sec-Fetch-Site", "same-origin"}} {
		r := v.request(http.MethodPost, "/_doorpost/sign-in", "email=ada@example.com", append(headers, "Content-Type", "application/x-www-form-urlencoded")...)
		v.do(r).leadsTo(t, "/_doorpost/check-mail")
	}
	g.comesToRest()
	g.gate.stop()
	if n := len(g.mail.received("victim@example.com")); n > 0 {
		t.Errorf("forms of other sites sent %d messages", n)
	}
}

func TestFormsThatCannotBeReadAreRefused(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true, site: "allow *@example.com\npeople"})
	v := g.visitor()
	send := func(path, contentType, body string) answer {
		r := v.request(http.MethodPost, path, body, "Origin", g.origin, "Sec-Fetch-Site", "same-origin", "Accept", "text/html")
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
		return v.do(r)
	}
	const form = "application/x-www-form-urlencoded"
	sendWith := func(path string, headers http.Header, body string) answer {
		r := v.request(http.MethodPost, path, body, "Origin", g.origin, "Sec-Fetch-Site", "same-origin", "Accept", "text/html", "Content-Type", form)
		maps.Copy(r.Header, headers)
		return v.do(r)
	}
	for _, path := range formPaths {
		for _, contentType := range []string{"", "text/plain", "application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded-not", "*/*", ";", "text/plain; application/x-www-form-urlencoded", form + ", text/plain", form + "; charset=utf-16", form + "; charset=", form + `; charset="shift_jis"`} {
			send(path, contentType, "email=a@example.com").is(t, http.StatusUnsupportedMediaType)
		}
		for _, headers := range []http.Header{
			{"Content-Type": {form, "text/plain"}}, {"Content-Type": {"text/plain", form}}, {"Content-Type": {form, form}}, {"Content-Type": {form, ""}},
			{"Content-Encoding": {"gzip"}}, {"Content-Encoding": {"br"}}, {"Content-Encoding": {"x-unknown"}}, {"Content-Encoding": {"identity, gzip"}}, {"Content-Encoding": {"identity", "gzip"}},
		} {
			sendWith(path, headers, "email=a@example.com").is(t, http.StatusUnsupportedMediaType)
		}
		for _, early := range [][]string{{"1"}, {"1", "1"}, {"0"}, {"x"}} {
			sendWith(path, http.Header{"Early-Data": early}, "email=a@example.com").is(t, http.StatusTooEarly)
		}
		for _, size := range []int{16<<10 + 1, 32 << 10, 1 << 20} {
			send(path, form, "email="+strings.Repeat("a", size-6)).is(t, http.StatusRequestEntityTooLarge)
		}
		for _, body := range []string{
			"email=a@example.com&email=b@example.com", "token=a&token=a", "code=A&x=1&code=B", "to=/a&to=/b&email=a@example.com", "a=1&a=1", "email=%zz", "email=a;b=c", "x=1;y=2", "email&email", "=&=",
		} {
			send(path, form, body).is(t, http.StatusBadRequest)
		}
	}
	for _, contentType := range []string{form, form + "; charset=UTF-8", form + `; charset="utf-8"`, form + "; charset=utf8", form + "; charset=Utf8", strings.ToUpper(form)} {
		send("/_doorpost/sign-in", contentType, "email=a@example.com").leadsTo(t, "/_doorpost/check-mail")
	}
	for _, coding := range []string{"identity", "Identity"} {
		sendWith("/_doorpost/sign-in", http.Header{"Content-Encoding": {coding}}, "email=a@example.com").leadsTo(t, "/_doorpost/check-mail")
	}
	// A body that is exactly as long as allowed is read.
	full := "email=a@example.com&x="
	send("/_doorpost/sign-in", form, full+strings.Repeat("a", 16<<10-len(full))).leadsTo(t, "/_doorpost/check-mail")
}

func TestAddressThatIsNoneIsShownAgain(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true, site: "allow *"})
	v := g.visitor()
	for _, address := range []string{
		"", " ", "ada", "ada@", "@example.com", "ada@@example.com", "ada@example", "ada@example.com@evil.example", "a b@example.com", "ada@exa mple.com",
		"\"ada\"@example.com", "ada@[127.0.0.1]", "Eve <eve@example.com> <ada@example.com>", "ada@example.com\r\nBcc: victim@example.com", "ada@example.com,bob@example.com",
		"ada@example.com;bob@example.com", "ada@example..com", ".ada@example.com", "ada.@example.com", "a..b@example.com", "ada@-example.com",
		"ada(comment)@example.com", "ädä@example.com", "ada@exämple.com", "ada@example.com\x00", strings.Repeat("a", 300) + "@example.com",
		"ada@" + strings.Repeat("a.", 130) + "com", "<script>alert(1)</script>@example.com", "'><img src=x onerror=alert(1)>", "ada%40example.com",
	} {
		a := v.ask(address, "/").is(t, http.StatusUnprocessableEntity)
		if !strings.Contains(a.body, `aria-invalid="true"`) {
			t.Errorf("%q is not marked as wrong", address)
		}
		if len(a.header.Values("Set-Cookie")) > 0 {
			t.Errorf("%q got a cookie", address)
		}
		if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<img src=x") {
			t.Errorf("%q is in the page as markup", address)
		}
	}
	for _, pasted := range []string{"Ada <ada@example.com>", "mailto:ada@example.com", "ada@example.com.", "ａda＠example.com"} {
		v.ask(pasted, "/").leadsTo(t, "/_doorpost/check-mail")
		v.open("/_doorpost/check-mail").is(t, http.StatusOK).says(t, "If ada@example.com can sign in here")
	}
	for _, odd := range []string{"o'brien+x@example.com", "a#$&'*+/?^_`{|}~-=z@example.com", "x@xn--exmple-cua.com", strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 61)+".", 3) + "com"} {
		v.ask(odd, "/").leadsTo(t, "/_doorpost/check-mail")
		page := v.open("/_doorpost/check-mail").is(t, http.StatusOK)
		if !strings.Contains(page.text(), odd) {
			t.Errorf("check-mail does not show %s: %s", odd, page.text())
		}
		m := g.mail.await(odd)
		v.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/")
		if got := v.open("/").echo(t).values("Remote-User"); len(got) != 1 || got[0] != odd {
			t.Errorf("the app is told %q, want %q", got, odd)
		}
	}
}

func TestUnknownPagesAndMethodsAreSaidSo(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	v := g.visitor()
	for _, path := range []string{
		"/_doorpost", "/_doorpost/", "/_doorpost/x", "/_doorpost/sign-in/", "/_doorpost/SIGN-IN", "/_doorpost//sign-in", "/_doorpost/mailbox", "/_doorpost/assets/", "/_doorpost/assets/x.js",
		"/_doorpost/%73ign-in/x", "/_doorpost/\"><script>alert(1)</script>/login", "/_doorpost/.env", "/_doorpost/session.json", "/_doorpost/link/x",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
			r := v.request(method, "/", "", "Accept", "text/html", "Origin", g.origin)
			r.URL.Opaque = path
			a := v.do(r).is(t, http.StatusNotFound)
			if strings.Contains(a.body, "alert(1)") {
				t.Errorf("%s is repeated in the page", path)
			}
			v.do(v.request(method, "/_doorpost/nothing", "", "Accept", "application/json")).isProblem(t, http.StatusNotFound)
		}
	}
	both, get, post := "GET, HEAD, POST", "GET, HEAD", "POST"
	for path, allow := range map[string]string{"/sign-in": both, "/link": both, "/sign-out": both, "/check-mail": get, "/session": get, "/account": get, "/account/address": post, "/account/recovery": post, "/account/delete": both, "/account/confirm": both, "/code": post} {
		methods := []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, http.MethodTrace, "BREW"}
		if allow == get {
			methods = append(methods, http.MethodPost)
		} else if allow == post {
			methods = append(methods, http.MethodGet, http.MethodHead)
		}
		for _, method := range methods {
			a := v.do(v.request(method, "/_doorpost"+path, "", "Origin", g.origin)).is(t, http.StatusMethodNotAllowed)
			if got := a.header.Get("Allow"); got != allow {
				t.Errorf("%s %s: Allow is %q, want %q", method, path, got, allow)
			}
		}
	}
	if n := g.upstream.count(); n != 0 {
		t.Errorf("the app was reached %d times", n)
	}
}

func TestNothingThatIsSentComesBackAsMarkup(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	v := g.visitor()
	const attack = `"><script>alert(1)</script><a href='javascript:alert(1)'>`
	for _, path := range []string{"/_doorpost/sign-in?to=", "/_doorpost/link?x=", "/_doorpost/check-mail?email=", "/_doorpost/sign-out?to=", "/x?y="} {
		r := v.navigate(path + strings.NewReplacer(`"`, "%22", "<", "%3C", ">", "%3E", " ", "%20").Replace("/"+attack))
		for _, name := range []string{"Referer", "X-Forwarded-For", "Accept-Language", "User-Agent"} {
			r.Header.Set(name, attack)
		}
		if a := v.do(r); strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, `href='javascript`) || strings.Contains(a.body, `href="javascript`) {
			t.Errorf("%s comes back as markup: %s", path, a.body)
		}
	}
}
