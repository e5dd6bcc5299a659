package acceptance

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// One link and its code, from the browser that asked and from others, all at
// the same moment: one session.
func TestAttackTK01LinkAndCodeAtOnce(t *testing.T) {
	t.Parallel()
	const rounds, tries = 4, 100
	g := start(t, setup{silent: true})
	for range rounds {
		asked := g.visitor()
		asked.ask("ada@example.com", "/")
		m := g.mail.await("ada@example.com")
		elsewhere := g.visitor()
		confirmation := elsewhere.submit("/_doorpost/link", "token", m.token).is(t, http.StatusOK).forms(t)[0].fields
		browsers, answers := make([]*visitor, tries), make([]answer, tries)
		var redeeming sync.WaitGroup
		begin, failed := make(chan struct{}), make(chan error, tries)
		for i := range tries {
			v, r := asked.twin(), (*http.Request)(nil)
			switch i % 3 {
			case 0:
				r = v.form("/_doorpost/link", "token", m.token)
			case 1:
				r = v.form("/_doorpost/code", "code", m.code)
			default:
				v = elsewhere.twin()
				r = v.form("/_doorpost/link", confirmation...)
			}
			browsers[i] = v
			redeeming.Go(func() {
				<-begin
				a, err := v.try(r)
				if err != nil {
					failed <- err
				}
				answers[i] = a
			})
		}
		close(begin)
		redeeming.Wait()
		close(failed)
		for err := range failed {
			t.Error(err)
		}
		var winners []*visitor
		for i, a := range answers {
			_, value := browsers[i].sessionCookie()
			switch {
			case a.status == http.StatusSeeOther && value != "":
				winners = append(winners, browsers[i])
			case value != "" || a.status != http.StatusGone && a.status != http.StatusUnprocessableEntity:
				t.Errorf("a try was answered %d, with the session cookie %q", a.status, value)
			}
		}
		if len(winners) != 1 {
			t.Fatalf("one link and its code made %d sessions", len(winners))
		}
		for _, form := range winners[0].open("/_doorpost/account").is(t, http.StatusOK).forms(t) {
			if len(form.fields) == 2 && form.fields[0] == "session" {
				t.Error("there is another session than that of the winner")
			}
		}
		winners[0].submit("/_doorpost/sign-out", "scope", "all")
	}
}

func TestAttackTK04ALinkIsDeadAfterItsSession(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	v := g.visitor()
	v.ask("ada@example.com", "/")
	m := g.mail.await("ada@example.com")
	v.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/")
	v.submit("/_doorpost/sign-out").leadsTo(t, "/_doorpost/sign-out")
	g.restart()
	for _, browser := range []*visitor{v, g.visitor()} {
		browser.submit("/_doorpost/link", "token", m.token).is(t, http.StatusGone).setsNoSession(t)
		browser.submit("/_doorpost/code", "code", m.code).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
	}
}

// A copy of the store signs nobody in: neither does it have what was sent, nor
// is anything in it good for a link, a code or a cookie.
func TestAttackTK08WhatIsStoredIsNoKey(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	for name, s := range map[string]setup{
		"bolt": {silent: true}, "redis": {silent: true, store: patientRedis(server.URL()), global: "secret " + newSecret()},
	} {
		t.Run(name, func(t *testing.T) {
			g := start(t, s)
			member, asking := g.signedIn("ada@example.com"), g.visitor()
			asking.ask("eve@example.com", "/")
			m := g.mail.await("eve@example.com")
			var stored string
			if name == "bolt" {
				content, err := os.ReadFile(g.store())
				if err != nil {
					t.Fatal(err)
				}
				stored = string(content)
			} else {
				stored = dump(t, server)
			}
			if !strings.Contains(stored, "eve@example.com") {
				t.Fatal("the store does not have the request in it: this test looks at the wrong place")
			}
			name, session := member.sessionCookie()
			_, request := asking.requestCookie()
			for what, secret := range map[string]string{
				"the token": m.token, "the code": m.code, "the bare code": strings.ReplaceAll(m.code, "-", ""), "the session cookie": session, "the request cookie": request,
			} {
				if strings.Contains(stored, secret) || strings.Contains(strings.ToLower(stored), strings.ToLower(secret)) {
					t.Errorf("the store has %s in it", what)
				}
			}
			thief := g.visitor()
			for _, word := range wordsOf(stored) {
				thief.submit("/_doorpost/link", "token", word).setsNoSession(t)
				asking.submit("/_doorpost/link", "token", word).setsNoSession(t)
				thief.cookies[name] = word
				if who := thief.who(); who != "" {
					t.Errorf("with a word of the store as a cookie %s is signed in", who)
				}
			}
			asking.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/")
		})
	}
}

