package mail

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/text"
)

const testDecideLink = "https://app.example.com/_doorpost/decide#v1.Zm9v_YmFy-cXV4+1==&x=y~"

func testApprove() Letter {
	l := testLetter()
	l.Kind, l.Code, l.StopLink, l.Link, l.ValidFor = outbox.Approve, "", "", testDecideLink, 7*24*time.Hour
	l.Person, l.Words, l.Network = "bob@example.net", "I am new here.\nLet me in, please.", "203.0.113.0/24"
	return l
}

func testOffer() Letter {
	l := testLetter()
	l.Kind, l.Code, l.ValidFor = outbox.Offer, "", time.Hour
	return l
}

func testProof() Letter {
	l := testLetter()
	l.Kind, l.Code, l.StopLink, l.Person, l.ValidFor = outbox.Proof, "", "", "bob@example.net", time.Hour
	return l
}

func testMoved() Letter {
	l := testLetter()
	l.Kind, l.Code, l.StopLink, l.Other, l.ValidFor = outbox.Changed, "", "", "bo…@example.net", 72*time.Hour
	return l
}

func written(t *testing.T, m Message, err error) Message {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestBothPartsOfEveryNoticeSayTheSame(t *testing.T) {
	en, c := english(t), newComposer(t)
	until := time.Date(2026, 3, 2, 9, 7, 0, 0, time.FixedZone("", 3600))
	for _, tc := range []struct {
		name    string
		write   func() (Message, error)
		subject string
		says    []string
		silent  []string
	}{
		{
			"an offer", func() (Message, error) { return c.Write(testOffer(), en) }, "You cannot enter Example yet",
			[]string{"You can ask whoever runs it", "Works once, for 1 hour.", "14:05 UTC on 1 March 2026, from Firefox on Linux.", "Not you?", "somebody typed that address at app.example.com", "help@example.com"},
			[]string{"password"},
		},
		{
			"an offer that nobody can stop", func() (Message, error) { l := testOffer(); l.StopLink = ""; return c.Write(l, en) }, "You cannot enter Example yet",
			nil, []string{"top such messages"},
		},
		{
			"a request", func() (Message, error) { return c.Write(testApprove(), en) }, "bob@example.net asks to enter Example",
			[]string{"bob@example.net asks to enter Example.", "In their own words:", "I am new here.", "Let me in, please.", "within 7 days", "from Firefox on Linux. Network 203.0.113.0/24", "you decide who may enter app.example.com"},
			[]string{"Works once", "top such messages"},
		},
		{
			"a request without words", func() (Message, error) { l := testApprove(); l.Words, l.Network = " \n", ""; return c.Write(l, en) }, "bob@example.net asks to enter Example",
			nil, []string{"In their own words", "> ", "Network"},
		},
		{
			"a new address", func() (Message, error) { return c.Write(testProof(), en) }, "Confirm your address for Example",
			[]string{"bob@example.net wants to sign in to Example with this address from now on.", "Works once, for 1 hour."}, []string{"too.", "Asked for"},
		},
		{
			"a recovery address", func() (Message, error) { l := testProof(); l.Recovery = true; return c.Write(l, en) }, "Confirm your address for Example",
			[]string{"bob@example.net wants to be able to sign in to Example with this address too."}, []string{"from now on"},
		},
		{
			"a change", func() (Message, error) { return c.Write(testMoved(), en) }, "Your address at Example was changed",
			[]string{"with bo…@example.net now", "Works once, for 3 days.", "undo the change", "it was the address of an account at app.example.com"}, []string{"somebody typed"},
		},
		{
			"an invitation", func() (Message, error) {
				l := testLetter()
				l.Kind, l.Welcome, l.Code, l.StopLink, l.AskedAt = outbox.Invite, true, "", "", time.Time{}
				return c.Write(l, en)
			}, "You are invited to Example",
			[]string{"Welcome to Example", "You can sign in to Example with this address.", "has invited that address"}, []string{"code", "Asked for", "somebody typed", "top such messages"},
		},
		{
			"an approval for a while", func() (Message, error) {
				l := testLetter()
				l.Kind, l.Code, l.Until = outbox.Approved, "", until
				return c.Write(l, en)
			}, "You can enter Example now",
			[]string{"You asked to enter Example, and now you can.", "You can enter until 08:07 UTC on 2 March 2026.", "somebody asked for access to app.example.com"}, []string{"code"},
		},
		{
			"an approval for good", func() (Message, error) { l := testLetter(); l.Kind = outbox.Approved; return c.Write(l, en) }, "You can enter Example now",
			[]string{"ABCD-2345"}, []string{"until"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := tc.write()
			m = written(t, m, err)
			if m.Subject != tc.subject || m.To != "alice@example.org" || m.ID == "" {
				t.Errorf("subject %q to %s as %q", m.Subject, m.To, m.ID)
			}
			for part, body := range map[string]string{"text": strings.Join(strings.Fields(m.Text), " "), "HTML": seen(m)} {
				for _, s := range tc.says {
					if !strings.Contains(body, s) {
						t.Errorf("the %s does not say %q:\n%s", part, s, body)
					}
				}
				for _, s := range append(tc.silent, "mail.", "{", "<no value>", "ZgotmplZ") {
					if strings.Contains(body, s) {
						t.Errorf("the %s says %q:\n%s", part, s, body)
					}
				}
			}
		})
	}
}

// eachSample runs a check for every letter in every language.
func eachSample(t *testing.T, check func(t *testing.T, s Sample, m Message, lang *text.Language)) {
	t.Helper()
	c := newComposer(t)
	for _, lang := range languages(t) {
		for _, sample := range Samples() {
			t.Run(lang.Tag()+"/"+sample.Name, func(t *testing.T) {
				m, err := sample.Write(c, lang)
				check(t, sample, written(t, m, err), lang)
			})
		}
	}
}

var preview = regexp.MustCompile(`<body[^>]*>\s*<div style="display:none;[^"]*">([^<]+)</div>`)

func TestEveryLetterHasAPreviewOneButtonAndLoadsNothing(t *testing.T) {
	eachSample(t, func(t *testing.T, s Sample, m Message, lang *text.Language) {
		if match := preview.FindStringSubmatch(m.HTML); match == nil || len(match[1]) < 10 {
			t.Errorf("no preview: %q", match)
		}
		if n := strings.Count(m.HTML, `class="button"`); n != 1 {
			t.Errorf("%d buttons", n)
		}
		if regexp.MustCompile(`(?i)<img|<script|<link|src=|url\(|@import|background=`).MatchString(m.HTML) {
			t.Error("the HTML loads something")
		}
		if regexp.MustCompile(`(mail|duration)\.[a-z]|[{}]`).MatchString(m.Text+seen(m)) || strings.Contains(m.Text, "\n\n\n") {
			t.Errorf("it shows a key, a brace or a hole:\n%s", m.Text)
		}
		if lack := s.missingInText(m.Text) + s.missingInHTML(m.HTML); lack != "" {
			t.Error(lack)
		}
		if m.Language != lang.Tag() {
			t.Errorf("it is in %q", m.Language)
		}
	})
}

func TestWhatAStrangerTypedIsQuotedAsText(t *testing.T) {
	l := testApprove()
	l.Words = "<b onclick=x>Hi</b> {{.Link}} & co\r\n\r\n\u202eKlick https://evil.example/a?b=c#d or WWW.Evil.example\x00 or mail eve@evil.example,\u2028 9:30, 3.5 %. Yes."
	m, err := newComposer(t).Write(l, english(t))
	m = written(t, m, err)
	if strings.Contains(m.HTML, "<b ") || !strings.Contains(m.HTML, "&lt;b onclick=x&gt;Hi&lt;/b&gt; {{. Link}} &amp; co") {
		t.Errorf("the HTML is %s", m.HTML)
	}
	want := "\n> <b onclick=x>Hi</b> {{. Link}} & co\n> Klick https: //evil. example/a?b=c#d or WWW. Evil. example or mail eve\n> @evil. example,\n> 9:30, 3.5 %. Yes.\n"
	if !strings.Contains(m.Text, want) {
		t.Errorf("the text does not have %q:\n%s", want, m.Text)
	}
	for part, body := range map[string]string{"text": m.Text, "HTML": html.UnescapeString(m.HTML)} {
		if urls := anyURL.FindAllString(body, -1); !slices.Equal(urls, []string{testDecideLink}) {
			t.Errorf("URLs in the %s are %q", part, urls)
		}
		if linked := regexp.MustCompile(`(?i)evil\.example|eve@|://evil|\x{202e}`).FindString(body); linked != "" {
			t.Errorf("a mail program may make a link of %q in the %s", linked, part)
		}
	}
}

func TestNoMoreIsQuotedThanFits(t *testing.T) {
	for name, tc := range map[string]struct {
		words string
		lines int
		runes int
		ends  string
	}{
		"nothing":           {" \n\t\r\n", 0, 0, ""},
		"a line":            {"Let me in", 1, 9, "Let me in"},
		"one long line":     {strings.Repeat("é", 600), 1, 500, "é…"},
		"many lines":        {strings.Repeat("a\n", 100), 12, 13, "a…"},
		"many long lines":   {strings.Repeat(strings.Repeat("b", 99)+"\n", 10), 6, 500, "b…"},
		"just enough lines": {strings.Repeat("c\n", 12), 12, 12, "c"},
		"just enough":       {strings.Repeat("d", 500), 1, 500, "dd"},
	} {
		t.Run(name, func(t *testing.T) {
			lines := quotedLines(tc.words)
			all := strings.Join(lines, "")
			if len(lines) != tc.lines || len([]rune(all)) != tc.runes || !strings.HasSuffix(all, tc.ends) {
				t.Errorf("%d lines, %d characters: %q", len(lines), len([]rune(all)), lines)
			}
		})
	}
}

func TestSentencesInOtherScriptsStayAsTheyAreQuoted(t *testing.T) {
	for _, words := range []string{"你好。我是新来的。请让我进来！", "こんにちは。新人です。", "Grüße, Jürgen! 12:30 / 4.5 km"} {
		if got := quotedLines(words); !slices.Equal(got, []string{words}) {
			t.Errorf("%q is quoted as %q", words, got)
		}
	}
	if got := quotedLines("evil。example"); !slices.Equal(got, []string{"evil。 example"}) {
		t.Errorf("got %q", got)
	}
}

func TestANoticeThatWouldNotWorkIsRefusedWithoutNamingItsSecrets(t *testing.T) {
	c, en := newComposer(t), english(t)
	spoilt := func(letter func() Letter, spoil func(*Letter)) error {
		l := letter()
		spoil(&l)
		_, err := c.Write(l, en)
		return err
	}
	for name, err := range map[string]error{
		"an offer without a link":      spoilt(testOffer, func(l *Letter) { l.Link = "/ask#secret-token" }),
		"an offer with a script":       spoilt(testOffer, func(l *Letter) { l.StopLink = "javascript:secret-token" }),
		"an offer without a time":      spoilt(testOffer, func(l *Letter) { l.AskedAt = time.Time{} }),
		"an offer without a host":      spoilt(testOffer, func(l *Letter) { l.Host = "" }),
		"a request by nobody":          spoilt(testApprove, func(l *Letter) { l.Person = "secret-token" }),
		"a request of two lines":       spoilt(testApprove, func(l *Letter) { l.Person = "bob@example.net\r\nBcc: secret-token@example.com" }),
		"a request without life":       spoilt(testApprove, func(l *Letter) { l.ValidFor = 0 }),
		"a request without a time":     spoilt(testApprove, func(l *Letter) { l.AskedAt = time.Time{} }),
		"a request to two":             spoilt(testApprove, func(l *Letter) { l.To = "alice@example.org, secret-token@example.org" }),
		"a proof for nobody":           spoilt(testProof, func(l *Letter) { l.Person = "" }),
		"a proof with a quote":         spoilt(testProof, func(l *Letter) { l.Link = `https://a.example/link#"secret-token` }),
		"a change with a spaced link":  spoilt(testMoved, func(l *Letter) { l.Link = "https://a.example/link#secret-token x" }),
		"a change with a bad id":       spoilt(testMoved, func(l *Letter) { l.ID = "secret-token\r\n" }),
		"a sign-in without a code":     spoilt(testLetter, func(l *Letter) { l.Code = "" }),
		"a kind that is unknown":       spoilt(testLetter, func(l *Letter) { l.Kind = "poem" }),
		"an invitation with bad code":  spoilt(testLetter, func(l *Letter) { l.Kind, l.Code = outbox.Invite, "<secret-token>" }),
		"an approval without its time": spoilt(testLetter, func(l *Letter) { l.Kind, l.AskedAt = outbox.Approved, time.Time{} }),
	} {
		switch {
		case err == nil:
			t.Errorf("%s: written", name)
		case strings.Contains(err.Error(), "secret-token") || strings.Contains(err.Error(), "alice") || strings.Contains(err.Error(), "bob"):
			t.Errorf("%s: the error tells too much: %v", name, err)
		}
	}
}

func TestANewAddressThatIsATrapStaysOnOneLine(t *testing.T) {
	l := testMoved()
	l.Other = "b<i>\r\nBcc: eve@example.com"
	m, err := newComposer(t).Write(l, english(t))
	m = written(t, m, err)
	if strings.Contains(m.HTML, "<i>") || !strings.Contains(m.Text, "with b<i> Bcc: eve@example.com now") {
		t.Errorf("the text is %s", m.Text)
	}
}
