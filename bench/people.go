package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// Who is in the stores.
const (
	members        = 100_000
	memberSessions = 10 // of each
	memberOfStaff  = 10 // each of so many is in the group staff
)

// newMembers makes people with several sessions each.
func newMembers(n int) []person {
	all := make([]person, 0, n*memberSessions)
	staff := &people.Standing{Groups: []string{"staff"}}
	for i := range n {
		p := person{address: numbered(i)}
		if i%memberOfStaff == 0 {
			p.standing = staff
		}
		for range memberSessions {
			p.id = session.NewID()
			p.key = p.id.Key()
			all = append(all, p)
		}
	}
	return all
}

// measurePeople measures what admins and commands wait for where many people
// are known.
func (s *stand) measurePeople() (found section, err error) {
	n := s.size(members)
	at, err := newPlace()
	if err != nil {
		return section{}, err
	}
	c := setup{gated: true, behind: respond, global: "group staff\nadmins " + string(numbered(0)) + "\n"}
	origin, signedIn := "http://"+c.host(at.port), newMembers(n)
	if err := writeCookies(s.path("admin"), s.ring, origin, signedIn[:1]); err != nil {
		return section{}, err
	}
	cookie, err := firstLine(s.path("admin"))
	if err != nil {
		return section{}, err
	}
	path := s.path("people.db")
	defer os.Remove(path) // it is large
	if err := writeStore(path, origin, signedIn); err != nil {
		return section{}, err
	}
	server, err := redistest.Start()
	if err != nil {
		return section{}, err
	}
	defer server.Kill()
	if err := writeRedis(s.ctx, server, origin, signedIn); err != nil {
		return section{}, err
	}
	inBolt, err := os.Stat(path)
	if err != nil {
		return section{}, fmt.Errorf("looking at the store: %w", err)
	}
	inRedis, err := usedMemory(server)
	if err != nil {
		return section{}, err
	}
	headers := append([]string{"Cookie: " + cookie}, navigation...)
	for _, store := range []struct {
		name, option string
		size         int64
	}{{"bolt", "bolt " + path, inBolt.Size()}, {"Redis", "redis " + server.URL(), inRedis}} {
		c.store = store.option
		g, err := s.start(at, c, order{Headers: headers, Status: 200})
		if err != nil {
			return section{}, err
		}
		rows, err := s.askAll(g, store.name, headers, n)
		g.stop()
		if err != nil {
			return section{}, err
		}
		rows[0].note = fmt.Sprintf("the store takes %d MiB", store.size>>20)
		found.rows = append(found.rows, rows...)
	}
	return found, nil
}

// question is something that an admin waits for. {who} is somebody else each
// time, {escaped} the same in a URL, {origin} the site.
type question struct {
	what   string
	path   string // of the admin API, or of a page where there is no object
	object string // JSON
	says   string // what has to be in the answer
}

const peoplePage = "/_doorpost/people"

// questions are all; ending comes last.
var questions = []question{
	{what: "page of people", path: peoplePage, says: "?who=" + url.QueryEscape(string(numbered(0)))},
	{what: "page of people, searched for one", path: peoplePage + "?search={who}", says: `"/_doorpost/people?who={escaped}"`},
	{what: "page of people, searched for nobody", path: peoplePage + "?search=nobody", says: "There is nobody"},
	{what: "page of a person", path: peoplePage + "?who={who}", says: "{who}"},
	{what: "`users list`", path: "/doorpost/users/list", object: `{}`, says: `"next"`},
	{what: "`users show`", path: "/doorpost/users/show", object: `{"address": "{who}"}`, says: `"last_use"`},
	{what: "`sessions list` of a person", path: "/doorpost/sessions/list", object: `{"address": "{who}"}`, says: `"last_use"`},
	{what: "`sessions list`", path: "/doorpost/sessions/list", object: `{}`, says: `"next"`},
	{what: "`why`", path: "/doorpost/why", object: `{"address": "{who}", "url": "{origin}/"}`, says: `"admitted"`},
	{what: "`sessions end` of a person", path: "/doorpost/sessions/end", object: `{"address": "{who}"}`, says: fmt.Sprintf(`"ended":%d,`, memberSessions)},
}

// patience is how long an admin should wait at most.
const patience = 200 // ms

// askAll asks all questions some times. The first answer of each does not count.
func (s *stand) askAll(g *gateway, store string, headers []string, n int) (rows []row, err error) {
	for _, q := range questions {
		var took series
		for round := -1; round < s.rounds; round++ {
			who := numbered(n/2 + (round+1)*n/(2*s.rounds+2))
			fill := strings.NewReplacer("{who}", string(who), "{escaped}", url.QueryEscape(string(who)), "{origin}", "http://"+g.host)
			began := time.Now()
			answer, err := q.ask(g, headers, fill)
			if err != nil {
				return nil, err
			}
			if says := fill.Replace(q.says); !strings.Contains(answer, says) {
				return nil, fmt.Errorf("%s: %s is not in the answer: %.200s", q.what, says, answer)
			}
			if round >= 0 {
				took = append(took, time.Since(began).Seconds()*1000)
			}
		}
		rows = append(rows, row{
			what: fmt.Sprintf("%s people, %s sessions in %s: %s", thousands(n), thousands(n*memberSessions), store, q.what), measured: took,
			verb: "%.1f ms", target: atMost(patience),
		})
	}
	return rows, nil
}

func (q question) ask(g *gateway, headers []string, fill *strings.Replacer) (string, error) {
	if q.object == "" {
		return fetch(g, fill.Replace(q.path), headers)
	}
	answer, err := g.post(q.path, fill.Replace(q.object))
	return string(answer), err
}
