package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// posts sends what our script sends.
func (v *visitor) posts(path string, body []byte, headers ...string) answer {
	v.t.Helper()
	r := v.request(http.MethodPost, path, string(body), "Content-Type", "application/json", "Origin", v.origin, "Sec-Fetch-Site", "same-origin")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return v.do(r)
}

// useOptions are those to sign in with.
func (v *visitor) useOptions() []byte {
	v.t.Helper()
	return []byte(v.posts("/_doorpost/passkey/options", []byte("{}")).is(v.t, http.StatusOK).body)
}

var makeOptions = regexp.MustCompile(`data-make-passkey="([^"]+)"`)

// makesPasskey makes a passkey for who is signed in.
func (v *visitor) makesPasskey(a *testkit.Authenticator) answer {
	v.t.Helper()
	page := v.open("/_doorpost/passkey?to=/").is(v.t, http.StatusOK)
	options := makeOptions.FindStringSubmatch(page.body)
	if options == nil {
		v.t.Fatalf("the page has no options: %s", page.body)
	}
	body, err := a.Create(v.origin, []byte(html.UnescapeString(options[1])))
	if err != nil {
		v.t.Fatal(err)
	}
	return v.posts("/_doorpost/passkey/new?to=/", body)
}

var ofPasskey = regexp.MustCompile(`name="id" value="([^"]+)"`)

// passkeyID is that of the first passkey at the account.
func (v *visitor) passkeyID() string { v.t.Helper(); return v.passkeyIDs()[0] }

// passkeyIDs are those of all passkeys at the account; there is one at least.
func (v *visitor) passkeyIDs() (ids []string) {
	v.t.Helper()
	page := v.open("/_doorpost/account").is(v.t, http.StatusOK)
	for _, id := range ofPasskey.FindAllStringSubmatch(page.body, -1) {
		if !slices.Contains(ids, id[1]) {
			ids = append(ids, id[1])
		}
	}
	if ids == nil {
		v.t.Fatalf("the account has no passkey: %s", page.body)
	}
	return ids
}

// assertion answers to new options.
func (v *visitor) assertion(a *testkit.Authenticator, changes ...func(*testkit.Ceremony)) []byte {
	v.t.Helper()
	body, err := a.Get(v.origin, v.useOptions(), changes...)
	if err != nil {
		v.t.Fatal(err)
	}
	return body
}

func TestAPasskeySignsInOverHTTPOnEveryStore(t *testing.T) {
	eachStore(t, setup{}, func(t *testing.T, d doorway) {
		ada := enter(t, d, "ada@example.com")
		device := new(testkit.Authenticator)
		ada.makesPasskey(device).is(t, http.StatusOK)
		again := d.visitor()
		body := again.assertion(device)
		said := again.posts("/_doorpost/passkey?to=/a%2Fb%3Fq=1%23/r", body).is(t, http.StatusOK)
		var way struct{ To string }
		if err := json.Unmarshal([]byte(said.body), &way); err != nil || way.To != "/a/b?q=1#/r" {
			t.Errorf("the page goes on to %q (%v): %s", way.To, err, said.body)
		}
		again.isIn("ada@example.com")
		other := d.visitor()
		other.useOptions() // it has a mark of its own
		other.posts("/_doorpost/passkey", body).isProblem(t, http.StatusForbidden)
		again.posts("/_doorpost/passkey", body).isProblem(t, http.StatusForbidden) // a challenge is good once
		if other.who() != "" {
			t.Error("a challenge of another browser signed in")
		}
	})
}

// Whatever is wrong with what a browser sends, it is an answer of the fours, and all that
// are understood are alike.
func TestWrongPasskeysAreRefusedAlike(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	ada, eve := enter(t, g, "ada@example.com"), enter(t, g, "eve@example.com")
	device, hers, foreign := new(testkit.Authenticator), new(testkit.Authenticator), new(testkit.Authenticator)
	ada.makesPasskey(device).is(t, http.StatusOK)
	eve.makesPasskey(hers).is(t, http.StatusOK)
	elsewhere := enter(t, g, "bob@example.com")
	elsewhere.makesPasskey(foreign).is(t, http.StatusOK)
	if code, output := runToEnd(t, g.home, "users", "disable", "bob@example.com", "--address", g.admin); code != 0 {
		t.Fatalf("disabling ended with %d: %s", code, output)
	}
	var alike string
	v := g.visitor()
	for name, send := range map[string]func() answer{
		"disabled": func() answer { return v.posts("/_doorpost/passkey", v.assertion(foreign)) },
		"another handle": func() answer {
			return v.posts("/_doorpost/passkey", v.assertion(device, func(c *testkit.Ceremony) { c.Handle = hers.Credentials[0].Handle }))
		},
		"another signature": func() answer {
			return v.posts("/_doorpost/passkey", v.assertion(device, func(c *testkit.Ceremony) { c.Sign = func([]byte) []byte { return []byte{1, 2, 3} } }))
		},
		"not known": func() answer {
			return v.posts("/_doorpost/passkey", v.assertion(device, func(c *testkit.Ceremony) { c.Credential = bytes.Repeat([]byte{7}, 32) }))
		},
	} {
		a := send()
		a.isProblem(t, http.StatusForbidden)
		if alike == "" {
			alike = a.body
		}
		if alike != a.body {
			t.Errorf("%s: answered %s, others %s", name, a.body, alike)
		}
	}
	if v.who() != "" {
		t.Error("one of them signed in")
	}
	random := rand.New(rand.NewPCG(1, 2))
	good := v.assertion(device)
	for range 200 {
		bad := bytes.Clone(good)
		for range 1 + random.IntN(4) {
			bad[random.IntN(len(bad))] = byte(random.IntN(256))
		}
		if a := v.posts("/_doorpost/passkey", bad[:1+random.IntN(len(bad))]); a.status < 400 || a.status > 499 {
			t.Errorf("answered %d to %q", a.status, bad)
		}
	}
}

