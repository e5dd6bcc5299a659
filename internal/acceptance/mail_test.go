package acceptance

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func TestMessageArrivesByTheRealSMTPConversation(t *testing.T) {
	t.Parallel()
	g := start(t, setup{global: "brand {\nname \"Corner Library\"\n}\nlink_ttl 20m"})
	v := g.visitor()
	v.ask("ada@example.com", "/books")
	m := g.mail.await("ada@example.com")
	m.check(t, "ada@example.com")
	if len(m.recipients) != 1 {
		t.Errorf("the envelope has %d recipients: %q", len(m.recipients), m.recipients)
	}
	if !strings.HasPrefix(m.link, g.origin+"/_doorpost/link#") {
		t.Errorf("the link is %s, not at %s", m.link, g.origin)
	}
	if !strings.Contains(m.header.Get("From"), "<sign-in@example.com>") {
		t.Errorf("From is %s", m.header.Get("From"))
	}
	if subject := m.header.Get("Subject"); !strings.HasPrefix(subject, "Welcome to Corner Library (") {
		t.Errorf("the first message has the subject %q", subject)
	}
	if !strings.Contains(m.text, "20 minutes") {
		t.Errorf("the message does not say for how long its link works: %s", m.text)
	}
	v.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/books")

	v.ask("ada@example.com", "/")
	if subject := g.mail.await("ada@example.com").header.Get("Subject"); !strings.HasPrefix(subject, "Sign in to Corner Library (") {
		t.Errorf("the second message has the subject %q", subject)
	}
}

func TestMessageGoesThroughTheMessagesAPI(t *testing.T) {
	t.Parallel()
	api := startMailgunDouble(t)
	g := start(t, setup{mailer: "mailer mailgun {\ndomain mg.example.com\napi_key key-of-acceptance\napi_base " + api.base + "\n}"})
	v := g.visitor()
	v.ask("ada@example.com", "/books")
	await(t, "a call of the API", func() bool { return len(api.received()) > 0 })
	call := api.received()[0]
	if call.path != "POST /v3/mg.example.com/messages" || call.user != "api" || call.password != "key-of-acceptance" {
		t.Errorf("called %s as %s:%s", call.path, call.user, call.password)
	}
	if to := call.one(t, "to"); to != "ada@example.com" {
		t.Errorf("to is %q", to)
	}
	for _, name := range []string{"cc", "bcc"} {
		if len(call.fields[name]) > 0 {
			t.Errorf("the call has %s: %v", name, call.fields[name])
		}
	}
	for _, name := range []string{"o:tracking", "o:tracking-clicks", "o:tracking-opens"} {
		if value := call.one(t, name); value != "no" {
			t.Errorf("%s is %q", name, value)
		}
	}
	m := message{text: call.one(t, "text"), html: call.one(t, "html")}
	if err := m.find(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(m.html, `href="`+m.link+`"`) || !strings.Contains(m.html, m.code) {
		t.Error("text and HTML have not the same link and code")
	}
	v.submit("/_doorpost/code", "code", m.code).leadsTo(t, "/books")
	if strings.Contains(g.gate.Output(), "key-of-acceptance") || strings.Contains(g.gate.Output(), m.token) {
		t.Error("a log line has the key of the API or a token in it")
	}
}

func TestNextMailerTakesOverWhenOneFails(t *testing.T) {
	t.Parallel()
	api := startMailgunDouble(t)
	g := start(t, setup{mailer: "mailer smtp 127.0.0.1:" + testkit.FreePort() + " {\ntls off\n}\n" +
		"mailer mailgun {\ndomain mg.example.com\napi_key key-1\napi_base " + api.base + "\n}"})
	g.visitor().ask("ada@example.com", "/")
	await(t, "a call of the API", func() bool { return len(api.received()) > 0 })
}

var (
	secondsLeft = regexp.MustCompile(`data-seconds="\d+"`)
	untilWhen   = regexp.MustCompile(`<time datetime="([^"]*)">[^<]*</time>`)
)

func TestAnswerDoesNotTellWhoMayComeIn(t *testing.T) {
	t.Parallel()
	g := start(t, setup{limits: "limit client 1000 1m\nlimit address 1 1h\nlimit total 1000 1h", site: "allow *@example.com\ndeny qden@example.com"})
	known := g.signedIn("qkno@example.com")
	known.submit("/_doorpost/sign-out")
	throttled := g.visitor()
	throttled.ask("qthr@example.com", "/")
	g.mail.await("qthr@example.com")

	var want, wantPage string
	for _, address := range []string{"qadm@example.com", "qels@example.org", "qthr@example.com", "qden@example.com", "qkno@example.com"} {
		v := g.visitor()
		a := v.ask(address, "/x")
		got, page := comparableAnswer(a), comparableAnswer(v.open("/_doorpost/check-mail"))
		// What was typed is shown, and how long ago.
		local, _, _ := strings.Cut(address, "@")
		page = strings.NewReplacer(local, "<local>", "example.org", "example.com").Replace(page)
		page = secondsLeft.ReplaceAllString(page, "")
		if found := untilWhen.FindStringSubmatch(page); found == nil {
			t.Fatalf("check-mail does not say until when: %s", page)
		} else if until, err := time.Parse(time.RFC3339, found[1]); err != nil || time.Until(until).Round(2*time.Minute) != 10*time.Minute {
			t.Errorf("for %s the link is said to work until %s", address, found[1])
		}
		page = untilWhen.ReplaceAllString(page, "")
		if want == "" {
			want, wantPage = got, page
		}
		if got != want {
			t.Errorf("asking for %s is answered\n%s\nand for the first\n%s", address, got, want)
		}
		if page != wantPage {
			t.Errorf("check-mail of %s is\n%s\nand of the first\n%s", address, page, wantPage)
		}
		wrong := v.submit("/_doorpost/code", "code", "AAAA-AAAA").is(t, http.StatusUnprocessableEntity)
		wrong.says(t, "You have 4 more tries.")
	}
	g.comesToRest()
	g.gate.stop()
	for address, sent := range map[string]int{"qadm@example.com": 1, "qels@example.org": 0, "qthr@example.com": 1} {
		if got := len(g.mail.received(address)); got != sent {
			t.Errorf("%d messages went to %s, want %d", got, address, sent)
		}
	}
}

func TestNetworkThatAsksTooOftenIsToldSo(t *testing.T) {
	t.Parallel()
	g := start(t, setup{limits: "limit client 3 1h"})
	v := g.visitor()
	for range 3 {
		v.ask("ada@example.com", "/").leadsTo(t, "/_doorpost/check-mail")
	}
	m := g.mail.await("ada@example.com")
	page := v.ask("bob@example.com", "/").is(t, http.StatusTooManyRequests).says(t, "Too many tries from your network")
	seconds, err := strconv.Atoi(page.header.Get("Retry-After"))
	if err != nil || seconds < 1 || seconds > 3600+3600/16 { // the window is counted in sixteenths
		t.Errorf("Retry-After is %q", page.header.Get("Retry-After"))
	}
	// What a client says about its address does not make it another.
	for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "Cf-Connecting-Ip", "True-Client-Ip", "X-Client-Ip"} {
		for _, value := range []string{"203.0.113.9", "for=203.0.113.9", "a", "", "2001:db8::1", strings.Repeat("10.0.0.1, ", 100) + "10.0.0.1"} {
			r := v.form("/_doorpost/sign-in", "email", "bob@example.com")
			r.Header.Set(name, value)
			v.do(r).is(t, http.StatusTooManyRequests)
		}
	}
	r := v.form("/_doorpost/sign-in", "email", "bob@example.com")
	r.Header.Set("Accept", "application/json")
	v.do(r).isProblem(t, http.StatusTooManyRequests)
	// A link that was sent before works.
	v.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/")
	g.comesToRest()
	g.gate.stop()
	if sent := g.mail.received("bob@example.com"); len(sent) > 0 {
		t.Errorf("%d messages were sent over the limit", len(sent))
	}
}

