package caddymodule

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// switchLine is the log line about another store.
type switchLine struct {
	Level, Msg, Old, New, Advice string
	People, Disabled, Sessions   int
	WithGroupsOrGrants           int    `json:"with_groups_or_grants"`
	NotAllCounted                string `json:"not_all_counted"`
}

// switches are the lines about another store that were logged so far.
func (g *gateway) switches() (list []switchLine) {
	g.t.Helper()
	for line := range strings.SplitSeq(g.logged(), "\n") {
		var found switchLine
		if strings.Contains(line, "has another store") {
			if err := json.Unmarshal([]byte(line), &found); err != nil {
				g.t.Fatalf("%s: %v", line, err)
			}
			list = append(list, found)
		}
	}
	return list
}

// fill makes somebody signed in, somebody disabled, and somebody with a group.
func (g *gateway) fill() {
	g.t.Helper()
	g.newBrowser().signIn("alice@example.com")
	rt, err := g.app().open()
	if err == nil {
		_, err = rt.admin.Add(g.t.Context(), address.Address("carol@example.com"), []string{"staff"})
	}
	if err == nil {
		_, err = rt.admin.Add(g.t.Context(), address.Address("bob@example.com"), nil)
	}
	if err == nil {
		_, err = rt.admin.Disable(g.t.Context(), address.Address("bob@example.com"))
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

// withStore are global options with a store.
func withStore(store string) string {
	return "doorpost {\nsecret " + strings.Repeat("0123456789abcdef", 4) + "\nstore " + store + "\nmailer console\ngroup staff dave@example.com\n}\n"
}

func TestAReloadWithAnotherStoreSaysWhatIsLostToSight(t *testing.T) {
	server := redistest.Single(t)
	folder := t.TempDir()
	first, second := "bolt "+filepath.Join(folder, "first.db"), "bolt "+filepath.Join(folder, "second.db")
	redis := "redis " + server.URL()
	for _, c := range []struct{ from, to, old, new string }{
		{first, second, first, second},
		{"bolt " + filepath.Join(folder, "third.db"), redis, "bolt " + filepath.Join(folder, "third.db"), "redis " + strings.TrimPrefix(server.URL(), "redis://")},
		{redis + " {\nprefix a:\n}", redis + " {\nprefix b:\n}", "prefix a:", "prefix b:"},
		{redis + " {\nprefix c:\n}", "memory", "prefix c:", "memory"},
		{"memory", "bolt " + filepath.Join(folder, "fourth.db"), "memory", "fourth.db"},
	} {
		t.Run(c.old+" to "+c.new, func(t *testing.T) {
			g := newGateway(t, withStore(c.from), helloBehindGate)
			g.fill()
			g.load()
			g.site = strings.Replace(helloBehindGate, "hello", "again", 1)
			g.load()
			if told := g.switches(); len(told) != 0 {
				t.Fatalf("reloads with the same store are told as %+v", told)
			}

			g.options = withStore(c.to)
			g.load()
			told := g.switches()
			if len(told) != 1 {
				t.Fatalf("told is %+v, want one line", told)
			}
			got := told[0]
			if got.Level != "error" || got.People != 3 || got.Disabled != 1 || got.WithGroupsOrGrants != 1 || got.Sessions != 1 || got.NotAllCounted != "" {
				t.Errorf("told is %+v", got)
			}
			if !strings.HasSuffix(got.Old, c.old) || !strings.HasSuffix(got.New, c.new) || !strings.Contains(got.Advice, "users disable") {
				t.Errorf("the stores are told as %q and %q, with the advice %q", got.Old, got.New, got.Advice)
			}
			if copied := c.from != "memory" && c.to != "memory"; copied != strings.Contains(got.Advice, "doorpost store copy") {
				t.Errorf("the advice is %q", got.Advice)
			}
			if keeps := c.from != "memory"; keeps != strings.Contains(got.Advice, "to go back") {
				t.Errorf("the advice is %q", got.Advice)
			}

			if g.options = withStore(c.from); c.from == "memory" {
				return
			}
			g.load() // back to a store that has everything
			if told := g.switches(); len(told) != 1 {
				t.Errorf("going back is told as %+v", told[1:])
			}
		})
	}
}

func TestAStoreThatIsDownIsLeftForAnotherWithAWarning(t *testing.T) {
	server := redistest.Single(t)
	options := "doorpost {\nsecret " + strings.Repeat("0123456789abcdef", 4) + "\nstore redis " + server.URL() + "\nmailer console\n}\n"
	g := newGateway(t, options, helloBehindGate)
	g.newBrowser().signIn("alice@example.com")
	server.Kill()
	g.options = strings.Replace(options, "store redis "+server.URL(), "store memory", 1)
	g.load()
	if told := g.switches(); len(told) != 1 || told[0].NotAllCounted == "" {
		t.Errorf("told is %+v, want that not all was counted", told)
	}
	g.newBrowser().signIn("bob@example.com")
}

func TestAStartWithAnotherStoreSaysSo(t *testing.T) {
	server := redistest.Single(t)
	folder := t.TempDir()
	first, second := "bolt "+filepath.Join(folder, "first.db"), "bolt "+filepath.Join(folder, "second.db")
	redis, redisName := "redis "+strings.Replace(server.URL(), "://", "://:secret@", 1), "redis "+strings.TrimPrefix(server.URL(), "redis://")
	server.RequirePassword(t, "secret")
	g := newGateway(t, withStore(first), helloBehindGate)
	g.fill()
	type line struct{ Level, Msg, Last, Now, Advice string }
	const nobody = ", and this one knows nobody"
	var told []line
	for _, c := range []struct {
		store, reload string // to another one while it runs; may be empty
		want          []line // Last and Now; Msg is what it says beyond that there was another
	}{
		{first, "", nil},
		{second, "", []line{{Last: first, Now: second, Msg: nobody}}},
		{second, "", nil},
		{first, "", []line{{Last: second, Now: first}}}, // which knows people
		{first, "", nil},
		{redis, "", []line{{Last: first, Now: redisName, Msg: nobody}}},
		{first, second, []line{{Last: redisName, Now: first}}}, // and the reload tells of the second
		{second, "", nil},
		{"memory", "", []line{{Last: second, Now: "memory", Msg: nobody}}},
		{redis, "", nil}, // nothing is left in memory
	} {
		g.stop()
		g.options = withStore(c.store)
		g.load()
		if c.reload != "" {
			g.options = withStore(c.reload)
			g.load()
		}
		var now []line
		for logged := range strings.Lines(g.logged()) {
			var found line
			if json.Unmarshal([]byte(logged), &found) == nil && strings.HasPrefix(found.Msg, "the server had another store") {
				now = append(now, found)
			}
			if strings.Contains(logged, ":secret@") {
				t.Errorf("a password is in the log: %s", logged)
			}
		}
		added := now[len(told):]
		told = now
		if len(added) != len(c.want) {
			t.Fatalf("with %s told is %+v, want %+v", c.store, added, c.want)
		}
		for i, got := range added {
			want := c.want[i]
			if got.Level != "warn" || got.Msg != "the server had another store when it ran last"+want.Msg || strings.Contains(got.Advice, "was copied") != (want.Msg == "") || got.Last != want.Last || got.Now != want.Now || !strings.Contains(got.Advice, "restart") || strings.Contains(got.Advice, "doorpost store copy") != (c.store != "memory") {
				t.Errorf("told is %+v, want %+v", got, want)
			}
		}
	}
}
