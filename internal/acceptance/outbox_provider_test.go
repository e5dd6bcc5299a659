package acceptance

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// answerToAll asks for a link for an address and fails the test unless the
// answer is what everybody gets.
type answerToAll struct {
	g    *stage
	want string
}

func (same *answerToAll) ask(t testing.TB, address string) *visitor {
	t.Helper()
	v := same.g.visitor()
	a := comparableAnswer(v.ask(address, "/").leadsTo(t, "/_doorpost/check-mail"))
	if same.want == "" {
		same.want = a
	}
	if a != same.want {
		t.Errorf("asking for %s is answered\n%s\nand before\n%s", address, a, same.want)
	}
	return v
}

// Whatever Mailgun answers first, the message comes in the end, and nobody who
// asks learns of it.
func TestMessageArrivesWhateverMailgunAnswersFirst(t *testing.T) {
	t.Parallel()
	const pause = 4 * time.Second
	endless := make(chan struct{})
	service := startMailgun(t, func(w http.ResponseWriter, r *http.Request, to string, try int) bool {
		what, _, _ := strings.Cut(to, "@")
		if what == "good" || try > 2 || try > 1 && what != "error" {
			return true
		}
		switch what {
		case "error":
			http.Error(w, "sorry", http.StatusInternalServerError)
		case "wait":
			w.Header().Set("Retry-After", "4")
			http.Error(w, "slow down", http.StatusTooManyRequests)
		case "endless":
			defer close(endless)
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat("{", 4096)); err != nil {
					return false
				}
			}
		case "header":
			w.Header().Set("X-Long", strings.Repeat("a", 1<<20))
			_, _ = io.WriteString(w, `{"id":"<1@mg.example.com>","message":"Queued. Thank you."}`)
		}
		return false
	})
	g := service.sendsThrough(t, setup{})
	all := &answerToAll{g: g}
	member := all.ask(t, "good@example.com")
	member.submit("/_doorpost/link", "token", service.await(t, "good@example.com").token).leadsTo(t, "/")
	for what, tries := range map[string]int{"error": 3, "wait": 2, "endless": 2, "header": 2} {
		address := what + "@example.com"
		v := all.ask(t, address)
		member.open("/").echo(t)
		m := service.await(t, address)
		at := service.attempts(address)
		if len(at) != tries {
			t.Errorf("%s: %d attempts were made, want %d", what, len(at), tries)
		}
		if what == "wait" && at[1].Sub(at[0]) < pause {
			t.Errorf("tried again after %v, asked to wait %v", at[1].Sub(at[0]), pause)
		}
		g.becomes(address, "sent")
		v.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/")
	}
	select {
	case <-endless:
	case <-time.After(patience):
		t.Error("an endless answer is read on and on")
	}
}

// A service that sends us elsewhere is not followed, and is tried again.
func TestMessageIsNotTakenWhereAServiceRedirects(t *testing.T) {
	t.Parallel()
	var visits atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		visits.Add(1)
		_, _ = io.WriteString(w, `{"id":"<1@mg.example.com>","message":"Queued. Thank you."}`)
	}))
	t.Cleanup(elsewhere.Close)
	service := startMailgun(t, func(w http.ResponseWriter, r *http.Request, to string, try int) bool {
		if try == 1 && to != "good@example.com" {
			status := http.StatusTemporaryRedirect
			if strings.HasPrefix(to, "found") {
				status = http.StatusFound
			}
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, status)
			return false
		}
		return true
	})
	g := service.sendsThrough(t, setup{})
	all := &answerToAll{g: g}
	all.ask(t, "good@example.com")
	service.await(t, "good@example.com")
	all.ask(t, "moved@example.com")
	all.ask(t, "found@example.com")
	service.await(t, "moved@example.com")
	service.await(t, "found@example.com")
	if visits.Load() > 0 {
		t.Errorf("%d redirects were followed", visits.Load())
	}
}

