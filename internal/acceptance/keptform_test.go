package acceptance

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// mostKept is how long a form may be that comes back in the page of its refusal.
const mostKept = 64 << 10

// submitted is a form as browsers write it (URL Standard, application/x-www-form-urlencoded
// serializing; HTML, constructing the entry list): its fields given as name, value, name, value.
func submitted(fields []string) string {
	var b strings.Builder
	for i, field := range fields {
		switch {
		case i%2 == 1:
			b.WriteByte('=')
		case i > 0:
			b.WriteByte('&')
		}
		field = strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n").Replace(field)
		b.WriteString(strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(field)))
	}
	return b.String()
}

// everyCharacter are the fields of a form of 60 KB with every kind of character, in value and
// name.
func everyCharacter() (fields []string) {
	var plain strings.Builder
	for c := rune(1); c < 0x2ff; c++ {
		plain.WriteRune(c)
	}
	others := "\u061c\u0e33\u1100\u1161\u2028\u2029\u2066\u2069\ufdd0\ufeff\ufffd\ufffe\uffff😀👩🏽\u200d🚀🇩🇪❤\ufe0f\U0001fffe\U000e0001\U0010ffff" +
		"日本語שלום مرحباéée\u0301\u202e\u200d&amp;&#13;&lt;</textarea></form>--><![CDATA["
	fields = []string{
		"text", plain.String() + others, others, "name", "empty", "",
		"twice", "1", "twice", "2", "lines", "\na\r\n\r\n b\n", `"><script>alert(1)</script>`, `'"><img src=x onerror=alert(1)>`,
		// Names that a script could take for something of the form itself.
		"querySelector", "1", "action", "https://evil.example/", "method", "get", "submit", "x", "_charset_", "UTF-8",
		"addEventListener", "1", "hasAttribute", "1", "setAttribute", "1", "removeAttribute", "1", "elements", "1",
	}
	for len(submitted(fields)) < 58_000 {
		fields = append(fields, "more", "lorem ipsum\r\n"+others)
	}
	return fields
}

// kept is what the page of a refusal would send again, and where to.
func (a answer) kept(t *testing.T) (body, action string, kept bool) {
	t.Helper()
	forms := a.forms(t)
	if !strings.Contains(a.body, "data-kept") {
		if len(forms) > 0 {
			t.Errorf("the page has forms: %v", forms)
		}
		return "", "", false
	}
	a.is(t, http.StatusUnauthorized).says(t, "Sign in, then send it again")
	if len(forms) != 1 || a.header.Get("WWW-Authenticate") == "" || len(a.header.Values("Set-Cookie")) > 0 {
		t.Errorf("the page has the forms %v and the headers %v", forms, a.header)
	}
	if strings.Count(a.body, "<script") != 1 || strings.Contains(a.body, "<img") {
		t.Errorf("a field became markup: %s", a.body)
	}
	return submitted(forms[0].fields), forms[0].action, true
}

func TestAFormComesBackInThePageByteForByte(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	v := g.visitor()
	send := func(path, body string) answer {
		r := v.request(http.MethodPost, path, body, append(slices.Clone(navigation),
			"Content-Type", "application/x-www-form-urlencoded", "Origin", g.origin, "Sec-Fetch-Site", "same-origin")...)
		return v.do(r)
	}
	fields := everyCharacter()
	for name, form := range map[string]struct{ path, body string }{
		"every kind of character": {"/app/save?id=7&x=%2F;%22%3E%3Cscript%3E", submitted(fields)},
		"as long as may be":       {"/", "text=" + strings.Repeat("x", mostKept-len("text="))},
		"no field":                {"/empty", ""},
	} {
		page := send(form.path, form.body)
		switch body, action, kept := page.kept(t); {
		case !kept:
			t.Errorf("%s: it is not kept: %s", name, page.text())
		case body != form.body:
			same := 0
			for same < min(len(body), len(form.body)) && body[same] == form.body[same] {
				same++
			}
			t.Errorf("%s: sent again, it goes on after %d bytes with %.100q, not with %.100q", name, same, body[same:], form.body[same:])
		case action != form.path:
			t.Errorf("%s: sent again, it goes to %s, not to %s", name, action, form.path)
		}
	}
	if _, _, kept := send("/", "text="+strings.Repeat("x", mostKept+1-len("text="))).says(t, "Nothing was sent").kept(t); kept {
		t.Error("a form that is too long is kept")
	}
	if n := g.upstream.count(); n != 0 {
		t.Errorf("the app was reached %d times", n)
	}
	g.signIn(v, "ada@example.com", "/")
	if got := send("/app/save?id=7", submitted(fields)).echo(t); got.Body != submitted(fields) || !strings.HasPrefix(got.Line, "POST /app/save?id=7 ") {
		t.Errorf("signed in, the app gets %s with %d bytes", got.Line, len(got.Body))
	}
}

