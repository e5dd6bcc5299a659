package caddymodule

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// takingTokens is a site that shows what its app is told.
const takingTokens = "doorpost {\nallow *@example.com\ntokens\n}\nrespond \"{header.Remote-User} {header.Remote-Groups} {header.Authorization}{header.Doorpost-Token}\"\n"

func TestATokenIsMadeUsedRotatedAndEnded(t *testing.T) {
	a := newAdmin(t, "", takingTokens)
	b := a.newBrowser()
	wantApp := func(text string, status int) {
		t.Helper()
		got := b.do(http.MethodGet, "/dav/x", nil, "Authorization", "Bearer "+text)
		if got.status != status || status == http.StatusOK && got.body != "service:backup robots " || got.header.Get("Set-Cookie") != "" {
			t.Fatalf("the token is answered with %d %s, want %d", got.status, got.body, status)
		}
	}
	var made, shown, rotated adminapi.Token
	a.must("/doorpost/tokens/create", adminapi.TokenOrder{
		Name: "backup", Sites: []string{a.origin()}, Paths: []string{"/dav/*"}, Methods: []string{"GET"}, Networks: []string{"127.0.0.0/8", "::1"}, Groups: []string{"robots"},
	}, &made)
	if made.ID == "" || !strings.HasPrefix(made.Text, "dpst_"+made.ID) || made.Expires.Sub(made.Made) != 90*24*time.Hour || !slices.Equal(made.Networks, []string{"127.0.0.0/8", "::1/128"}) {
		t.Fatalf("made is %+v", made)
	}
	if got := a.ask(http.MethodGet, "/doorpost/tokens/"+made.ID, "", &shown); got.status != http.StatusOK || shown.Text != "" || strings.Contains(got.body, made.Text) || shown.UsedFrom == nil || !shown.LastUsed.IsZero() {
		t.Errorf("shown is %s", got.body)
	}
	wantApp(made.Text, http.StatusOK)
	if got := b.do(http.MethodGet, "/other", nil, "Authorization", "Bearer "+made.Text); got.status != http.StatusForbidden {
		t.Errorf("another path is answered with %d", got.status)
	}
	a.ask(http.MethodGet, "/doorpost/tokens/"+made.ID, "", &shown)
	if !slices.Equal(shown.UsedFrom, []string{"127.0.0.0/24"}) || time.Since(shown.LastUsed) > time.Hour+time.Minute {
		t.Errorf("after a use it is %+v", shown)
	}
	a.must("/doorpost/tokens/"+made.ID+"/rotate", adminapi.RotateOrder{}, &rotated)
	if rotated.ID != made.ID || rotated.Text == made.Text || rotated.FormerUntil.Sub(rotated.Rotated) != 24*time.Hour {
		t.Fatalf("rotated is %+v", rotated)
	}
	wantApp(made.Text, http.StatusOK)
	wantApp(rotated.Text, http.StatusOK)
	var last adminapi.Token
	for _, none := range []string{"0", "0s"} {
		a.must("/doorpost/tokens/"+made.ID+"/rotate", adminapi.RotateOrder{Overlap: none}, &last)
		if !last.FormerUntil.IsZero() {
			t.Errorf("with an overlap of %s it is %+v", none, last)
		}
	}
	wantApp(made.Text, http.StatusUnauthorized)
	wantApp(rotated.Text, http.StatusUnauthorized)
	wantApp(last.Text, http.StatusOK)
	a.must("/doorpost/tokens/"+made.ID+"/end", struct{}{}, &last)
	wantApp(last.Text, http.StatusUnauthorized)
	for what, n := range map[string]int{"token made": 1, "token rotated": 3, "token ended": 1, "token seen": 1} {
		if lines := a.events(what); len(lines) != n || lines[0]["token"] != made.ID || lines[0]["name"] != "backup" {
			t.Errorf("the audit log has of %s %v", what, lines)
		}
	}
	if refused := a.events("token refused"); len(refused) != 2 { // for its path, and as one that is unknown
		t.Errorf("the audit log has of refusals %v", refused)
	}
	for _, text := range []string{made.Text, rotated.Text, last.Text} {
		if text != "" && strings.Contains(a.logged(), text) {
			t.Error("a token is in the log")
		}
	}
}

func TestTokensAreListedPageByPage(t *testing.T) {
	a := newAdmin(t, "", takingTokens)
	var made []string
	for i := range 5 {
		var one adminapi.Token
		a.must("/doorpost/tokens/create", adminapi.TokenOrder{Name: fmt.Sprint("service", i), Sites: []string{a.origin()}, For: "never"}, &one)
		if !one.Expires.IsZero() {
			t.Errorf("one for ever is %+v", one)
		}
		made = append(made, one.ID)
	}
	slices.Sort(made)
	var listed []string
	for from := ""; ; {
		var page adminapi.Tokens
		if got := a.ask(http.MethodGet, "/doorpost/tokens?limit=2&from="+from, "", &page); got.status != http.StatusOK || len(page.Tokens) > 2 || strings.Contains(got.body, "dpst_") {
			t.Fatalf("a page is %d %s", got.status, got.body)
		}
		for _, one := range page.Tokens {
			listed = append(listed, one.ID)
		}
		if from = page.Next; from == "" {
			break
		}
	}
	if !slices.Equal(listed, made) {
		t.Errorf("listed are %v, want %v", listed, made)
	}
	for _, query := range []string{"from=x", "from=../../etc", "limit=0", "limit=1000000", "limit=x"} {
		a.refuses(http.MethodGet, "/doorpost/tokens?"+query, "", http.StatusBadRequest)
	}
}