// An SMTP server that wants a message later gets it later. One that has no such
// mailbox is not asked again, neither for that message nor for another.
func TestSMTPServerThatRefusesIsTakenAtItsWord(t *testing.T) {
	t.Parallel()
	service := startSMTP(t, func(at testkit.MailStep, to string, try int) string {
		what, _, _ := strings.Cut(to, "@")
		switch {
		case what == "none" && at == testkit.AtRecipient:
			return "550 5.1.1 no such mailbox"
		case what == "policy" && at == testkit.AtDot:
			return "550 5.7.1 we do not like it"
		case try > 1:
		case what == "closing" && at == testkit.AtRecipient, what == "dying" && at == testkit.AtDot:
			return "421 4.3.2 closing"
		case what == "busy" && at == testkit.AtRecipient, what == "later" && at == testkit.AtDot:
			return "450 4.2.1 greylisted"
		}
		return ""
	})
	g := service.sendsThrough(t, setup{})
	all := &answerToAll{g: g}
	all.ask(t, "good@example.com")
	service.await(t, "good@example.com")
	wanted := []string{"closing@example.com", "dying@example.com", "busy@example.com", "later@example.com"}
	for _, address := range wanted {
		all.ask(t, address)
	}
	for _, address := range wanted {
		service.await(t, address)
		if n := len(service.attempts(address)); n != 2 {
			t.Errorf("%s: %d attempts were made, want 2", address, n)
		}
	}
	for address, state := range map[string]string{"none@example.com": "bounced", "policy@example.com": "failed"} {
		all.ask(t, address)
		if m := g.becomes(address, state); m.Waiting || m.Attempts != 0 && state == "bounced" {
			t.Errorf("%s: %+v", address, m)
		}
	}
	all.ask(t, "none@example.com")   // blocked
	all.ask(t, "policy@example.com") // not blocked: the refusal may have been about us
	await(t, "a second attempt", func() bool { return len(service.attempts("policy@example.com")) == 2 })
	if n := len(service.attempts("none@example.com")); n != 1 {
		t.Errorf("%d attempts were made for a mailbox that does not exist", n)
	}
}

// A message that can only come when its link is almost over is not sent.
func TestMessageThatWouldComeTooLateIsNotSent(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	broken.Store(true)
	service := startMailgun(t, func(w http.ResponseWriter, _ *http.Request, _ string, _ int) bool {
		if broken.Load() {
			http.Error(w, "sorry", http.StatusServiceUnavailable)
			return false
		}
		return true
	})
	g := service.sendsThrough(t, setup{global: "link_ttl 1m"})
	v := g.visitor()
	asked := time.Now()
	v.ask("late@example.com", "/wanted")
	await(t, "the message to be put off", func() bool { m := g.lastTo("late@example.com"); return m.State == "deferred" && m.Waiting })
	g.becomes("late@example.com", "expired")
	t.Logf("given up after %v and %d attempts", time.Since(asked).Round(time.Second), len(service.attempts("late@example.com")))
	broken.Store(false)
	// The page tells how to ask again, and that works.
	again := v.open("/_doorpost/check-mail").is(t, http.StatusOK).forms(t)
	for _, form := range again {
		if form.action == "/_doorpost/sign-in" {
			v.submit(form.action, form.fields...).leadsTo(t, "/_doorpost/check-mail?again=1")
			m := service.await(t, "late@example.com")
			v.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/wanted")
			g.gate.stop()
			if n := len(service.at("late@example.com")); n != 1 {
				t.Errorf("%d messages came, want the second only", n)
			}
			return
		}
	}
	t.Fatal("the page has no way to ask again")
}

// While the mail service takes requests and never answers, sign-ins with what
// was sent before, sessions and new requests go on.
func TestEverybodyElseGoesOnWhileTheMailServiceHangs(t *testing.T) {
	t.Parallel()
	const asking = 60 // more than are sent at the same time
	hear, wait := deaf(t)
	var hanging atomic.Bool
	service := startMailgun(t, func(http.ResponseWriter, *http.Request, string, int) bool {
		if hanging.Load() {
			wait()
		}
		return true
	})
	t.Cleanup(hear)
	g := service.sendsThrough(t, setup{silent: true})
	all := &answerToAll{g: g}
	member, before := all.ask(t, "member@example.com"), all.ask(t, "before@example.com")
	member.submit("/_doorpost/link", "token", service.await(t, "member@example.com").token).leadsTo(t, "/")
	m := service.await(t, "before@example.com")
	hanging.Store(true)
	p := new(promises)
	p.keep(t, asking, g.visitor())
	// The service answers only after all this has been answered.
	for range 200 {
		member.open("/").echo(t)
	}
	before.submit("/_doorpost/code", "code", m.code).leadsTo(t, "/")
	before.open("/").echo(t)
	all.ask(t, "new@example.com")
	before.submit("/_doorpost/sign-out").leadsTo(t, "/_doorpost/sign-out")
	if n := len(service.missing(p.addresses())); n != asking {
		t.Errorf("%d messages came from a service that hangs", asking-n)
	}
	hear()
	p.haveArrived(t, service, g)
	service.await(t, "new@example.com")
}
