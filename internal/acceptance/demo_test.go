package acceptance

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// demo is the program run as the README's first command runs it.
type demo struct {
	*process
	origin string
	port   string
}

// at is the origin of a name below localhost.
func (d demo) at(name string) string { return "http://" + name + ".localhost:" + d.port }

func startDemo(t *testing.T) demo {
	t.Helper()
	return startDemoAt(t, "localhost")
}

func startDemoAt(t *testing.T, host string) demo {
	t.Helper()
	port := testkit.FreePort()
	listen := host + ":" + port
	h := newHome(t)
	d := demo{launch(t, h, "demo", "--listen", listen), "http://" + listen, port}
	await(t, "the demo to say where it is", func() bool {
		if d.HasEnded() {
			t.Fatalf("the demo did not start: %s", d.Output())
		}
		return strings.HasSuffix(d.Stdout.String(), "\n")
	})
	// It says so once it listens, so nothing has to be waited for.
	v := newVisitor(t, d.origin, listen)
	v.open("/").is(t, http.StatusSeeOther)
	return d
}

// waitingNoise is what a browser notes of a check-mail page that asks whether
// somebody signed in meanwhile: the answer is 401 until then.
const waitingNoise = "/_doorpost/session"

// ask goes from the closed door to the check-mail page.
func (d demo) ask(tab *tab, path, address string) {
	tab.t.Helper()
	tab.expect(waitingNoise)
	tab.open(d.origin + path)
	tab.awaitText("Type your email address")
	tab.picture("sign-in")
	tab.typeInto("#email", address)
	tab.click("form button")
	tab.awaitText("Check your mail")
	tab.awaitText(address)
	tab.picture("check-mail")
}

var codeOnPage = regexp.MustCompile(`\b[A-HJ-KM-NP-Z2-9]{4}-[A-HJ-KM-NP-Z2-9]{4}\b`)

// openMailbox opens the mailbox page, where a message has come in.
func (d demo) openMailbox(tab *tab, address string) (code string) {
	tab.t.Helper()
	tab.open(d.origin + "/_doorpost/mailbox")
	tab.awaitText("To " + address)
	code = codeOnPage.FindString(tab.text())
	if code == "" {
		tab.t.Fatalf("no code in the mailbox: %s", tab.text())
	}
	tab.picture("mailbox")
	return code
}

func TestDemoLetsSomebodyInByTheLinkAndOutByTheButton(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	said := d.Stdout.String()
	for _, want := range []string{d.origin, d.at("app"), d.at("wiki"), d.at("login"), d.at("login") + "/_doorpost/mailbox", "--listen 127.0.0.1:" + d.port} {
		if !strings.Contains(said, " "+want) {
			t.Errorf("the demo does not say %s: %q", want, said)
		}
	}
	tab := newProfile(t).newTab()
	d.ask(tab, "/", "mona@example.com")
	d.openMailbox(tab, "mona@example.com")
	tab.click(`pre a[href*="/_doorpost/link#"]`)
	tab.awaitLocation(d.origin + "/")
	tab.awaitText("Hello mona@example.com")
	if text := strings.Join(strings.Fields(tab.text()), " "); !strings.Contains(text, "Remote-User mona@example.com") {
		t.Errorf("the app was not told who is signed in: %s", text)
	} else if strings.Contains(text, "Cookie doorpost") {
		t.Errorf("the app was sent a cookie of the gate: %s", text)
	}
	tab.picture("signed-in")
	tab.click(`a[href="` + d.at("app") + `/"]`)
	tab.awaitText("This is app.localhost:" + d.port)
	tab.click(`a[href="` + d.at("wiki") + `/"]`)
	tab.awaitText("This is wiki.localhost:" + d.port)
	tab.click(`a[href="/_doorpost/account"]`)
	tab.awaitLocation(d.at("login") + "/_doorpost/account")
	tab.awaitText("You are signed in as mona@example.com")
	tab.picture("account")
	tab.open(d.origin + "/")
	tab.click(`a[href="/_doorpost/sign-out"]`)
	tab.awaitText("Sign out of Doorpost demo?")
	tab.picture("sign-out")
	tab.click("form button")
	tab.awaitText("You are signed out")
	tab.open(d.origin + "/anything")
	tab.awaitText("Type your email address")
}