// dump is all keys and values of a Redis, as text.
func dump(t *testing.T, server *redistest.Server) string {
	t.Helper()
	const all = `local out = {} for _, key in ipairs(redis.call('KEYS', '*')) do local kind = redis.call('TYPE', key).ok
		table.insert(out, key)
		if kind == 'string' then table.insert(out, redis.call('GET', key))
		elseif kind == 'hash' then for _, v in ipairs(redis.call('HGETALL', key)) do table.insert(out, v) end
		elseif kind == 'set' then for _, v in ipairs(redis.call('SMEMBERS', key)) do table.insert(out, v) end
		elseif kind == 'zset' then for _, v in ipairs(redis.call('ZRANGE', key, 0, -1)) do table.insert(out, v) end
		elseif kind == 'stream' then for _, entry in ipairs(redis.call('XRANGE', key, '-', '+')) do for _, v in ipairs(entry[2]) do table.insert(out, v) end end
		else for _, v in ipairs(redis.call('LRANGE', key, 0, -1)) do table.insert(out, v) end end
	end return table.concat(out, ' ')`
	return server.Do(t, "EVAL", all, 0).(string)
}

// wordsOf are the longest runs of letters, digits, - and _ in what is stored,
// and the same bytes as they are written in cookies and links.
func wordsOf(stored string) (words []string) {
	known := make(map[string]bool)
	for word := range strings.FieldsFuncSeq(stored, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_')
	}) {
		if len(word) >= 16 && !known[word] && len(words) < 60 {
			known[word] = true
			words = append(words, word, strings.ToLower(word))
		}
	}
	return words
}

// Somebody sends a victim a link of their own. The victim is signed in as
// somebody else, and stays it.
func TestAttackTK10AForeignLinkReplacesNoSession(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	victim, attacker := g.signedIn("ada@example.com"), g.visitor()
	attacker.ask("mallory@example.com", "/")
	m := g.mail.await("mallory@example.com")
	random := rand.New(rand.NewPCG(10, 10))
	for range 40 {
		// One bare POST, with whatever an attacker can put into a form.
		fields := []string{"token", m.token}
		for name, value := range map[string]string{"confirm": "yes", "elsewhere": "1", "email": "mallory@example.com", "deliberate": "true", "csrf": m.token, "code": m.code} {
			if random.IntN(2) == 0 {
				fields = append(fields, name, value)
			}
		}
		page := victim.submit("/_doorpost/link", fields...).is(t, http.StatusOK).setsNoSession(t)
		page.says(t, "mallory@example.com").says(t, "ada@example.com")
	}
	victim.submit("/_doorpost/code", "code", m.code).setsNoSession(t)
	if who := victim.who(); who != "ada@example.com" {
		t.Fatalf("%q is signed in in the victim's browser", who)
	}
	// The form of the confirm page, sent by another site.
	form := victim.submit("/_doorpost/link", "token", m.token).forms(t)[0]
	r := victim.form(form.action, form.fields...)
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	victim.do(r).is(t, http.StatusForbidden).setsNoSession(t)
	if who := victim.who(); who != "ada@example.com" {
		t.Fatalf("%q is signed in in the victim's browser", who)
	}
	// A deliberate click does it, and says what it ends.
	old := victim.twin()
	victim.submit(form.action, form.fields...).leadsTo(t, "/")
	if victim.who() != "mallory@example.com" || old.who() != "" {
		t.Error("the confirmation did not replace the session")
	}
}

