package acceptance

import (
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// opened are WebSockets over HTTP/1.1 and HTTP/2, and an answer that does not end, at each
// instance, of a program that has a token.
type opened []*socket

// opens presents a token in each of the ways.
func opens(d doorway, made service) (all opened) {
	who := "service:" + made.Name
	for _, g := range stages(d) {
		for _, way := range ways {
			name, value := way(made.Token)
			all = append(all, g.dial(who, http.StatusSwitchingProtocols, name+": "+value+"\n"+upgrade), g.dial(who, http.StatusOK, name+": "+value+"\n"),
				g.dialHTTP2(who, strings.ToLower(name), value))
		}
	}
	return all
}

// areCut fails the test unless all of it is cut in time, and the token is refused
// everywhere.
func (all opened) areCut(t *testing.T, d doorway, app *chat, made service, since time.Time, status int) {
	t.Helper()
	last := time.Duration(0)
	for _, s := range all {
		last = max(last, s.ends(app, since, revocationTime))
	}
	for _, g := range stages(d) {
		refused := testkit.HoldsWithin(revocationTime-time.Since(since), func() bool {
			return g.curl().asks("Bearer", made.Token, http.MethodGet, "/").status == status
		})
		if !refused {
			t.Errorf("%v after its end the token of %s is good at an instance", time.Since(since), made.Name)
		}
		for way := range ways {
			g.curl().asks(way, made.Token, http.MethodGet, "/").isProblem(t, status)
		}
	}
	t.Logf("%s: what was open was cut after %v, and the token refused everywhere after %v", made.Name, last, time.Since(since).Round(time.Millisecond))
}

// goOn fails the test unless the WebSockets are open.
func (all opened) goOn(t *testing.T, app *chat) {
	t.Helper()
	for _, s := range all {
		if !s.isAnswer {
			s.speaks()
		}
		if !app.isConnected(s.who) {
			t.Errorf("%s is cut", s.who)
		}
	}
}

func TestEachEndOfATokenReachesEveryInstanceAndCutsWhatIsOpen(t *testing.T) {
	app := startChat(t)
	s := setup{options: noTokensInLogs + plainHTTP2, variable: offersSockets, site: "allow *@example.com\ntokens", behind: "reverse_proxy " + app.address + " {\nstream_close_delay 1h\nflush_interval -1\n}"}
	eachStore(t, s, func(t *testing.T, d doorway) {
		gates := stages(d)
		here, there := gates[0], gates[len(gates)-1]
		begins := func(name string, limits ...string) (service, opened) {
			t.Helper()
			made := here.makes(path.Base(t.Name())+"."+name, limits...)
			return made, opens(d, made)
		}
		lasting, stays := begins("lasting")

		ended, cut := begins("ended")
		if out := there.succeeds("tokens", "end", ended.ID); !strings.Contains(out, "has ended, everywhere") {
			t.Errorf("the end of a token is told as %q", out)
		}
		cut.areCut(t, d, app, ended, time.Now(), http.StatusUnauthorized)
		there.fails("there is no token with that id", "tokens", "end", ended.ID)

		before, cut := begins("replaced")
		after := there.rotates(before, "0s")
		cut.areCut(t, d, app, before, time.Now(), http.StatusUnauthorized)
		opens(d, after)

		// For as long as two texts overlap both are good, and what the first one opened goes
		// on. Beside it one that expires, which nobody is told but the program that has it.
		const life = 4 * time.Second
		brief, overlapping := begins("overlapping", "--for", "1h")
		after = there.rotates(brief, life.String())
		rotated := time.Now()
		short, expiring := begins("expiring", "--for", life.String())
		begun := time.Now()
		overlapping.goOn(t, app)
		expiring.goOn(t, app)
		for _, g := range gates {
			for _, text := range []string{brief.Token, after.Token, short.Token} {
				if a := g.curl().asks("Basic", text, http.MethodGet, "/"); !a.isUpstream() {
					t.Errorf("a good token is answered %d: %s", a.status, a.body)
				}
			}
		}
		overlapping.areCutAt(t, rotated, life)
		expiring.areCutAt(t, begun, life)
		for _, g := range gates {
			g.curl().asks("Basic", brief.Token, http.MethodGet, "/").isProblem(t, http.StatusUnauthorized)
			g.curl().asks("Basic", after.Token, http.MethodGet, "/").is(t, http.StatusOK)
			if said, _ := g.curl().asks("Bearer", short.Token, http.MethodGet, "/").isProblem(t, http.StatusUnauthorized)["detail"].(string); !strings.Contains(said, "has expired") {
				t.Errorf("a program whose token has expired is told %q", said)
			}
		}

		stays.goOn(t, app)
		d.reload("allow *@example.com")
		stays.areCut(t, d, app, lasting, time.Now(), http.StatusForbidden)
	})
}

// areCutAt fails the test unless all of it is cut when a time has passed, to a second, and
// not before.
func (all opened) areCutAt(t *testing.T, since time.Time, life time.Duration) {
	t.Helper()
	for _, s := range all {
		if err := s.conn.SetDeadline(since.Add(life + 2*revocationTime)); err != nil {
			t.Fatal(err)
		}
		_, err := s.reader.ReadByte()
		if took := time.Since(since); err == nil || took < life-revocationTime || took > life+revocationTime {
			t.Errorf("what %s opened, good for %v, was cut after %v (%v)", s.who, life, took, err)
		}
	}
}