// awaitCodeInMailbox waits for a message and reads its code.
func awaitCodeInMailbox(v *visitor) (code string) {
	v.t.Helper()
	await(v.t, "a message in the mailbox", func() bool {
		code = codeOnPage.FindString(v.open("/_doorpost/mailbox").is(v.t, http.StatusOK).text())
		return code != ""
	})
	return code
}

// follow opens a URL and goes where the answers send the browser, which has other
// cookies at each origin.
func follow(at map[string]*visitor, target string) (origin string, a answer) {
	for {
		u, err := url.Parse(target)
		if err != nil {
			panic("a test was sent to " + target)
		}
		if u.Host != "" {
			origin = u.Scheme + "://" + u.Host
		}
		if a = at[origin].open(u.RequestURI()); a.status != http.StatusSeeOther {
			return origin, a
		}
		target = a.location()
	}
}

func TestOneSignInServesAllAppsOfTheDemo(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	at := make(map[string]*visitor)
	for _, origin := range []string{d.origin, d.at("app"), d.at("wiki"), d.at("login")} {
		at[origin] = newVisitor(t, origin, "127.0.0.1:"+d.port)
	}
	portal := at[d.at("login")]
	for _, origin := range []string{d.origin, d.at("app"), d.at("wiki")} {
		at[origin].do(at[origin].script(http.MethodGet, "/api")).isProblem(t, http.StatusUnauthorized)
		if where, a := follow(at, origin+"/a/page?q=1"); where != portal.origin || a.status != http.StatusOK {
			t.Errorf("%s/a/page leads to %d at %s", origin, a.status, where)
		}
	}
	wanted := d.at("app") + "/a/page?q=1"
	portal.ask("mona@example.com", wanted).leadsTo(t, "/_doorpost/check-mail")
	at[d.origin].open("/_doorpost/mailbox").leadsTo(t, portal.origin+"/_doorpost/mailbox")
	code := awaitCodeInMailbox(portal)
	portal.submit("/_doorpost/code", "code", code).leadsTo(t, wanted)
	for _, origin := range []string{d.at("app"), d.at("wiki"), d.origin} {
		where, page := follow(at, origin+"/a/page?q=1")
		if where != origin {
			t.Fatalf("somebody who is signed in and opens %s gets to %s: %s", origin, where, page.text())
		}
		host := strings.TrimPrefix(origin, "http://")
		page.says(t, "Hello mona@example.com").says(t, "This is "+host+demoMark).says(t, "GET /a/page?q=1").says(t, "Remote-User")
		for other := range at {
			if links := strings.Contains(page.body, `href="`+other+`/"`); links != (other != origin && other != portal.origin) {
				t.Errorf("whether %s links to %s: %v", origin, other, links)
			}
		}
	}
	where, account := follow(at, d.at("wiki")+"/_doorpost/account")
	if where != portal.origin {
		t.Errorf("the account is at %s", where)
	}
	account.says(t, "app.localhost").says(t, "wiki.localhost")
}

func TestDemoAtAnAddressIsOneSiteWithoutAPortal(t *testing.T) {
	t.Parallel()
	d := startDemoAt(t, "127.0.0.1")
	if want := "Open " + d.origin + " in your browser; the mail arrives at " + d.origin + "/_doorpost/mailbox\n"; d.Stdout.String() != want {
		t.Errorf("the demo says %q, want %q", d.Stdout.String(), want)
	}
	v := newVisitor(t, d.origin, "127.0.0.1:"+d.port)
	v.ask("nils@example.com", "/x").leadsTo(t, "/_doorpost/check-mail")
	code := awaitCodeInMailbox(v)
	v.submit("/_doorpost/code", "code", code).leadsTo(t, "/x")
	page := v.open("/x").is(t, http.StatusOK).says(t, "Hello nils@example.com")
	if strings.Contains(page.text(), "The same sign-in serves") {
		t.Errorf("the only app of a demo speaks of others: %s", page.text())
	}
}

func TestDemoMessageOpensItsLinkFromTheHTMLPartToo(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	tab := newProfile(t).newTab()
	d.ask(tab, "/", "nora@example.com")
	d.openMailbox(tab, "nora@example.com")
	tab.clickInFrame(d.at("login")+"/_doorpost/mailbox?message=", `a[href*="/_doorpost/link#"]`)
	tab.awaitText("Hello nora@example.com")
}

