package acceptance

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// flaw says what an answer of the gate lacks that every one has to have, or
// nothing. Answers of the app behind it are its own business. unlike are headers, given
// as name, value, name, value, that the answer has to have in place of the usual ones.
func (a answer) flaw(unlike ...string) string {
	if a.isUpstream() {
		return ""
	}
	if a.status >= 500 {
		return "a server error: " + a.body
	}
	policy := a.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, part) {
			return fmt.Sprintf("Content-Security-Policy %q lacks %s", policy, part)
		}
	}
	if strings.Contains(policy, "unsafe-inline") || strings.Contains(policy, "unsafe-eval") {
		return "Content-Security-Policy allows what is unsafe: " + policy
	}
	want := map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
	}
	mediaType, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	keys := mediaType == "application/jwk-set+json" // which are for everybody
	if strings.HasSuffix(mediaType, "json") && !keys {
		want["Referrer-Policy"] = "no-referrer"
	}
	for i := 0; i < len(unlike); i += 2 {
		want[unlike[i]] = unlike[i+1]
	}
	for name, value := range want {
		if a.header.Get(name) != value {
			return fmt.Sprintf("%s is %q, not %q", name, a.header.Get(name), value)
		}
	}
	if mediaType != "text/javascript" && !keys && a.header.Get("Cache-Control") != "no-store" {
		return "may be kept by caches: " + a.header.Get("Cache-Control")
	}
	for name := range a.header {
		if _, wanted := want[name]; strings.HasPrefix(name, "Access-Control-") && !wanted && !keys {
			return "opens itself to other sites with " + name
		}
	}
	return ""
}

// is fails the test unless the answer has the status.
func (a answer) is(t testing.TB, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("answered %d, want %d; headers %v; body: %s", a.status, status, a.header, a.text())
	}
	return a
}

// says fails the test unless the page, as it is read, has the words.
func (a answer) says(t testing.TB, words string) answer {
	t.Helper()
	if !strings.Contains(a.text(), words) {
		t.Fatalf("the page does not say %q: %s", words, a.text())
	}
	return a
}

// leadsTo fails the test unless the answer sends the browser to a place.
func (a answer) leadsTo(t testing.TB, location string) answer {
	t.Helper()
	a.is(t, http.StatusSeeOther)
	if a.location() != location {
		t.Fatalf("sent to %q, want %q", a.location(), location)
	}
	return a
}

var sessionCookieName = regexp.MustCompile(`doorpost(-\d+)?$`)

// setsNoSession fails the test if the answer sets a session cookie.
func (a answer) setsNoSession(t testing.TB) answer {
	t.Helper()
	for _, line := range a.header.Values("Set-Cookie") {
		name, rest, _ := strings.Cut(line, "=")
		if sessionCookieName.MatchString(name) && !strings.HasPrefix(rest, ";") {
			t.Fatalf("a session cookie was set: %s", line)
		}
	}
	return a
}

// isProblem fails the test unless the answer is problem details (RFC 9457), and
// returns their fields.
func (a answer) isProblem(t testing.TB, status int) map[string]any {
	t.Helper()
	a.is(t, status)
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("content type %q, want application/problem+json", got)
	}
	fields, err := jsonFields(a.body)
	if err != nil {
		t.Fatal(err)
	}
	return fields
}

// echo is what the app behind the gate was sent.
func (a answer) echo(t testing.TB) arrived {
	t.Helper()
	if !a.isUpstream() {
		t.Fatalf("the app did not answer, the gate did: %d %s", a.status, a.text())
	}
	var got arrived
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatalf("reading the echo: %v: %s", err, a.body)
	}
	return got
}

func jsonFields(body string) (map[string]any, error) {
	var fields map[string]any
	if err := json.Unmarshal([]byte(body), &fields); err != nil {
		return nil, fmt.Errorf("reading JSON: %w: %s", err, body)
	}
	return fields, nil
}

// text is the page as it is read: without markup, style and script, white space
// drawn together.
func (a answer) text() string {
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		return a.body
	}
	var said []string
	tokens := html.NewTokenizer(strings.NewReader(a.body))
	for hidden := false; ; {
		switch kind := tokens.Next(); kind {
		case html.ErrorToken:
			return strings.Join(strings.Fields(strings.Join(said, "")), " ")
		case html.StartTagToken, html.EndTagToken:
			name, _ := tokens.TagName()
			if n := string(name); n == "style" || n == "script" {
				hidden = kind == html.StartTagToken
			}
		case html.TextToken:
			if !hidden {
				said = append(said, string(tokens.Text()))
			}
		}
	}
}

// pageForm is a form of a page.
type pageForm struct {
	action string
	fields []string // name, value, name, value: what it submits without anybody typing
}

// forms are the forms of a page.
func (a answer) forms(t testing.TB) (forms []pageForm) {
	t.Helper()
	tokens := html.NewTokenizer(strings.NewReader(a.body))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return forms
		case html.StartTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			attributes := make(map[string]string)
			for _, attribute := range token.Attr {
				attributes[attribute.Key] = attribute.Val
			}
			switch {
			case token.Data == "form" && attributes["role"] == "search":
				forms = append(forms, pageForm{action: attributes["action"] + "?"})
			case token.Data == "form":
				if !strings.EqualFold(attributes["method"], "post") {
					t.Errorf("a form is submitted with %q", attributes["method"])
				}
				forms = append(forms, pageForm{action: attributes["action"]})
			case token.Data == "input" && attributes["name"] != "" && len(forms) > 0:
				last := &forms[len(forms)-1]
				last.fields = append(last.fields, attributes["name"], attributes["value"])
			}
		}
	}
}

// comparableAnswer is all of an answer that must not differ between two visitors who
// ask for different people: everything but the time and the value of the
// cookie.
func comparableAnswer(a answer) string {
	header := a.header.Clone()
	header.Del("Date")
	for i, line := range header["Set-Cookie"] {
		name, rest, _ := strings.Cut(line, "=")
		value, attributes, _ := strings.Cut(rest, ";")
		header["Set-Cookie"][i] = fmt.Sprintf("%s=<%d>;%s", name, len(value), attributes)
	}
	var lines strings.Builder
	_ = header.Write(&lines) // sorted by name
	return fmt.Sprintf("%d\n%s\n%s", a.status, lines.String(), a.body)
}