func TestOptionsTellNothingOfAnybody(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	ada := enter(t, g, "ada@example.com")
	ada.makesPasskey(new(testkit.Authenticator)).is(t, http.StatusOK)
	v, lengths := g.visitor(), map[int]bool{}
	for _, body := range []string{"{}", `{"email":"ada@example.com"}`, `{"email":"nobody@example.com"}`} {
		options := v.posts("/_doorpost/passkey/options", []byte(body)).is(t, http.StatusOK).body
		lengths[len(options)] = true
		if strings.Contains(options, "allowCredentials\":[{") {
			t.Errorf("options for %s name a passkey: %s", body, options)
		}
	}
	if len(lengths) != 1 {
		t.Errorf("options have different lengths: %v", lengths)
	}
	for name, headers := range map[string][]string{
		"another site": {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, "another type": {"Content-Type", "text/plain"},
	} {
		for _, path := range []string{"/passkey/options", "/passkey", "/passkey/new"} {
			if a := v.posts("/_doorpost"+path, []byte("{}"), headers...); a.status != http.StatusForbidden && a.status != http.StatusUnsupportedMediaType {
				t.Errorf("%s: %s answered %d", name, path, a.status)
			}
		}
	}
}

// What cannot be done has a page that says so, and not the account without a word.
func TestAPasskeyTooManyAndOneThatIsGoneAreSaid(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	ada := enter(t, g, "ada@example.com")
	device := new(testkit.Authenticator)
	for range 50 {
		device.Credentials = nil // another device, with nothing to exclude
		ada.makesPasskey(device).is(t, http.StatusOK)
	}
	ada.submit("/_doorpost/account/passkey", "add", "yes").leadsTo(t, "/_doorpost/passkey?to=%2F")
	ada.open("/_doorpost/passkey?to=/").is(t, http.StatusConflict).says(t, "as many passkeys as there can be")
	for _, change := range []string{"remove", "name"} {
		for _, fields := range [][]string{{"id", "0123456789abcdef", change, "yes"}, {"id", "", change, "yes"}, {change, "yes"}} {
			a := ada.submit("/_doorpost/account/passkey", fields...)
			ada.open(a.leadsTo(t, "/_doorpost/account?changed=gone").location()).says(t, "there was nothing to change")
		}
	}
	if strings.Contains(g.gate.Output(), "passkey removed") {
		t.Error("the audit log says of a passkey that was removed")
	}
	id := ada.passkeyID()
	ada.posts("/_doorpost/passkey?to=/", ada.assertion(device)).is(t, http.StatusOK)
	for _, now := range []string{"passkey_removed", "gone"} { // sent twice
		ada.submit("/_doorpost/account/passkey", "id", id, "remove", "yes").leadsTo(t, "/_doorpost/account?changed="+now)
	}
}

// A name in which nothing can be seen is refused where it was typed.
func TestAnEmptyNameOfAPasskeyIsSaid(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	ada := enter(t, g, "ada@example.com")
	ada.makesPasskey(new(testkit.Authenticator)).is(t, http.StatusOK)
	for _, name := range []string{"", " \t", "\u200b"} {
		ada.submit("/_doorpost/account/passkey", "id", ada.passkeyID(), "name", name).is(t, http.StatusUnprocessableEntity).says(t, "Give it a name")
	}
}

// A script of an app has the origin of our pages where there is no portal. It can fetch no
// challenge to make a passkey with, and the page that has one is tied to no window.
func TestAScriptFetchesNoChallengeToMakeAPasskey(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	ada := enter(t, g, "ada@example.com")
	for _, dest := range []string{"empty", "iframe", "embed", ""} {
		r := ada.navigate("/_doorpost/passkey?to=/")
		if r.Header.Del("Sec-Fetch-Dest"); dest != "" {
			r.Header.Set("Sec-Fetch-Dest", dest)
		}
		a := ada.do(r).is(t, http.StatusOK).says(t, "This browser cannot do that")
		if strings.Contains(a.body, "challenge") || strings.Contains(a.text(), "Set it up") {
			t.Errorf("a page fetched as %q has a challenge, or a button without one: %s", dest, a.body)
		}
		r = ada.navigate("/_doorpost/passkey?offer=1&to=/a%3Fb")
		if r.Header.Del("Sec-Fetch-Dest"); dest != "" {
			r.Header.Set("Sec-Fetch-Dest", dest)
		}
		ada.do(r).leadsTo(t, "/a?b") // an offer stands in nobody's way
	}
	for _, to := range []string{"/", renewPath} {
		page := ada.open("/_doorpost/passkey?to="+url.QueryEscape(to)).is(t, http.StatusOK)
		if got := page.header.Get("Cross-Origin-Opener-Policy"); got != "same-origin" || !strings.Contains(page.body, "challenge") {
			t.Errorf("on the way to %s the page is tied to others: %q", to, got)
		}
	}
}

func TestWithoutPasskeysNothingSpeaksOfThem(t *testing.T) {
	t.Parallel()
	g := start(t, setup{global: "passkeys off"})
	ada := enter(t, g, "ada@example.com")
	for _, path := range []string{"/passkey", "/passkey/options", "/passkey/new", "/account/passkey"} {
		ada.open("/_doorpost"+path).is(t, http.StatusNotFound)
		if a := ada.posts("/_doorpost"+path, []byte("{}")); a.status != http.StatusNotFound {
			t.Errorf("POST %s answered %d", path, a.status)
		}
	}
	for _, path := range []string{"/sign-in", "/account"} {
		if a := ada.open("/_doorpost" + path); strings.Contains(a.body, "webauthn") || strings.Contains(a.text(), "asskey") || strings.Contains(a.text(), "fingerprint") {
			t.Errorf("%s speaks of passkeys: %s", path, a.body)
		}
	}
}

// Somebody who is signed in by mail is not told that nobody is signed in.
func TestWhatTakesAPasskeySaysSo(t *testing.T) {
	t.Parallel()
	g := start(t, setup{site: "allow *@example.com\nrequire passkey"})
	ada := g.visitor()
	ada.ask("ada@example.com", "/_doorpost/account").leadsTo(t, "/_doorpost/check-mail")
	ada.redeem(g.mail.await("ada@example.com"), "/_doorpost/account")
	problem := ada.do(ada.script(http.MethodGet, "/safe")).isProblem(t, http.StatusUnauthorized)
	address, _ := problem["sign_in_url"].(string)
	if detail, _ := problem["detail"].(string); !strings.Contains(detail, "passkey") || !strings.HasSuffix(address, "/_doorpost/sign-in?again=passkey") {
		t.Errorf("a program is told %v", problem)
	}
	ada.submit("/safe", "bar", "2").is(t, http.StatusUnauthorized).says(t, "You have to sign in again for that")
	file := ada.form("/safe", "bar", "2")
	file.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	if page := ada.do(file).is(t, http.StatusUnauthorized); !slices.Contains(page.links(), "/_doorpost/sign-in?to=%2f&again=passkey") {
		t.Errorf("the page of a form that is not kept leads to %q", page.links())
	}
}

// Whoever reads the mail of an owner could let in an address of their own: where the site
// requires a passkey, the link alone decides nothing.
func TestTheMailOfAnOwnerIsNoWayRoundTheirPasskey(t *testing.T) {
	t.Parallel()
	g := start(t, setup{site: "allow *@example.com\nask owner@example.com\nrequire passkey"})
	link := func(asks string) (token string) {
		eve := g.visitor()
		eve.ask(asks, "/").leadsTo(t, "/_doorpost/check-mail")
		eve.submit("/_doorpost/ask", "token", g.mail.await(asks).token).is(t, http.StatusOK)
		for token == "" { // notices come between
			token = g.mail.await("owner@example.com").token
		}
		return token
	}
	mailbox := g.visitor()
	decides := func(v *visitor, token string) answer {
		v.submit("/_doorpost/decide", "token", token).is(t, http.StatusOK).says(t, "asks to enter")
		return v.submit("/_doorpost/decide", "token", token, "decision", "always")
	}
	decides(mailbox, link("first@elsewhere.example")).is(t, http.StatusUnauthorized).says(t, "Sign in as owner@example.com.") // who has no passkey yet
	signIn := func() *visitor {
		v := g.visitor()
		v.ask("owner@example.com", "/_doorpost/account").leadsTo(t, "/_doorpost/check-mail")
		v.redeem(g.mail.await("owner@example.com"), "/_doorpost/account")
		return v
	}
	owner, device := signIn(), new(testkit.Authenticator)
	owner.makesPasskey(device).is(t, http.StatusOK)
	token := link("eve@elsewhere.example")
	// The page keeps the decision, and a window is for the passkey.
	const asked = "/_doorpost/sign-in?again=passkey&to=%2F_doorpost%2Frenew"
	waits := func(v *visitor) answer {
		kept := decides(v, token).is(t, http.StatusUnauthorized).says(t, "asks for your fingerprint")
		if !strings.Contains(kept.body, strings.ReplaceAll(asked, "&", "&amp;")) || !strings.Contains(kept.body, token) {
			t.Errorf("the page keeps nothing: %s", kept.body)
		}
		return kept
	}
	waits(mailbox)
	told := func(e map[string]any) bool {
		reason, _ := e["reason"].(string)
		return e["msg"] == "refused" && e["proof"] == "passkey" && e["request_id"] != nil && e["address"] == "o***@example.com" && strings.HasPrefix(reason, "a passkey is needed")
	}
	await(t, "a line of the audit log", func() bool { return slices.ContainsFunc(g.auditLines(), told) })
	waits(enter(t, g, "ada@example.com"))
	byMail := signIn()
	waits(byMail)
	g.reload("allow ada@example.com\nask owner@example.com\nrequire passkey") // an owner need not be somebody who may enter
	waits(mailbox)
	g.reload("allow *@example.com\nask owner@example.com\nrequire passkey")
	waits(owner)
	byMail.unlike = []string{"Cross-Origin-Opener-Policy", "unsafe-none"} // of the window
	byMail.open(asked).is(t, http.StatusOK).says(t, "asks for your fingerprint").says(t, "Lost the device?")
	owner.posts("/_doorpost/passkey?to=/", owner.assertion(device)).is(t, http.StatusOK)
	decides(owner, token).is(t, http.StatusOK).says(t, "can enter")
	mailbox.submit("/_doorpost/decide", "token", token).is(t, http.StatusOK).says(t, "can enter") // which the link tells once it is decided
}

// Whatever address of theirs an owner is written with, where the site requires a passkey their
// mailbox alone decides nothing: it takes the passkey of the very account that the link went to.
func TestNoSpellingOfAnOwnerIsAWayRoundTheirPasskey(t *testing.T) {
	t.Parallel()
	const sites = "allow *@example.com *@xn--bcher-kva.example\nrequire passkey\nask "
	g := start(t, setup{site: sites + "owner@example.com"})
	signIn := func(address string) *visitor {
		v := g.visitor()
		v.ask(address, "/_doorpost/account").leadsTo(t, "/_doorpost/check-mail")
		m := g.mail.await(address)
		for m.code == "" { // a notice
			m = g.mail.await(address)
		}
		v.redeem(m, "/_doorpost/account")
		return v
	}
	domains := []string{"example.com", "xn--bcher-kva.example"}
	owners := make(map[string]*visitor) // who have a passkey, by domain
	for _, domain := range domains {
		device := new(testkit.Authenticator)
		signIn("former@"+domain).makesPasskey(device).is(t, http.StatusOK)
		g.succeeds("users", "move", "former@"+domain, "owner@"+domain)
		v := signIn("owner@" + domain)
		v.posts("/_doorpost/passkey?to=/", v.assertion(device)).is(t, http.StatusOK)
		owners[domain] = v
	}
	asked := 0
	for _, domain := range domains {
		for _, local := range []string{"owner", "owner+x.y", "former"} {
			is := local + "@" + domain
			for _, spelled := range []string{is, strings.ToUpper(is), strings.ToUpper(local[:1]) + local[1:] + "@" + strings.ToUpper(domain[:1]) + domain[1:]} {
				g.reload(sites + spelled)
				eve := fmt.Sprintf("eve%d@elsewhere.example", asked)
				asked++
				v := g.visitor()
				v.ask(eve, "/").leadsTo(t, "/_doorpost/check-mail")
				v.submit("/_doorpost/ask", "token", g.mail.await(eve).token).is(t, http.StatusOK)
				var m message
				for m.page != "/decide" { // notices come between
					m = g.mail.await(is)
				}
				decides := func(v *visitor) answer { return v.submit("/_doorpost/decide", "token", m.token, "decision", "refuse") }
				decides(g.visitor()).is(t, http.StatusUnauthorized).says(t, "Sign in as "+is+".")
				hers := decides(owners[domain])
				if local == "owner" {
					hers.is(t, http.StatusOK).says(t, "cannot enter")
				} else {
					hers.is(t, http.StatusUnauthorized)
				}
			}
		}
	}
}
