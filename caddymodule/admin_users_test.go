package caddymodule

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// withGroups are global options with some groups.
const withGroups = "doorpost {\nstore memory\nmailer console\ngroup staff carol@corp.example\ngroup admins\n}\n"

// tell sends what a command would, and reads the answer.
func (a endpoint) tell(path string, order, into any) answer {
	a.t.Helper()
	body, err := json.Marshal(order)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.ask(http.MethodPost, path, string(body), into)
}

// must is tell where nothing may go wrong.
func (a endpoint) must(path string, order, into any) {
	a.t.Helper()
	if got := a.tell(path, order, into); got.status != http.StatusOK {
		a.t.Fatalf("%s %+v is answered with %d %s", path, order, got.status, got.body)
	}
}

// events are the lines of the audit log with a message.
func (a endpoint) events(what string) (lines []map[string]any) {
	a.t.Helper()
	for line := range strings.SplitSeq(a.logged(), "\n") {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) == nil && entry["logger"] == "doorpost.audit" && entry["msg"] == what {
			lines = append(lines, entry)
		}
	}
	return lines
}

func TestAPersonIsAddedChangedShownAndRemoved(t *testing.T) {
	a := newAdmin(t, withGroups, helloBehindGate)
	who := adminapi.UserOrder{Address: " Bob@B.example "}
	for _, path := range []string{"show", "leave", "disable", "enable", "remove"} {
		if got := a.tell("/doorpost/users/"+path, who, nil); got.status != http.StatusNotFound || !strings.Contains(got.body, "nobody with that address is known") {
			t.Errorf("%s of somebody unknown is answered with %d %s", path, got.status, got.body)
		}
	}
	var u adminapi.User
	a.must("/doorpost/users/add", who, &u)
	if u.Address != "bob@b.example" || time.Since(u.Added) > time.Minute || !u.FirstSignedIn.IsZero() || len(u.Groups) != 0 {
		t.Errorf("added is %+v", u)
	}
	a.must("/doorpost/users/add", adminapi.UserOrder{Address: "bob@b.example", Groups: []string{"staff", "admins"}}, &u)
	if !reflect.DeepEqual(u.Groups, []string{"admins", "staff"}) || !reflect.DeepEqual(u.StoredGroups, u.Groups) {
		t.Errorf("put into groups is %+v", u)
	}
	a.must("/doorpost/users/leave", adminapi.UserOrder{Address: "bob@b.example", Groups: []string{"admins"}}, &u)
	a.must("/doorpost/users/disable", who, &u)
	if !u.Disabled || !reflect.DeepEqual(u.Groups, []string{"staff"}) {
		t.Errorf("disabled is %+v", u)
	}
	a.must("/doorpost/users/show", who, &u)
	if !u.Disabled {
		t.Errorf("shown is %+v", u)
	}
	var again adminapi.User
	a.must("/doorpost/users/enable", who, &again)
	if again.Disabled {
		t.Errorf("enabled is %+v", again)
	}
	var gone adminapi.RemoveReport
	a.must("/doorpost/users/remove", who, &gone)
	if !gone.Removed || gone.Address != "bob@b.example" || a.tell("/doorpost/users/show", who, nil).status != http.StatusNotFound {
		t.Errorf("removed is %+v", gone)
	}
	for what, times := range map[string]int{"added": 1, "changed": 2, "disabled": 1, "enabled": 1, "removed": 1} {
		lines := a.events(what)
		if len(lines) != times {
			t.Errorf("%q is written down %d times, want %d", what, len(lines), times)
		}
		for _, line := range lines {
			if line["by"] != "admin API" || line["client"] != "127.0.0.1" || line["address"] != "b***@b.example" {
				t.Errorf("written down is %v", line)
			}
		}
	}
	if strings.Contains(strings.ToLower(a.logged()), "bob@b.example") {
		t.Error("a log line has the whole address in it")
	}
}

