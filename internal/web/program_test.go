package web_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/testkit"
	"github.com/doorpost-auth/doorpost/internal/token"
	"github.com/doorpost-auth/doorpost/internal/web"
)

// programOrigin is where the programs of these tests go.
const programOrigin = "https://app.example.com"

// tokenRecords is a store of tokens that counts what is refused. Its other methods panic.
type tokenRecords struct {
	session.Store
	records map[token.ID]token.Record
	down    bool
	counted map[limit.Use]int
}

func (s *tokenRecords) Token(_ context.Context, id token.ID, _ time.Time) (token.Record, bool, error) {
	if s.down {
		return token.Record{}, false, errors.New("connection refused")
	}
	r, found := s.records[id]
	return r, found, nil
}

func (s *tokenRecords) UseToken(context.Context, token.ID, string, time.Time) (bool, error) {
	return false, nil
}

func (s *tokenRecords) CountRefusal(_ context.Context, client limit.Use, _ time.Time) (time.Duration, error) {
	if s.down {
		return 0, errors.New("connection refused")
	}
	if s.counted[client]++; s.counted[client] > client.Rule.Max {
		return 90 * time.Second, nil
	}
	return 0, nil
}

func (s *tokenRecords) make(owner address.Address, change func(*token.Token)) (text string) {
	t := token.Token{ID: token.NewID(), Name: "backup", Owner: owner, Sites: []string{programOrigin}, Made: time.Now(), Expires: time.Now().Add(time.Hour)}
	if change != nil {
		change(&t)
	}
	text = token.NewText(t.ID, t.IsPersonal())
	s.records[t.ID] = token.Record{Token: t, Sum: token.SumOf(text)}
	return text
}

// aliceOnly are rules that admit nobody else.
type aliceOnly struct{}

func (aliceOnly) Admits(who address.Address, _ *people.Standing) bool {
	return who == "alice@example.com"
}
func (aliceOnly) Groups(address.Address, *people.Standing) []string { return nil }

// programDoor is a site and its door.
type programDoor struct {
	*web.Door
	block *gate.Block
	edge  *gate.Edge
	store *tokenRecords
}

func newProgramDoor(t *testing.T, tokens gate.Tokens) *programDoor {
	t.Helper()
	ring, parts, _ := newParts(t)
	store := &tokenRecords{records: make(map[token.ID]token.Record), counted: make(map[limit.Use]int)}
	origin, err := gate.ParseOrigin(programOrigin)
	if err != nil {
		t.Fatal(err)
	}
	if parts.Origins, err = gate.NewOrigins([]gate.Origin{origin}); err != nil {
		t.Fatal(err)
	}
	parts.Tokens, parts.Service.Limits.Client = store, limit.Rule{Max: 1_000_000, Window: time.Hour}
	d := &programDoor{store: store, block: &gate.Block{Rules: aliceOnly{}, Headers: gate.DefaultHeaderNames, Tokens: tokens}}
	keeper := session.NewKeeper(store, session.NewCache(10), session.Limits{Idle: time.Hour, Absolute: time.Hour}, slog.New(slog.DiscardHandler))
	site := gate.NewSite(parts.Origins, func(o gate.Origin) *session.Cookie {
		return session.NewCookie(ring, session.CookieOptions{Scope: o.String(), Secure: true, Lifetime: time.Hour})
	}, keeper, d.block)
	site.ClientOf = func(*http.Request) netip.Addr { return netip.MustParseAddr("192.0.2.1") }
	d.Door, d.edge = web.NewDoor(ring, parts), gate.NewEdge(site)
	return d
}

// ask sends a request as the module does. It returns nil for one that passes.
func (d *programDoor) ask(t *testing.T, path string, header http.Header) (w *httptest.ResponseRecorder, problem gate.TokenProblem) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, programOrigin+path, nil)
	r.Header = header.Clone()
	if host := header.Get("Host"); host != "" {
		r.Host = host
	}
	v := d.edge.Arrive(r)
	verdict, err := d.block.Decide(v, r, r.URL)
	if err != nil {
		t.Fatal(err)
	}
	w = httptest.NewRecorder()
	switch verdict {
	case gate.Pass:
		return nil, ""
	case gate.OwnPage:
		d.Serve(w, r, r.URL.Path, v, netip.MustParseAddr("192.0.2.1"))
	default:
		d.Refuse(w, r, path, verdict, v, netip.MustParseAddr("192.0.2.1"))
	}
	return w, v.Problem()
}