// An attacker asks for a victim's address and waits at every door while the
// victim signs in.
func TestAttackTK11WaitingSignsNobodyIn(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	attacker, victim := g.visitor(), g.visitor()
	attacker.ask("ada@example.com", "/")
	m := g.mail.await("ada@example.com")
	stop, failed := make(chan struct{}), make(chan error, 1)
	go func() {
		paths := []string{"/_doorpost/check-mail", "/_doorpost/session", "/_doorpost/link", "/_doorpost/sign-in", "/_doorpost/account", "/"}
		for i := 0; ; i++ {
			select {
			case <-stop:
				failed <- nil
				return
			default:
			}
			if _, err := attacker.try(attacker.navigate(paths[i%len(paths)])); err != nil {
				failed <- err
				return
			}
		}
	}()
	form := victim.submit("/_doorpost/link", "token", m.token).forms(t)[0]
	victim.submit(form.action, form.fields...).leadsTo(t, "/")
	for range 20 {
		victim.open("/").echo(t)
	}
	close(stop)
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	if _, value := attacker.sessionCookie(); value != "" || attacker.who() != "" {
		t.Error("the browser that only waited is signed in")
	}
	attacker.submit("/_doorpost/code", "code", m.code).setsNoSession(t)
}

func TestAttackTK12GuessesCostTheStoreNothing(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	g := start(t, setup{silent: true, store: patientRedis(server.URL()), global: "secret " + newSecret()})
	v := g.visitor()
	v.ask("ada@example.com", "/")
	m := g.mail.await("ada@example.com")
	const alphabet = "abcdefghijklmnopqrstuvwxyz234567\n" // a decoder may pass over a line break
	random := rand.New(rand.NewPCG(12, 12))
	guess := func() string {
		word := []byte(m.token)
		for range 1 + random.IntN(len(word)) {
			word[random.IntN(len(word))] = alphabet[random.IntN(len(alphabet))]
		}
		return string(word)
	}
	before := settledCalls(t, server)
	stranger := g.visitor()
	for range 1000 {
		if word := guess(); word != m.token {
			stranger.submit("/_doorpost/link", "token", word).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
		}
	}
	if calls := storeCalls(t, server) - before; calls != 0 {
		t.Errorf("1000 guesses cost Redis %d calls", calls)
	}
	v.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/")
}

// storeCalls is how often Redis was asked for anything on behalf of a visitor.
// All that is done there is one script a time, or a look at one key. What looks
// for messages to be sent is a script, too, which alone reads a stream.
func storeCalls(t *testing.T, server *redistest.Server) (sum int) {
	t.Helper()
	calls := server.Calls(t)
	for _, name := range []string{"get", "mget", "hget", "hgetall", "eval", "evalsha", "publish", "zadd", "del", "incr", "pexpire", "xadd"} {
		sum += calls[name]
	}
	return sum - calls["xreadgroup"]
}

// settledCalls is the same, once the message of the last request is done with.
func settledCalls(t *testing.T, server *redistest.Server) (calls int) {
	t.Helper()
	unchanged := 0
	await(t, "Redis to be left alone", func() bool {
		now := storeCalls(t, server)
		if unchanged++; now != calls {
			calls, unchanged = now, 0
		}
		return unchanged > 20
	})
	return calls
}

// The landing page in a real browser that did not ask: what it and the page after it
// fetch, and what is left of the token there.
func TestAttackTK15TheLandingPageTellsNobody(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	g.visitor().ask("ada@example.com", "/")
	m := g.mail.await("ada@example.com")
	tab := newProfile(t).newTab()
	tab.open(m.link)
	tab.awaitText("as ada@example.com?")
	fetched := tab.checkConsole()
	if len(fetched) < 3 { // two pages and the script
		t.Fatalf("the browser fetched %q", fetched)
	}
	for _, address := range fetched {
		sent, _, _ := strings.Cut(address, "#")
		if !strings.HasPrefix(address, g.origin+"/_doorpost/") || strings.Contains(sent, m.token) {
			t.Errorf("the landing page fetched %s", address)
		}
	}
	kept, err := evaluate[string](tab, `JSON.stringify([location.href, document.referrer, document.title, history.state, {...localStorage}, {...sessionStorage}, document.cookie])`)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(kept, m.token) || !json.Valid([]byte(kept)) {
		t.Errorf("the page leaves the token behind: %s", kept)
	}
}
