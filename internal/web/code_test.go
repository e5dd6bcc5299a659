package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/testkit"
	"github.com/doorpost-auth/doorpost/internal/web"
)

// nobody are rules that admit nobody.
type nobody struct{}

func (nobody) Admits(address.Address, *people.Standing) bool { return false }
func (nobody) Admission(address.Address) people.Admission    { return people.Admission{} }
func (nobody) Owners() []address.Address                     { return nil }
func (nobody) Fingerprint() string                           { return "" }

// browser sends what a browser sends to a door, and keeps its cookies.
type browser struct {
	t       *testing.T
	door    *web.Door
	site    *gate.Site
	cookies map[string]*http.Cookie
}

func newBrowser(t *testing.T, linkLife time.Duration) *browser {
	t.Helper()
	ring, parts, keeper := newParts(t)
	origin, err := gate.ParseOrigin("https://a.example")
	if err != nil {
		t.Fatal(err)
	}
	if parts.Origins, err = gate.NewOrigins([]gate.Origin{origin}); err != nil {
		t.Fatal(err)
	}
	many := limit.Rule{Max: 100, Window: time.Hour}
	service := *parts.Service
	service.LinkLife, service.Limits = linkLife, signin.Limits{Mailbox: many, Client: many, Total: many}
	service.Audit = audit.NewLog(ring, parts.Logger, new(audit.Hourly))
	parts.Service, parts.Rules = signin.NewService(ring, service), nobody{}
	cookie := session.NewCookie(ring, session.CookieOptions{Scope: "https://a.example", Secure: true, Lifetime: time.Hour})
	return &browser{t, web.NewDoor(ring, parts), gate.NewSite(parts.Origins, func(gate.Origin) *session.Cookie { return cookie }, keeper), map[string]*http.Cookie{}}
}

func (b *browser) send(method, target string, fields url.Values, headers ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequest(method, "https://a.example"+target, strings.NewReader(fields.Encode()))
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Origin", "https://a.example")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.door.Serve(w, r, r.URL.Path, gate.NewEdge(b.site).Arrive(r), netip.MustParseAddr("192.0.2.1"))
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c
	}
	return w
}

// says checks that an answer has a status and words.
func says(t *testing.T, w *httptest.ResponseRecorder, status int, words ...string) {
	t.Helper()
	for _, said := range words {
		if w.Code != status || !strings.Contains(w.Body.String(), said) {
			t.Errorf("the answer has the status %d, want %d, and %q in it: %s", w.Code, status, said, w.Body)
		}
	}
}

func TestACodeThatComesTooLateIsCalledTooOldAndNotWrong(t *testing.T) {
	b := newBrowser(t, 50*time.Millisecond)
	b.send("POST", gate.SignInPath, url.Values{"email": {"ada@example.com"}})
	testkit.Await(t, 10*time.Second, "the end of the link", func() bool {
		return strings.Contains(b.send("GET", gate.CheckMailPath, nil).Body.String(), "too old")
	})
	w := b.send("POST", gate.CodePath, url.Values{"code": {"ABCD-2345"}})
	says(t, w, http.StatusUnprocessableEntity, "That code is too old", "Send me a new message", `value="ada@example.com"`)
	if strings.Contains(w.Body.String(), "wrong") {
		t.Errorf("the code is called wrong: %s", w.Body)
	}
}

func TestWhereNothingWasAskedForTheWayIsTheForm(t *testing.T) {
	b := newBrowser(t, time.Minute)
	says(t, b.send("GET", gate.CheckMailPath, nil), http.StatusOK, "Start with your email address", "cookies")
	says(t, b.send("POST", gate.CodePath, url.Values{"code": {"ABCD-2345"}}), http.StatusUnprocessableEntity, "Start with your email address", "cookies")
}

func TestWhatCannotBeACodeCostsNoTry(t *testing.T) {
	b := newBrowser(t, time.Minute)
	b.send("POST", gate.SignInPath, url.Values{"email": {"ada@example.com"}})
	for _, typed := range []string{"", "ABCD", "' OR 1=1 --", strings.Repeat("A", 9000), "ABCD-234O", "sign in"} {
		says(t, b.send("POST", gate.CodePath, url.Values{"code": {typed}}), http.StatusUnprocessableEntity, "That cannot be the code.")
	}
	says(t, b.send("POST", gate.CodePath, url.Values{"code": {"Your code: ＡＢＣＤ－２３４５."}}), http.StatusUnprocessableEntity, "You have 4 more tries.")
}

func TestAMessageThatWasAskedForAgainIsSpokenOf(t *testing.T) {
	b := newBrowser(t, time.Minute)
	for before, want := range []string{"We asked for the message again", "You have asked several times"} {
		w := b.send("POST", gate.SignInPath, url.Values{"email": {"ada@example.com"}, "again": {strconv.Itoa(before)}})
		says(t, b.send("GET", w.Header().Get("Location"), nil), http.StatusOK, want, fmt.Sprintf(`name="again" value="%d"`, before+1))
	}
}

// Reload and the Back button would send the form again, and cost a try.
func TestAPageThatAnswersAFormSaysUnderWhichPathItIsLoadedAgain(t *testing.T) {
	b := newBrowser(t, time.Minute)
	says(t, b.send("POST", gate.SignInPath, url.Values{"email": {"ada@"}, "to": {"/a?b"}}), http.StatusUnprocessableEntity, `data-reload-as="/_doorpost/sign-in?to=%2Fa%3Fb"`)
	b.send("POST", gate.SignInPath, url.Values{"email": {"ada@example.com"}})
	says(t, b.send("POST", gate.CodePath, url.Values{"code": {"ABCD-2345"}}), http.StatusUnprocessableEntity, `data-reload-as="/_doorpost/check-mail"`)
	says(t, b.send("POST", gate.LinkPath, url.Values{"token": {"x"}}), http.StatusUnprocessableEntity, `data-reload-as="/_doorpost/sign-in"`)
	if w := b.send("GET", gate.SignInPath+"?to=/a", nil); strings.Contains(w.Body.String(), "data-reload-as") {
		t.Errorf("a page that answers no form is loaded again under another path: %s", w.Body)
	}
}

func TestWhoIsThrottledTriesAgainInOneClickWithTheAddressKept(t *testing.T) {
	b := newBrowser(t, time.Minute)
	for range 100 {
		b.send("POST", gate.SignInPath, url.Values{"email": {"ada@example.com"}})
	}
	says(t, b.send("POST", gate.SignInPath, url.Values{"email": {"ada@example.com"}, "to": {"/a"}}), http.StatusTooManyRequests,
		`name="email" value="ada@example.com"`, `name="to" value="/a"`, "Try again</button>")
}