// fetchMetadata is what browsers say a request is for; programs say nothing.
func fetchMetadata() (all []http.Header) {
	for _, accept := range []string{"", "*/*", "text/html", "text/html,application/xhtml+xml,*/*;q=0.8", "application/json"} {
		for _, fetch := range []map[string]string{
			nil, {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none", "Sec-Fetch-User": "?1"},
			{"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Dest": "document"}, {"Sec-Fetch-Mode": "navigate"},
			{"Sec-Fetch-User": "?1"}, {"Sec-Fetch-Storage-Access": "active"},
		} {
			header := http.Header{}
			if accept != "" {
				header.Set("Accept", accept)
			}
			for name, value := range fetch {
				header.Set(name, value)
			}
			all = append(all, header)
		}
	}
	return all
}

// isBrowsers reports whether a request says what it is for.
func isBrowsers(header http.Header) bool {
	for name := range header {
		if strings.HasPrefix(name, "Sec-Fetch-") {
			return true
		}
	}
	return false
}

// wantForProgram holds an answer to what programs get.
func wantForProgram(t *testing.T, name string, w *httptest.ResponseRecorder, status int, words string) {
	t.Helper()
	var body struct {
		Status int
		Detail string
	}
	err := json.Unmarshal(w.Body.Bytes(), &body)
	if w.Code != status || err != nil || body.Status != status || body.Detail == "" || !strings.Contains(body.Detail, words) || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s is answered with %d, %q, want %d with %q", name, w.Code, w.Body, status, words)
	}
	for _, header := range []string{"Set-Cookie", "Location", "Refresh"} {
		if w.Header()[header] != nil {
			t.Errorf("%s is answered with %s: %q", name, header, w.Header()[header])
		}
	}
	if strings.Contains(w.Body.String(), "dpst_") || strings.Contains(w.Body.String(), "dpat_") {
		t.Errorf("%s is answered with a token: %s", name, w.Body)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%s is answered with what caches keep", name)
	}
}

func TestEveryProblemOfATokenHasAnAnswerForPrograms(t *testing.T) {
	type asked struct {
		tokens gate.Tokens
		path   string
		text   func(d *programDoor) string
		status int
		counts bool
		words  string
	}
	service := func(d *programDoor) string { return d.store.make("", nil) }
	limited := func(change func(*token.Token)) func(*programDoor) string {
		return func(d *programDoor) string { return d.store.make("", change) }
	}
	problems := map[gate.TokenProblem]asked{
		gate.TwoTokens:      {gate.ServiceTokens, "/", service, http.StatusBadRequest, false, "several"},
		gate.TokenInURL:     {gate.ServiceTokens, "/?t=" + token.NewText(token.NewID(), false), service, http.StatusBadRequest, false, "URL"},
		gate.TokensOff:      {gate.NoTokens, "/", service, http.StatusForbidden, false, "option tokens"},
		gate.PersonalOff:    {gate.ServiceTokens, "/", func(d *programDoor) string { return d.store.make("alice@example.com", nil) }, http.StatusForbidden, true, "people"},
		gate.TokenUnknown:   {gate.ServiceTokens, "/", func(*programDoor) string { return token.NewText(token.NewID(), false) }, http.StatusUnauthorized, true, "not good"},
		gate.TokenOver:      {gate.ServiceTokens, "/", limited(func(t *token.Token) { t.Expires = t.Made.Add(-time.Second) }), http.StatusUnauthorized, true, "expired"},
		gate.TokenSite:      {gate.ServiceTokens, "/", limited(func(t *token.Token) { t.Sites = []string{"https://b.example.com"} }), http.StatusForbidden, true, "another site"},
		gate.TokenPath:      {gate.ServiceTokens, "/", limited(func(t *token.Token) { t.Paths = []string{"/a"} }), http.StatusForbidden, true, "other paths"},
		gate.TokenMethod:    {gate.ServiceTokens, "/", limited(func(t *token.Token) { t.Methods = []string{"PUT"} }), http.StatusForbidden, true, "other methods"},
		gate.TokenNetwork:   {gate.ServiceTokens, "/", limited(func(t *token.Token) { t.Networks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} }), http.StatusForbidden, true, "network"},
		gate.TokenMalformed: {gate.ServiceTokens, "/", func(d *programDoor) string { return service(d)[:40] }, http.StatusUnauthorized, false, "not a whole token"},
	}
	for _, problem := range testkit.Constants(t, "../gate", "TokenProblem") {
		if _, known := problems[gate.TokenProblem(problem)]; !known {
			t.Errorf("nobody knows what is answered to a token that is refused for %q", problem)
		}
	}
	for problem, c := range problems {
		d := newProgramDoor(t, c.tokens)
		text, asks := c.text(d), 0
		for _, header := range fetchMetadata() {
			for way, value := range map[string]string{
				"Bearer": "Bearer " + text, "Basic": "Basic " + base64.StdEncoding.EncodeToString([]byte("git:"+text)),
			} {
				name := fmt.Sprintf("a token that is refused for %q, as %s, with %v", problem, way, header)
				header := header.Clone()
				header.Set("Authorization", value)
				if problem == gate.TwoTokens {
					header.Set(gate.TokenHeader, text)
				}
				w, got := d.ask(t, c.path, header)
				asks++
				if w == nil || got != problem {
					t.Fatalf("%s: the problem is %q", name, got)
				}
				wantForProgram(t, name, w, c.status, c.words)
				var want []string
				switch {
				case c.status != http.StatusUnauthorized:
				case way == "Basic" && !isBrowsers(header):
					want = []string{`Basic realm="Doorpost: any user name, and a token as the password", charset="UTF-8"`}
				default:
					want = []string{`Bearer realm="Doorpost", error="invalid_token"`}
				}
				if got := w.Header().Values("WWW-Authenticate"); !slices.Equal(got, want) {
					t.Errorf("%s is asked for %q, want %q", name, got, want)
				}
			}
		}
		counted := 0
		for use, n := range d.store.counted {
			if counted += n; use.Name != "192.0.2.1" || use.Rule != d.Service.Limits.Client {
				t.Errorf("%q is counted for %+v", problem, use)
			}
		}
		if want := map[bool]int{true: asks}[c.counts]; counted != want {
			t.Errorf("%q is counted %d times, want %d", problem, counted, want)
		}
	}
}

