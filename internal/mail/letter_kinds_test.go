package mail

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
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

func testConfirm() Letter {
	l := testLetter()
	l.Kind, l.Link, l.Change, l.New = outbox.Confirm, "", account.Move, "bob@example.net"
	return l
}

func testProof() Letter {
	l := testConfirm()
	l.Kind, l.Person = outbox.Proof, "bob@example.net"
	return l
}

func testChanged() Letter {
	l := testConfirm()
	l.Kind, l.Code, l.StopLink = outbox.Changed, "", ""
	return l
}

// of is a letter about another change.
func of(l Letter, change account.Kind) Letter {
	l.Change = change
	if !(account.Change{Kind: change}).New() {
		l.New = ""
	}
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
			[]string{"You can ask the people who run it", "Works once, for 1 hour.", "with Firefox on Linux, 1 March 2026, 14:05 UTC.", "Not you?", "somebody typed that address at app.example.com", "help@example.com"},
			[]string{"password"},
		},
		{
			"an offer that nobody can stop", func() (Message, error) { l := testOffer(); l.StopLink = ""; return c.Write(l, en) }, "You cannot enter Example yet",
			nil, []string{"top such messages"},
		},
		{
			"a request", func() (Message, error) { return c.Write(testApprove(), en) }, "bob@example.net asks to enter Example",
			[]string{"bob@example.net asks to enter Example.", "In their own words:", "I am new here.", "Let me in, please.", "within 7 days", "1 March 2026, 14:05 UTC. Network: 203.0.113.0/24.", "you decide who may enter app.example.com"},
			[]string{"Works once", "top such messages"},
		},
		{
			"a request without words", func() (Message, error) { l := testApprove(); l.Words, l.Network = " \n", ""; return c.Write(l, en) }, "bob@example.net asks to enter Example",
			nil, []string{"In their own words", "> ", "Network"},
		},
		{
			"a code for the present address", func() (Message, error) { return c.Write(testConfirm(), en) }, "Confirm a change at Example (14:05 UTC)",
			[]string{"change the address of your account at Example to bob@example.net.", "Type this code where you asked for it:", "ABCD-2345", "Works once, for 10 minutes.", "with Firefox on Linux, 1 March 2026, 14:05 UTC.", "somebody else is using your account", "it is the address of an account at app.example.com"},
			[]string{"Open this link", "somebody typed"},
		},
		{
			"a code for a new address", func() (Message, error) { return c.Write(testProof(), en) }, "Confirm your address for Example (14:05 UTC)",
			[]string{"sign in to Example with this address from now on, instead of bob@example.net.", "ABCD-2345", "Ignore this message", "somebody typed"}, []string{"too,", "Open this link"},
		},
		{
			"a code for a recovery address", func() (Message, error) { return c.Write(of(testProof(), account.Recovery), en) }, "Confirm your address for Example (14:05 UTC)",
			[]string{"with this address too, besides bob@example.net."}, []string{"from now on"},
		},
		{
			"a code to leave", func() (Message, error) { return c.Write(of(testConfirm(), account.Leave), en) }, "Confirm a change at Example (14:05 UTC)",
			[]string{"You asked to delete your account at Example."}, []string{"bob@"},
		},
		{
			"word of a new address", func() (Message, error) { return c.Write(testChanged(), en) }, "Your account at Example was changed",
			[]string{"with bob@example.net now", "This was with Firefox on Linux, 1 March 2026, 14:05 UTC.", "tell the people who run Example at once", "it was the address of an account at app.example.com", "help@example.com"},
			[]string{"Works once", "Asked for", "code", "top such messages", "sign in, look"},
		},
		{
			"word of a recovery address", func() (Message, error) { return c.Write(of(testChanged(), account.Recovery), en) }, "Your account at Example was changed",
			[]string{"the recovery address bob@example.net now", "sign in, look at your account, and sign out everywhere", "it is the address of an account"}, []string{"no longer"},
		},
		{
			"word of no recovery address", func() (Message, error) { return c.Write(of(testChanged(), account.Drop), en) }, "Your account at Example was changed",
			[]string{"has no recovery address any more."}, []string{"bob@"},
		},
		{
			"word of leaving", func() (Message, error) { return c.Write(of(testChanged(), account.Leave), en) }, "Your account at Example was changed",
			[]string{"Your account at Example is deleted.", "tell the people who run Example"}, []string{"look at your account"},
		},
		{
			"word of a sign-in by the recovery address", func() (Message, error) {
				l := testChanged()
				l.Kind, l.Change, l.New = outbox.Recovered, "", ""
				return c.Write(l, en)
			}, "Somebody signed in to Example with your recovery address",
			[]string{"Somebody signed in to your account at Example", "with Firefox on Linux", "sign out everywhere"}, []string{"Works once", "code", "top such messages"},
		},
		{
			"word of a sign-in in a new browser", func() (Message, error) {
				l := testChanged()
				l.Kind, l.Change, l.New, l.Link = outbox.NewBrowser, "", "", "https://app.example.com/_doorpost/account"
				return c.Write(l, en)
			}, "New sign-in to Example",
			[]string{"in a browser that is new to us. If it was you, there is nothing to do.", "This was with Firefox on Linux, 1 March 2026, 14:05 UTC.", "sign out everywhere", "it is the address of an account"},
			[]string{"Works once", "Asked for", "top such messages"},
		},
		{
			"an invitation", func() (Message, error) {
				l := testLetter()
				l.Kind, l.Welcome, l.Code, l.StopLink, l.AskedAt = outbox.Invite, true, "", "", time.Time{}
				return c.Write(l, en)
			}, "You are invited to Example",
			[]string{"Welcome to Example", "You can sign in to Example with this address.", "have invited that address"}, []string{"code", "Asked for", "somebody typed", "top such messages"},
		},
		{
			"an approval for a while", func() (Message, error) {
				l := testLetter()
				l.Kind, l.Code, l.Until = outbox.Approved, "", until
				return c.Write(l, en)
			}, "You can enter Example now",
			[]string{"You asked to enter Example, and now you can.", "You can enter until 2 March 2026, 08:07 UTC.", "somebody asked for access to app.example.com"}, []string{"code"},
		},
		{
			"an approval for good", func() (Message, error) { l := testLetter(); l.Kind = outbox.Approved; return c.Write(l, en) }, "You can enter Example now (14:05 UTC)",
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
				m, err := c.Write(sample.Letter, lang)
				check(t, sample, written(t, m, err), lang)
			})
		}
	}
}