func TestAnOrderForATokenThatIsWrongIsRefusedWithWhatIsRight(t *testing.T) {
	a := newAdmin(t, "", takingTokens)
	site := fmt.Sprintf("%q", a.origin())
	order := func(more string) string { return `{"name": "backup", "sites": [` + site + `]` + more + `}` }
	for body, words := range map[string]string{
		`{"name": "backup"}`:                                         "--site",
		`{"name": "backup", "sites": []}`:                            "--site",
		`{"sites": [` + site + `]}`:                                  "name of a service",
		`{"name": "backup", "sites": ["https://other.example.com"]}`: "no site at https://other.example.com takes tokens; sites that do: " + a.origin(),
		`{"name": "backup", "sites": ["https://*.example.com"]}`:     "single sites",
		`{"name": "backup", "sites": ["` + a.origin() + `/x"]}`:      "site",
		order(`, "networks": ["192.0.2.1/24"]`):                      "192.0.2.0/24 is the network",
		order(`, "networks": ["office"]`):                            "not a network",
		order(`, "networks": [""]`):                                  "not a network",
		order(`, "for": "401d"`):                                     "at most 400 days",
		order(`, "for": "ever"`):                                     "for must be a duration",
		order(`, "for": "0"`):                                        "for must be a duration",
		order(`, "for": "-1h"`):                                      "for must be a duration",
		order(`, "for": "Never"`):                                    "for must be a duration",
		order(`, "paths": ["x"]`):                                    `"x" is neither`,
		order(`, "methods": ["get"]`):                                "not a method",
		order(`, "groups": ["a,b"]`):                                 "group",
		order(`, "owner": "alice@example.com"`):                      "owner",
		order(`, "expires": "2030-01-01T00:00:00Z"`):                 "expires",
		`{"name": "backup", "sites": "` + a.origin() + `"}`:          "sites",
		``:   "",
		`[]`: "",
	} {
		if said := a.refuses(http.MethodPost, "/doorpost/tokens/create", body, http.StatusBadRequest); !strings.Contains(said, words) {
			t.Errorf("%s is answered with %q, want %q", body, said, words)
		}
	}
	var made adminapi.Token
	a.must("/doorpost/tokens/create", adminapi.TokenOrder{Name: "backup", Sites: []string{a.origin()}, For: "400d"}, &made)
	if said := a.refuses(http.MethodPost, "/doorpost/tokens/create", order(""), http.StatusConflict); !strings.Contains(said, "a service has that name already, with the token "+made.ID+": give that another text with tokens rotate "+made.ID) {
		t.Errorf("another of that name is answered with %q", said)
	}
	for body, words := range map[string]string{
		`{"overlap": "soon"}`: "overlap must be a duration", `{"overlap": "-1h"}`: "overlap must be a duration", `{"overlap": "31d"}`: "at most 30 days", `{"for": "1d"}`: "for",
	} {
		if said := a.refuses(http.MethodPost, "/doorpost/tokens/"+made.ID+"/rotate", body, http.StatusBadRequest); !strings.Contains(said, words) {
			t.Errorf("%s is answered with %q, want %q", body, said, words)
		}
	}
	for _, id := range []string{"x", "00000000000", made.ID + "0", "%2e%2e%2fcreate"} {
		for method, path := range map[string]string{"GET": "", "POST": "/rotate", "POST ": "/end"} {
			said := a.refuses(strings.TrimSpace(method), "/doorpost/tokens/"+id+path, "{}", http.StatusNotFound)
			if !strings.Contains(said, "no token with that id") {
				t.Errorf("%s%s is answered with %q", id, path, said)
			}
		}
	}
	var page adminapi.Tokens
	a.ask(http.MethodGet, "/doorpost/tokens", "", &page)
	if len(page.Tokens) != 1 || page.Tokens[0].ID != made.ID || !page.Tokens[0].Rotated.IsZero() {
		t.Errorf("after all that there are %+v", page.Tokens)
	}
}

func TestEveryProblemOfATokenIsCounted(t *testing.T) {
	problems := testkit.Constants(t, "../internal/gate", "TokenProblem")
	verdicts := make(map[string]bool)
	for _, problem := range problems {
		verdict := tokenProblems[gate.TokenProblem(problem)]
		if verdict == "" || verdicts[verdict] || !slices.Contains(tokenVerdicts(), verdict) {
			t.Errorf("a token that is refused for %q is counted as %q", problem, verdict)
		}
		verdicts[verdict] = true
	}
	if len(tokenProblems) != len(problems) {
		t.Errorf("%d problems are counted, there are %d", len(tokenProblems), len(problems))
	}
}