func TestPeopleAreListedPageByPage(t *testing.T) {
	a := newAdmin(t, withGroups, helloBehindGate)
	want := []string{"a@b.example", "carol@corp.example", "d@b.example", "e@other.example"}
	for _, who := range []string{want[2], want[0], want[3], want[1]} {
		a.must("/doorpost/users/add", adminapi.UserOrder{Address: who}, nil)
	}
	var got []string
	for order := (adminapi.UsersOrder{Page: adminapi.Page{Limit: 1}}); ; {
		var page adminapi.Users
		a.must("/doorpost/users/list", order, &page)
		for _, u := range page.Users {
			got = append(got, u.Address)
			if u.Address == want[1] && !reflect.DeepEqual(u.Groups, []string{"staff"}) {
				t.Errorf("by the configuration she is in %v", u.Groups)
			}
		}
		if order.From = page.Next; page.Next == "" {
			break
		}
		if len(page.Users) > 1 {
			t.Fatalf("a page of one has %d people", len(page.Users))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed are %v, want %v", got, want)
	}
	var page adminapi.Users
	a.must("/doorpost/users/list", adminapi.UsersOrder{Search: " @B.Example"}, &page)
	if len(page.Users) != 2 || page.Users[0].Address != want[0] || page.Users[1].Address != want[2] {
		t.Errorf("found are %+v", page.Users)
	}
	for _, order := range []string{`{"limit": 501}`, `{"limit": -1}`, `{"from": "nonsense"}`, `{"searches": "x"}`, `[]`, `{"search": 1}`, `{`} {
		a.refuses("POST", "/doorpost/users/list", order, http.StatusBadRequest)
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	a := newAdmin(t, withGroups, "doorpost {\nallow *\n}\nrespond hello")
	in := func(who string) *browser {
		b := a.newBrowser()
		b.signIn(who)
		return b
	}
	isIn := func(b *browser) bool { return b.get("/").status == http.StatusOK }
	ada, elsewhere, bob, cem := in("ada@example.com"), in("ada@example.com"), in("bob@example.com"), in("cem@example.com")
	var page adminapi.Sessions
	a.must("/doorpost/sessions/list", adminapi.SessionsOrder{}, &page)
	if len(page.Sessions) != 4 || page.Next != "" {
		t.Fatalf("listed are %+v", page)
	}
	for i, who := range []string{"ada@example.com", "ada@example.com", "bob@example.com", "cem@example.com"} {
		s := page.Sessions[i]
		if s.Address != who || s.Site != a.origin() || len(s.ID) != 32 || time.Since(s.SignedIn) > time.Minute || !s.Expires.After(time.Now()) {
			t.Errorf("session %d is %+v", i, s)
		}
	}
	a.must("/doorpost/sessions/list", adminapi.SessionsOrder{Address: "bob@example.com"}, &page)
	if len(page.Sessions) != 1 {
		t.Fatalf("of one person are listed %+v", page)
	}
	id := page.Sessions[0].ID
	a.must("/doorpost/sessions/list", adminapi.SessionsOrder{Page: adminapi.Page{From: "bob@example.com"}}, &page)
	if len(page.Sessions) != 1 || page.Sessions[0].Address != "cem@example.com" {
		t.Fatalf("after one person are listed %+v", page)
	}

	var done adminapi.EndReport
	a.must("/doorpost/sessions/end", adminapi.EndOrder{ID: id}, &done)
	if want := (adminapi.EndReport{Address: "bob@example.com", ID: id, Ended: 1, Done: true}); done != want || isIn(bob) || !isIn(ada) {
		t.Errorf("one ended is %+v", done)
	}
	if got := a.tell("/doorpost/sessions/end", adminapi.EndOrder{ID: id}, nil); got.status != http.StatusNotFound {
		t.Errorf("ending it again is answered with %d %s", got.status, got.body)
	}
	a.must("/doorpost/sessions/end", adminapi.EndOrder{Address: "Ada@example.com"}, &done)
	if want := (adminapi.EndReport{Address: "ada@example.com", ID: id, Ended: 2, Done: true}); done.Ended != want.Ended || done.Address != want.Address || isIn(ada) || isIn(elsewhere) || !isIn(cem) {
		t.Errorf("those of one person ended are %+v", done)
	}
	last := in("dora@example.com")
	got := a.tell("/doorpost/sessions/end", adminapi.EndOrder{All: true}, nil)
	lines := strings.Split(strings.TrimSpace(got.body), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &done); err != nil || !done.Done || done.Ended != 2 || isIn(cem) || isIn(last) {
		t.Errorf("those of everybody ended are %s", got.body)
	}
	for _, order := range []string{`{}`, `{"all": false}`, `{"all": true, "id": "x"}`, `{"id": "x"}`, `{"address": "nobody"}`, `{"address": "a@b.example", "all": true}`} {
		a.refuses("POST", "/doorpost/sessions/end", order, http.StatusBadRequest)
	}
	a.refuses("POST", "/doorpost/sessions/list", `{"address": "nobody"}`, http.StatusBadRequest)
	if lines := a.events("ended"); len(lines) != 3 {
		t.Errorf("written down are %v", lines)
	}
}

// Caddy's admin endpoint reads for ten seconds, and a request is cancelled when
// the server cannot read any more.
func TestAnswersOfManyLinesMayTakeTheirTime(t *testing.T) {
	const readTime = 50 * time.Millisecond
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tell := (&adminCall{w: w, r: r}).lines()
		tell("begun")
		select {
		case <-r.Context().Done():
			tell("cancelled")
		case <-time.After(10 * readTime):
			tell("done")
		}
	}))
	server.Config.ReadTimeout = readTime
	server.Start()
	defer server.Close()
	answer, err := caddyHost{}.Request(t.Context(), server.Listener.Addr().String(), http.MethodPost, "/", strings.NewReader(`{"all": true}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	for lines := json.NewDecoder(answer.Body); ; {
		var said string
		if err := lines.Decode(&said); err != nil {
			t.Fatalf("the answer broke off: %v", err)
		}
		switch said {
		case "cancelled":
			t.Fatal("the request is cancelled because the server cannot read any more")
		case "done":
			return
		}
	}
}
