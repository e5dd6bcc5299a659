package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/web"
)

const hookPath = "/_doorpost/hooks/mailgun"

// startDoor serves a door with hooks and returns its origin.
func startDoor(t *testing.T, hooks map[string]web.Hook) string {
	t.Helper()
	ring, parts, keeper := newParts(t)
	server := httptest.NewUnstartedServer(nil)
	origin, err := gate.ParseOrigin("http://" + server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	origins, err := gate.NewOrigins([]gate.Origin{origin})
	if err != nil {
		t.Fatal(err)
	}
	cookie := session.NewCookie(ring, session.CookieOptions{Scope: origin.String(), Lifetime: time.Hour})
	site := gate.NewSite(origins, func(gate.Origin) *session.Cookie { return cookie }, keeper)
	parts.Hooks = hooks
	door := web.NewDoor(ring, parts)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		door.Serve(w, r, r.URL.Path, gate.NewEdge(site).Arrive(r), netip.MustParseAddr("192.0.2.1"))
	})
	server.Start()
	t.Cleanup(server.Close)
	return origin.String()
}

// send sends a report as Mailgun does, except for the given headers.
func send(t *testing.T, method, url, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.Header.Get("Cache-Control") != "no-store" || response.Header.Get("Set-Cookie") != "" {
		t.Errorf("%s %s may be cached or sets a cookie: %v", method, url, response.Header)
	}
	return response, string(answer)
}

func expectProblem(t *testing.T, what string, response *http.Response, body string, status int) {
	t.Helper()
	var details struct {
		Status int
		Detail string
	}
	if response.StatusCode != status || response.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: answered %d %s, want %d", what, response.StatusCode, response.Header.Get("Content-Type"), status)
	} else if err := json.Unmarshal([]byte(body), &details); err != nil || details.Status != status || details.Detail == "" {
		t.Errorf("%s: the problem is %s (%v)", what, body, err)
	}
}

func TestTheAnswerToAReportSaysWhetherToSendItAgain(t *testing.T) {
	var outcome error
	origin := startDoor(t, map[string]web.Hook{"/hooks/mailgun": func(context.Context, []byte, time.Time) error { return outcome }})
	for _, c := range []struct {
		outcome error
		status  int
	}{
		{web.ErrHookForged, http.StatusForbidden},
		{web.ErrHookReplayed, http.StatusNotAcceptable},
		{web.ErrHookMalformed, http.StatusBadRequest},
		{fmt.Errorf("report 7: %w", web.ErrHookReplayed), http.StatusNotAcceptable},
		{errors.New("disk full at /var/lib"), http.StatusServiceUnavailable},
		{context.DeadlineExceeded, http.StatusServiceUnavailable},
	} {
		outcome = c.outcome
		response, body := send(t, http.MethodPost, origin+hookPath, "{}", "Accept", "text/html")
		expectProblem(t, c.outcome.Error(), response, body, c.status)
		if strings.Contains(body, "disk full") || strings.Contains(body, "report 7") {
			t.Errorf("the answer tells what went on inside: %s", body)
		}
		if again := response.Header.Get("Retry-After") != ""; again != (c.status == http.StatusServiceUnavailable) {
			t.Errorf("%v: Retry-After is there: %t", c.outcome, again)
		}
	}
	outcome = nil
	if response, body := send(t, http.MethodPost, origin+hookPath, "{}"); response.StatusCode != http.StatusOK || body != "" {
		t.Errorf("a report that was taken in is answered with %d %q", response.StatusCode, body)
	}
}

func TestAReportReachesTheHookAsItWasSent(t *testing.T) {
	var got []byte
	var at time.Time
	origin := startDoor(t, map[string]web.Hook{"/hooks/mailgun": func(_ context.Context, body []byte, now time.Time) error {
		got, at = body, now
		return nil
	}})
	before := time.Now()
	for _, sent := range []string{"{\"signature\": {}}\n", "", strings.Repeat("x", 16<<10)} {
		// A form would be refused with these.
		response, body := send(t, http.MethodPost, origin+hookPath, sent, "Content-Type", "application/json; charset=utf-8",
			"Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site", "Cookie", "doorpost=x; doorpost-ask=y")
		if response.StatusCode != http.StatusOK {
			t.Fatalf("answered %d %s", response.StatusCode, body)
		}
		if !bytes.Equal(got, []byte(sent)) {
			t.Errorf("the hook got %d bytes, %d were sent", len(got), len(sent))
		}
		if at.Before(before) || at.After(time.Now()) {
			t.Errorf("the hook was told that it is %s", at)
		}
	}
}

func TestOnlyReportsReachTheHook(t *testing.T) {
	origin := startDoor(t, map[string]web.Hook{"/hooks/mailgun": func(context.Context, []byte, time.Time) error {
		t.Error("the hook was called")
		return nil
	}})
	for what, c := range map[string]struct {
		method, path, body, contentType string
		status                          int
	}{
		"looking":           {http.MethodGet, hookPath, "", "application/json", http.StatusMethodNotAllowed},
		"putting":           {http.MethodPut, hookPath, "{}", "application/json", http.StatusMethodNotAllowed},
		"a form":            {http.MethodPost, hookPath, "a=b", "application/x-www-form-urlencoded", http.StatusUnsupportedMediaType},
		"a form with files": {http.MethodPost, hookPath, "", "multipart/form-data; boundary=x", http.StatusUnsupportedMediaType},
		"no type":           {http.MethodPost, hookPath, "{}", "", http.StatusUnsupportedMediaType},
		"too much":          {http.MethodPost, hookPath, strings.Repeat("x", 16<<10+1), "application/json", http.StatusRequestEntityTooLarge},
		"another path":      {http.MethodPost, hookPath + "/", "{}", "application/json", http.StatusNotFound},
	} {
		headers := []string{"Content-Type", c.contentType}
		if c.status != http.StatusNotFound { // a page that does not exist is not the hook's
			headers = append(headers, "Accept", "text/html")
		}
		response, body := send(t, c.method, origin+c.path, c.body, headers...)
		expectProblem(t, what, response, body, c.status)
		if allow := response.Header.Get("Allow"); c.status == http.StatusMethodNotAllowed && allow != http.MethodPost {
			t.Errorf("%s: Allow is %q", what, allow)
		}
	}
}

func TestWithoutAHookItsPathIsNothing(t *testing.T) {
	origin := startDoor(t, nil)
	response, body := send(t, http.MethodPost, origin+hookPath, "{}")
	expectProblem(t, "a report", response, body, http.StatusNotFound)
}