func TestMailboxLimitCountsEverySpellingOfAMailbox(t *testing.T) {
	t.Parallel()
	g := start(t, setup{limits: "limit client 1000 1m\nlimit address 2 1h", site: "allow *"})
	spellings := []string{"alice@gmail.com", "ALICE@gmail.com", "alice+1@gmail.com", "a.l.i.c.e@gmail.com", "Alice+x.y@GMAIL.com", "a.lice+2@gmail.com"}
	for _, spelling := range spellings {
		g.visitor().ask(spelling, "/").leadsTo(t, "/_doorpost/check-mail")
	}
	g.comesToRest()
	g.gate.stop()
	total := 0
	for _, spelling := range []string{"alice@gmail.com", "alice+1@gmail.com", "a.l.i.c.e@gmail.com", "alice+x.y@gmail.com", "a.lice+2@gmail.com"} {
		total += len(g.mail.received(spelling))
	}
	if total != 2 {
		t.Errorf("%d messages went to one mailbox, want 2", total)
	}
}

func TestLinkNeverPointsWhereTheRequestSaid(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	for _, headers := range [][]string{
		{"X-Forwarded-Host", "evil.example"},
		{"X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https", "X-Forwarded-Port", "8443"},
		{"Forwarded", "host=evil.example;proto=https"},
		{"X-Host", "evil.example", "X-Original-Host", "evil.example", "X-Forwarded-Server", "evil.example"},
		{"X-Forwarded-Prefix", "//evil.example"},
	} {
		v := g.visitor()
		r := v.form("/_doorpost/sign-in", "email", "ada@example.com")
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		v.do(r).leadsTo(t, "/_doorpost/check-mail")
		m := g.mail.await("ada@example.com")
		if !strings.HasPrefix(m.link, g.origin+"/_doorpost/link#") || strings.Contains(string(m.raw), "evil") {
			t.Errorf("with %q the link is %s", headers, m.link)
		}
		v.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/")
	}
}