func TestThereIsASampleOfEveryKind(t *testing.T) {
	for _, kind := range kinds {
		if !slices.ContainsFunc(Samples(), func(s Sample) bool { return s.Letter.Kind == kind.kind }) {
			t.Errorf("there is no sample of the kind %s", kind.kind)
		}
	}
}

var preview = regexp.MustCompile(`<body[^>]*>\s*<div class="preview" aria-hidden="true"[^>]*>([^<]+)</div>`)

func TestEveryLetterHasAPreviewAButtonForItsLinkAndLoadsNothing(t *testing.T) {
	eachSample(t, func(t *testing.T, s Sample, m Message, lang *text.Language) {
		if match := preview.FindStringSubmatch(m.HTML); match == nil || len(match[1]) < 10 {
			t.Errorf("no preview: %q", match)
		}
		want := 1
		if s.Letter.Link == "" {
			want = 0
		}
		if n := strings.Count(m.HTML, `class="button"`); n != want {
			t.Errorf("%d buttons, want %d", n, want)
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
		if bound := regexp.MustCompile(`\n\n@reports\.example\.com #ABCD-2345\n$`).MatchString(m.Text); bound != (s.Letter.Code != "") {
			t.Errorf("with the code %q it ends otherwise:\n%s", s.Letter.Code, m.Text)
		}
		start := map[string]string{"ltr": "left", "rtl": "right"}[lang.Direction()]
		for _, want := range []string{`<html lang="` + lang.Tag() + `" dir="` + lang.Direction() + `">`, `class="card" bgcolor="#ffffff" align="` + start + `"`} {
			if !strings.Contains(m.HTML, want) {
				t.Errorf("the HTML lacks %s", want)
			}
		}
		if m.Language != lang.Tag() {
			t.Errorf("it is in %q", m.Language)
		}
	})
}

func TestALineMayEndWithinAnyLongAddressThatALetterShows(t *testing.T) {
	hidden := regexp.MustCompile(`(?s)^.*?</div>|<div dir="auto".*?</div>|<[^>]*>`) // what is before the letter, what strangers typed, attributes
	eachSample(t, func(t *testing.T, _ Sample, m Message, _ *text.Language) {
		shown := hidden.ReplaceAllStringFunc(m.HTML, func(found string) string {
			if found == "<wbr>" {
				return " "
			}
			return ""
		})
		for _, address := range regexp.MustCompile(`[\w.+-]+@[\w.-]+`).FindAllString(shown, -1) {
			if len(address) > 30 {
				t.Errorf("%q is in one piece", address)
			}
		}
	})
}

// A paragraph has its own room below it, and buttons and codes have none.
func TestTheSmallPrintIsAsFarFromWordsAsFromButtons(t *testing.T) {
	eachSample(t, func(t *testing.T, s Sample, m Message, _ *text.Language) {
		want := "padding:28px 0 0"
		if s.Letter.Link == "" && s.Letter.Code == "" {
			want = "padding:4px 0 0"
		}
		if !strings.Contains(m.HTML, `<td class="rule" style="`+want+`;`) {
			t.Errorf("the rule above the small print lacks %q", want)
		}
	})
}

func TestWhatAStrangerTypedHasItsOwnDirection(t *testing.T) {
	l := testApprove()
	l.Words = "I am new here.\nאני חדש כאן."
	catalogue, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"en", "ar"} {
		m, err := newComposer(t).Write(l, catalogue.Match(tag))
		m = written(t, m, err)
		for _, line := range strings.Split(l.Words, "\n") {
			if !strings.Contains(m.HTML, `<div dir="auto" style="text-align:start;">`+line+`</div>`) {
				t.Errorf("%s: %q has the direction of the letter", tag, line)
			}
		}
	}
}

