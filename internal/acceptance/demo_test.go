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
}

func startDemo(t *testing.T) demo {
	t.Helper()
	listen := "localhost:" + testkit.FreePort()
	h := newHome(t)
	d := demo{launch(t, h, "demo", "--listen", listen), "http://" + listen}
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
	if want := "Open " + d.origin + " in your browser; the mail arrives at " + d.origin + "/_doorpost/mailbox\n"; said != want {
		t.Errorf("the demo says %q, want %q", said, want)
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
	tab.click(`a[href="/_doorpost/account"]`)
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

func TestDemoMessageOpensItsLinkFromTheHTMLPartToo(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	tab := newProfile(t).newTab()
	d.ask(tab, "/", "nora@example.com")
	d.openMailbox(tab, "nora@example.com")
	tab.clickInFrame(d.origin+"/_doorpost/mailbox?message=", `a[href*="/_doorpost/link#"]`)
	tab.awaitText("Hello nora@example.com")
}

func TestDemoLetsSomebodyInByTheTypedCode(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	person := newProfile(t)
	tab, mailbox := person.newTab(), person.newTab()
	d.ask(tab, "/", "otto@example.com")
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
	mailbox.awaitText("The message also has a code")
	mailbox.picture("link-without-script")
}

func TestTabThatWaitsGoesOnWhenAnotherRedeemsTheLink(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	person := newProfile(t)
	waiting, mailbox := person.newTab(), person.newTab()
	d.ask(waiting, "/first/tab", "quin@example.com")
	d.openMailbox(mailbox, "quin@example.com")
	mailbox.click(`pre a[href*="/_doorpost/link#"]`)
	mailbox.awaitText("Hello quin@example.com")
	waiting.awaitText("Hello quin@example.com")
	waiting.awaitLocation(d.origin + "/first/tab")
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
	d := startDemo(t)
	v := newVisitor(t, d.origin, strings.TrimPrefix(d.origin, "http://"))
	for _, path := range []string{"/a|b", "/a%7Cb", "/a^b", "/[x]", "/%5Bx%5D", "/a%7eb", "/~b", "/it's", "/it%27s", "/a?b|c", "/x?", "/x??", "/a%2Fb", "/a%2fb"} {
		r := v.navigate("/")
		r.URL.Opaque = path // is sent as it is
		if a := v.do(r).is(t, http.StatusSeeOther); a.location() != "/_doorpost/sign-in?to="+url.QueryEscape(path) {
			t.Errorf("%s is sent to %s", path, a.location())
		}
	}
}