func TestDemoLetsSomebodyInByTheTypedCode(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	person := newProfile(t)
	tab, mailbox := person.newTab(), person.newTab()
	d.ask(tab, "/"+deepRoute, "otto@example.com")
	code := d.openMailbox(mailbox, "otto@example.com")
	// The page that answers a wrong code has the status 422.
	tab.expect("status of 422")
	wrong := "AAAA-AAAA"
	if code == wrong {
		wrong = "BBBB-BBBB"
	}
	tab.typeInto("#code", wrong)
	tab.click(`form[action="/_doorpost/code"] button`)
	tab.awaitText("That is not the code. You have 4 more tries.")
	tab.picture("wrong-code")
	tab.typeInto("#code", strings.ToLower(strings.ReplaceAll(code, "-", " ")))
	tab.click(`form[action="/_doorpost/code"] button`)
	tab.awaitText("Hello otto@example.com")
	tab.awaitLocation(d.origin + "/" + deepRoute)
}

func TestDemoWorksWithoutJavaScript(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	person := newProfile(t)
	tab, mailbox := person.newTab(), person.newTab()
	tab.withoutScript()
	d.ask(tab, "/a/page?with=query", "pia@example.com")
	code := d.openMailbox(mailbox, "pia@example.com")
	tab.typeInto("#code", code)
	tab.click(`form[action="/_doorpost/code"] button`)
	tab.awaitText("Hello pia@example.com")
	tab.awaitLocation(d.origin + "/a/page?with=query")

	mailbox.withoutScript()
	mailbox.open(d.origin + "/_doorpost/link#abcdefghijklmnopqrstuvwxyz234567abcdefgh")
	mailbox.awaitText("This browser does not run scripts")
	mailbox.picture("link-without-script")
}

func TestTabThatWaitsGoesOnWhenAnotherRedeemsTheLink(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	person := newProfile(t)
	waiting, mailbox := person.newTab(), person.newTab()
	d.ask(waiting, "/first/tab"+deepRoute, "quin@example.com")
	d.openMailbox(mailbox, "quin@example.com")
	mailbox.click(`pre a[href*="/_doorpost/link#"]`)
	mailbox.awaitText("Hello quin@example.com")
	waiting.awaitText("Hello quin@example.com")
	waiting.awaitLocation(d.origin + "/first/tab" + deepRoute)
}

func TestDeepLinkComesBackByteForByteWithItsFragment(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	tab := newProfile(t).newTab()
	deep := "/caf%C3%A9/a;b,c/%E2%82%AC?u=https%3A%2F%2Fx.example%2F%3Fa%3D1%26b%3D2&q=%2B+%25&empty=&flag#/tab/3?x=1&y=%2F"
	d.ask(tab, deep, "rosa@example.com")
	d.openMailbox(tab, "rosa@example.com")
	tab.click(`pre a[href*="/_doorpost/link#"]`)
	tab.awaitText("Hello rosa@example.com")
	tab.awaitLocation(d.origin + deep)
}

func TestDemoLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	p := launch(t, h, "demo", "--listen", "127.0.0.1:"+testkit.FreePort())
	await(t, "the demo to start", func() bool { return strings.Contains(p.Stdout.String(), "\n") || p.HasEnded() })
	p.stop()
	for _, left := range h.files(t) {
		if left != "data/caddy/instance.uuid" { // Caddy's own, made by every command
			t.Errorf("the demo left %s", left)
		}
	}
}

func TestDemoShowsMailOnThisMachineOnly(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{"0.0.0.0:8080", "example.com:8080", ":8080", "192.0.2.1:80"} {
		code, output := runToEnd(t, newHome(t), "demo", "--listen", listen)
		if code == 0 || !strings.Contains(output, "loopback") {
			t.Errorf("demo --listen %s ended with %d: %s", listen, code, output)
		}
	}
}

func TestDeepLinkKeepsCharactersThatGoWritesOtherwise(t *testing.T) {
	t.Parallel()
	d := startDemoAt(t, "127.0.0.1")
	v := newVisitor(t, d.origin, strings.TrimPrefix(d.origin, "http://"))
	for _, path := range []string{"/a|b", "/a%7Cb", "/a^b", "/[x]", "/%5Bx%5D", "/a%7eb", "/~b", "/it's", "/it%27s", "/a?b|c", "/x?", "/x??", "/a%2Fb", "/a%2fb"} {
		r := v.navigate("/")
		r.URL.Opaque = path // is sent as it is
		if a := v.do(r).is(t, http.StatusSeeOther); a.location() != "/_doorpost/sign-in?to="+url.QueryEscape(path) {
			t.Errorf("%s is sent to %s", path, a.location())
		}
	}
}