func TestAFormThatIsNotOfThisSiteOrNoneIsNotKept(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	v := g.visitor()
	const words = "what-somebody-typed"
	for name, change := range map[string]func(r *http.Request){
		"with files":          func(r *http.Request) { r.Header.Set("Content-Type", "multipart/form-data; boundary=x") },
		"plain text":          func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
		"without a type":      func(r *http.Request) { r.Header.Del("Content-Type") },
		"of another site":     func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"of a sibling":        func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"of nobody":           func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "none") },
		"of another origin":   func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"of an opaque origin": func(r *http.Request) { r.Header.Set("Origin", "null"); r.Header.Del("Sec-Fetch-Site") },
		"that does not say":   func(r *http.Request) { r.Header.Del("Origin"); r.Header.Del("Sec-Fetch-Site") },
		"of a script": func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Mode", "cors")
			r.Header.Set("Sec-Fetch-Dest", "empty")
			r.Header.Set("Accept", "*/*")
		},
		"GET":                     func(r *http.Request) { r.Method = http.MethodGet },
		"PUT":                     func(r *http.Request) { r.Method = http.MethodPut },
		"to another host":         func(r *http.Request) { r.URL.Path = "//evil.example/x" },
		"to another host by dots": func(r *http.Request) { r.URL.Path = "/x/..//evil.example/x" },
		"to a page of ours":       func(r *http.Request) { r.URL.Path = "/_doorpost/nowhere" },
	} {
		r := v.form("/save", "text", words)
		change(r)
		page := v.do(r)
		if _, _, kept := page.kept(t); kept || strings.Contains(page.body, words) {
			t.Errorf("a form %s is kept: %s", name, page.text())
		}
		if strings.Contains(page.body, "evil.example") {
			t.Errorf("a form %s: the page leads elsewhere: %s", name, page.text())
		}
	}
	if n := g.upstream.count(); n != 0 {
		t.Errorf("the app was reached %d times", n)
	}
}

// A form of ours was read before the session was looked for: no page says that it has it.
func TestAFormOfOurPagesIsNotSaidToBeKept(t *testing.T) {
	t.Parallel()
	g := start(t, setup{global: "admins admin@example.com", site: "allow *@example.com\npeople"})
	for _, path := range []string{"/account/address", "/account/passkey", "/account/delete", "/people"} {
		a := g.visitor().submit("/_doorpost"+path, "email", "new@example.com").is(t, http.StatusUnauthorized).says(t, "Nothing was sent")
		if _, _, kept := a.kept(t); kept {
			t.Errorf("%s: the page keeps a form: %s", path, a.body)
		}
	}
}

func TestABrowserSendsAKeptFormAsItWas(t *testing.T) {
	t.Parallel()
	arrived := make(chan string, 1)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			arrived <- r.RequestURI + "\n" + string(body)
		}
		_, _ = io.WriteString(w, `<!doctype html><title>App</title><link rel=icon href="data:,"><p>The app`)
	}))
	t.Cleanup(app.Close)
	g := start(t, setup{behind: "reverse_proxy " + app.Listener.Addr().String()})
	person := newProfile(t)
	tab := person.newTab()
	tab.signInAs(g, "ada@example.com")
	g.endSessions("ada@example.com")
	tab.expect("status of 401")
	fields, err := json.Marshal(everyCharacter())
	if err != nil {
		t.Fatal(err)
	}
	const action = "/save?id=7&x='%22%3E"
	if _, err := evaluate[bool](tab, `(() => {
		const fields = `+string(fields)+`, form = document.createElement("form");
		form.method = "post";
		form.action = "`+action+`";
		for (let i = 0; i < fields.length; i += 2) {
			const field = document.createElement("textarea");
			field.name = fields[i];
			field.value = fields[i + 1];
			form.append(field);
		}
		document.body.append(form);
		setTimeout(() => HTMLFormElement.prototype.submit.call(form)); // a field has that name
		return true;
	})()`); err != nil {
		t.Fatal(err)
	}
	tab.awaitText("Sign in, then send it again")
	tab.click("main .button")
	person.window().signInByCode(g.mail, "grace@example.com") // who did not type it
	tab.awaitText("You are signed in as grace@example.com. Now send it again.")
	foreign := person.newTab() // the same form, sent by another site
	foreign.expect("status of 401")
	foreign.open(app.URL)
	if _, err := evaluate[bool](foreign, `(() => {
		document.body.innerHTML = '<form method=post action="`+g.origin+`/save"><input name=text value="what-somebody-typed"></form>';
		setTimeout(() => document.forms[0].submit());
		return true;
	})()`); err != nil {
		t.Fatal(err)
	}
	foreign.awaitText("Nothing was sent")
	if page, err := evaluate[string](foreign, "document.documentElement.outerHTML"); err != nil || strings.Contains(page, "what-somebody-typed") {
		t.Errorf("a form of another site is in the page (%v): %s", err, page)
	}
	tab.click("form button")
	tab.awaitText("The app")
	if got, want := <-arrived, strings.ReplaceAll(action, "'", "%27")+"\n"+submitted(everyCharacter()); got != want {
		t.Errorf("the app gets\n%q, want\n%q", got, want)
	}
}