func TestWhatAStrangerTypedIsQuotedAsText(t *testing.T) {
	l := testApprove()
	l.Words = "<b onclick=x>Hi</b> {{.Link}} & co\r\n\r\n\u202eKlick https://evil.example/a?b=c#d or WWW.Evil.example\x00 or mail eve@evil.example,\u2028 9:30, 3.5 %. Yes."
	m, err := newComposer(t).Write(l, english(t))
	m = written(t, m, err)
	if strings.Contains(m.HTML, "<b ") || !strings.Contains(m.HTML, "&lt;b onclick=x&gt;Hi&lt;/b&gt; {{. Link}} &amp; co") {
		t.Errorf("the HTML is %s", m.HTML)
	}
	want := "\n> <b onclick=x>Hi</b> {{. Link}} & co\n> Klick https:// evil. example/a?b=c#d or WWW. Evil. example or mail eve\n> @evil. example,\n> 9:30, 3.5 %. Yes.\n"
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
		"an offer with no link":        spoilt(testOffer, func(l *Letter) { l.Link = "" }),
		"a proof for nobody":           spoilt(testProof, func(l *Letter) { l.Person = "" }),
		"a proof without a code":       spoilt(testProof, func(l *Letter) { l.Code = "" }),
		"a proof with a quote":         spoilt(testProof, func(l *Letter) { l.StopLink = `https://a.example/stop#"secret-token` }),
		"a code for no change":         spoilt(testConfirm, func(l *Letter) { l.Change = "secret-token" }),
		"a code for no address":        spoilt(testConfirm, func(l *Letter) { l.New = "secret-token" }),
		"a code without a time":        spoilt(testConfirm, func(l *Letter) { l.AskedAt = time.Time{} }),
		"a change to two lines":        spoilt(testChanged, func(l *Letter) { l.New = "b\r\nBcc: secret-token@example.com" }),
		"a change with a bad id":       spoilt(testChanged, func(l *Letter) { l.ID = "secret-token\r\n" }),
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

// Whoever can sign up chooses the address that the message to somebody else names.
func TestAnAddressInALetterToSomebodyElseIsNoLinkOfAStranger(t *testing.T) {
	c := newComposer(t)
	for _, letter := range []Letter{testConfirm(), testProof(), of(testConfirm(), account.Recovery), of(testProof(), account.Recovery), testChanged(), of(testChanged(), account.Recovery)} {
		for _, lang := range languages(t) {
			for _, trap := range []string{"www.evil.example/sign-in@e.example", "a#b@e.example", "o'brien@e.example", "x~y@e.example"} {
				l := letter
				l.New, l.Person = trap, trap
				m, err := c.Write(l, lang)
				m = written(t, m, err)
				for part, body := range map[string]string{"text": m.Text, "HTML": html.UnescapeString(m.HTML)} {
					local, _, _ := strings.Cut(trap, "@")
					if strings.Contains(body, local) || !strings.Contains(body, "***@e.example") {
						t.Errorf("%s, %s: the %s shows %s: %s", lang.Tag(), l.Kind, part, trap, body)
					}
				}
			}
			for length := range 60 { // wherever the line would end
				l := letter
				l.New = "www.x" + strings.Repeat("x", length) + ".evil@e.example"
				l.Person = l.New
				m, err := c.Write(l, lang)
				m = written(t, m, err)
				if !strings.Contains(m.Text, l.New) || regexp.MustCompile(`(?m)^\s*`+regexp.QuoteMeta(l.New)).MatchString(strings.ReplaceAll(m.Text, "\u00a0", " ")) {
					t.Errorf("%s, %s: the address is not there, or begins a line:\n%s", lang.Tag(), l.Kind, m.Text)
				}
			}
		}
	}
}