func TestWhateverElseKeepsATokenOutIsToldToPrograms(t *testing.T) {
	for _, header := range fetchMetadata() {
		d := newProgramDoor(t, gate.PersonalTokens)
		header.Set("Authorization", "Bearer "+d.store.make("bob@example.com", nil))
		w, _ := d.ask(t, "/", header)
		wantForProgram(t, fmt.Sprintf("somebody who is not admitted, with %v", header), w, http.StatusForbidden, "no access here")
		for _, path := range []string{"/_doorpost/account", "/_doorpost/sign-in", "/_doorpost/session", "/_doorpost/", "/_doorpost/none"} {
			w, _ = d.ask(t, path, header)
			wantForProgram(t, fmt.Sprintf("%s, with %v", path, header), w, http.StatusForbidden, "pages are for people")
		}
		elsewhere := header.Clone()
		elsewhere.Set("Host", "other.example.com")
		for _, path := range []string{"/", "/_doorpost/account"} {
			w, _ = d.ask(t, path, elsewhere)
			wantForProgram(t, fmt.Sprintf("%s at another host, with %v", path, header), w, http.StatusMisdirectedRequest, "")
		}
		d.store.down = true
		header.Set("Authorization", "Bearer "+token.NewText(token.NewID(), false))
		w, _ = d.ask(t, "/", header)
		wantForProgram(t, fmt.Sprintf("while the store is down, with %v", header), w, http.StatusServiceUnavailable, "try again")
		if w.Header().Get("Retry-After") == "" {
			t.Error("nobody is told when to try again")
		}
		d.store.down = false
		header.Set("Authorization", "Bearer "+d.store.make("", nil))
		if w, _ := d.ask(t, "/", header); w != nil {
			t.Errorf("a good token is answered with %d, %s", w.Code, w.Body)
		}
	}
}

func TestBasicIsOfferedToProgramsWhereTokensAreTaken(t *testing.T) {
	for _, tokens := range []gate.Tokens{gate.NoTokens, gate.ServiceTokens, gate.PersonalTokens} {
		d := newProgramDoor(t, tokens)
		offered := 0
		for _, header := range fetchMetadata() {
			w, _ := d.ask(t, "/", header)
			offers := slices.ContainsFunc(w.Header().Values("WWW-Authenticate"), func(s string) bool { return strings.HasPrefix(s, "Basic ") })
			if want := w.Code == http.StatusUnauthorized && tokens != gate.NoTokens && !isBrowsers(header); offers != want {
				t.Errorf("at a site that takes %d, a request with %v is offered Basic: %v, want %v", tokens, header, offers, want)
			}
			if offers {
				offered++
			}
			if w.Code == http.StatusUnauthorized && !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Doorpost ") {
				t.Errorf("a request with %v is not told where to sign in", header)
			}
		}
		if tokens != gate.NoTokens && offered == 0 {
			t.Errorf("at a site that takes %d nobody is offered Basic", tokens)
		}
	}
}

func TestAClientWithTooManyTokensThatAreNotGoodWaits(t *testing.T) {
	d := newProgramDoor(t, gate.ServiceTokens)
	d.Service.Limits.Client.Max = 3
	bad, good := http.Header{"Authorization": {"Bearer " + token.NewText(token.NewID(), false)}}, http.Header{"Authorization": {"Bearer " + d.store.make("", nil)}}
	for i := range 5 {
		w, _ := d.ask(t, "/", bad)
		if i < 3 {
			wantForProgram(t, "one that is not good", w, http.StatusUnauthorized, "not good")
			continue
		}
		wantForProgram(t, "one too many", w, http.StatusTooManyRequests, "Retry-After")
		if got := w.Header().Get("Retry-After"); got != "90" {
			t.Errorf("the client is told to wait %q", got)
		}
		if w.Header().Get("WWW-Authenticate") != "" {
			t.Error("who has to wait is asked for another token")
		}
	}
	if w, _ := d.ask(t, "/", good); w != nil {
		t.Errorf("a good one is answered with %d", w.Code)
	}
	w, _ := d.ask(t, "/", http.Header{"Authorization": {"Bearer dpst_x"}})
	wantForProgram(t, "one that was mistyped", w, http.StatusUnauthorized, "not a whole token")
}
