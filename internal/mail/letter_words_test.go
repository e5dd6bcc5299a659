package mail

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

func TestTheLetterIsWholeInEveryLanguage(t *testing.T) {
	catalogue, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range catalogue.Languages() {
		for _, welcome := range []bool{false, true} {
			l := testLetter()
			l.Welcome = welcome
			m, err := newComposer(t).Write(l, lang)
			if err != nil {
				t.Fatalf("%s: %v", lang.Tag(), err)
			}
			if m.Language != lang.Tag() || !strings.Contains(m.Subject, "Example") {
				t.Errorf("%s: language %s, subject %q", lang.Tag(), m.Language, m.Subject)
			}
			for _, body := range []string{m.Text, seen(m)} {
				// Lines of languages without spaces end within a sentence.
				if lang.Space() == "" {
					body = strings.ReplaceAll(body, "\n", "")
				}
				body = strings.ReplaceAll(body, "\u00a0", " ")
				tenMinutes := strings.ReplaceAll(lang.Count("duration.minutes", 10), "\u00a0", " ")
				for _, want := range []string{"ABCD-2345", "14:05", "2026", "Firefox", "Linux", tenMinutes, "help@example.com"} {
					if !strings.Contains(body, want) {
						t.Errorf("%s: the letter does not say %q:\n%s", lang.Tag(), want, body)
					}
				}
				if regexp.MustCompile(`(mail|duration)\.[a-z]|[{}]`).MatchString(body) {
					t.Errorf("%s: the letter shows a key or a brace:\n%s", lang.Tag(), body)
				}
			}
		}
	}
}

func TestACodeIsNotTurnedRound(t *testing.T) {
	catalogue, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	l := testLetter()
	l.Code = "2345-ABCD"
	for _, tag := range []string{"ar", "he"} {
		m, err := newComposer(t).Write(l, catalogue.Match(tag))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(m.HTML, ">\u20682345-ABCD\u2069 · ") || !strings.Contains(m.HTML, `<td class="code" dir="ltr"`) {
			t.Errorf("%s: the code of the preview or that of the letter follows the language:\n%s", tag, m.HTML)
		}
	}
}

func TestALetterThatWouldNotWorkIsRefusedWithoutNamingItsSecrets(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(*Letter)
	}{
		{"no link", func(l *Letter) { l.Link = "" }},
		{"a relative link", func(l *Letter) { l.Link = "/link#secret-token" }},
		{"a script for a link", func(l *Letter) { l.Link = "javascript:secret-token" }},
		{"a link with a space", func(l *Letter) { l.Link = "https://a.example/link#secret-token x" }},
		{"a link with a quote", func(l *Letter) { l.Link = `https://a.example/link#"secret-token` }},
		{"a link that ends in a dot", func(l *Letter) { l.Link = "https://a.example/link#secret-token." }},
		{"a script to stop messages", func(l *Letter) { l.StopLink = "javascript:secret-token" }},
		{"an id with a line break", func(l *Letter) { l.ID = "a\r\nBcc: secret-token@example.com" }},
		{"no code", func(l *Letter) { l.Code = "" }},
		{"a code with markup", func(l *Letter) { l.Code = "<secret-token>" }},
		{"a host for its code with a space", func(l *Letter) { l.TypedAt = "a.example #secret-token" }},
		{"no host", func(l *Letter) { l.Host = "" }},
		{"no life", func(l *Letter) { l.ValidFor = 0 }},
		{"no time", func(l *Letter) { l.AskedAt = time.Time{} }},
		{"two recipients", func(l *Letter) { l.To = "alice@example.org, bob@example.org" }},
		{"a host with a line break in the subject", func(l *Letter) { l.SiteName, l.Host = "", "a\r\nb" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := testLetter()
			tc.spoil(&l)
			m, err := newComposer(t).Write(l, english(t))
			if err == nil {
				t.Fatalf("written: %+v", m)
			}
			if strings.Contains(err.Error(), "secret-token") || strings.Contains(err.Error(), "alice") {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
}
