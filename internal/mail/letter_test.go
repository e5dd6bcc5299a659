package mail

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/color"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/text"
)

func english(t *testing.T) *text.Language {
	t.Helper()
	catalogue, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	return catalogue.Match("en")
}

const (
	testLink     = "https://app.example.com/_doorpost/link#v1.Zm9v_YmFy-cXV4+1==&x=y~"
	testStopLink = "https://app.example.com/_doorpost/stop#v1.Zm9v_YmFy-cXV4+1==&x=y~"
)

func testLetter() Letter {
	return Letter{
		Kind: outbox.SignIn, SiteName: "Example", Host: "app.example.com", To: "alice@example.org",
		Link: testLink, Code: "ABCD-2345", TypedAt: "sign-in.example.com", ValidFor: 10 * time.Minute,
		StopLink: testStopLink,
		AskedAt:  time.Date(2026, 3, 1, 15, 5, 0, 0, time.FixedZone("", 3600)),
		Browser:  "Firefox", System: "Linux", Support: "help@example.com",
	}
}

func newComposer(t *testing.T) *Composer {
	t.Helper()
	c, err := NewComposer(Mailbox{"Example", "sign-in@example.com"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func compose(t *testing.T, l Letter) Message {
	t.Helper()
	m, err := newComposer(t).Write(l, english(t))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// seen is the HTML part as a reader sees it: without tags, unescaped.
func seen(m Message) string {
	body := strings.ReplaceAll(m.HTML[strings.Index(m.HTML, "<body"):], "<wbr>", "")
	return strings.Join(strings.Fields(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, " "))), " ")
}

func TestBothPartsOfTheLetterSayTheSame(t *testing.T) {
	for _, tc := range []struct {
		name    string
		change  func(*Letter)
		subject string
		says    []string
		silent  []string
	}{
		{
			"a sign-in", func(*Letter) {}, "Sign in to Example (14:05 UTC)",
			[]string{
				"Here is your link to sign in to Example.", "ABCD-2345", "Works once, for 10 minutes.",
				"Asked for with Firefox on Linux, 1 March 2026, 14:05 UTC.", "Not you?",
				"alice@example.org", "app.example.com", "Need help? help@example.com",
			},
			[]string{"password"},
		},
		{
			"a welcome", func(l *Letter) { l.Welcome = true }, "Welcome to Example (14:05 UTC)",
			[]string{"Welcome to Example", "Example uses your mailbox instead of a password.", "ABCD-2345"}, nil,
		},
		{
			"an unknown browser", func(l *Letter) { l.Browser = "" }, "Sign in to Example (14:05 UTC)",
			[]string{"on Linux, 1 March"}, []string{"Firefox"},
		},
		{
			"an unknown system", func(l *Letter) { l.System = "" }, "Sign in to Example (14:05 UTC)",
			[]string{"with Firefox, 1 March"}, []string{"Linux"},
		},
		{
			"an unknown browser and system", func(l *Letter) { l.Browser, l.System = "", "" }, "Sign in to Example (14:05 UTC)",
			[]string{"Asked for on 1 March 2026, 14:05 UTC."}, []string{"with"},
		},
		{
			"a site without a name", func(l *Letter) { l.SiteName = "" }, "Sign in to app.example.com (14:05 UTC)",
			[]string{"sign in to app.example.com."}, nil,
		},
		{
			"a site that knows no way to stop messages", func(l *Letter) { l.StopLink = "" }, "Sign in to Example (14:05 UTC)",
			[]string{"nothing happens. We sent this"}, []string{"top such messages"},
		},
		{
			"a site without support", func(l *Letter) { l.Support = "" }, "Sign in to Example (14:05 UTC)",
			nil, []string{"Need help"},
		},
		{
			"a browser that is a trap", func(l *Letter) { l.Browser = "Chrome. Now open evil.example" }, "Sign in to Example (14:05 UTC)",
			[]string{"on Linux, 1 March"}, []string{"evil"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := testLetter()
			tc.change(&l)
			m := compose(t, l)
			if m.Subject != tc.subject {
				t.Errorf("subject %q", m.Subject)
			}
			parts := map[string]string{"text": strings.Join(strings.Fields(m.Text), " "), "HTML": seen(m)}
			for part, body := range parts {
				for _, s := range tc.says {
					if !strings.Contains(body, s) {
						t.Errorf("the %s does not say %q:\n%s", part, s, body)
					}
				}
				for _, s := range append(tc.silent, "mail.", "{", "<no value>") {
					if strings.Contains(body, s) {
						t.Errorf("the %s says %q:\n%s", part, s, body)
					}
				}
			}
			if m.To != l.To || m.From.Address != "sign-in@example.com" || m.Language != "en" || m.ID == "" {
				t.Errorf("bad envelope: %+v", m)
			}
		})
	}
}

var (
	anyHref = regexp.MustCompile(`href="([^"]*)"`)
	anyURL  = regexp.MustCompile(`(?i)https?://[^\s"'<>]+`)
)

func TestTheOnlyURLsInTheLetterAreItsLinks(t *testing.T) {
	l := testLetter()
	l.LogoURL = "https://cdn.example/logo.png"
	m := compose(t, l)

	var hrefs []string
	for _, match := range anyHref.FindAllStringSubmatch(m.HTML, -1) {
		hrefs = append(hrefs, html.UnescapeString(match[1]))
	}
	if !slices.Equal(hrefs, []string{testLink, testStopLink, "mailto:help@example.com"}) {
		t.Errorf("hrefs are %q", hrefs)
	}
	for part, body := range map[string]string{"text": m.Text, "HTML": html.UnescapeString(m.HTML)} {
		if urls := anyURL.FindAllString(body, -1); !slices.Equal(urls, []string{testLink, testStopLink}) {
			t.Errorf("URLs in the %s are %q", part, urls)
		}
	}
	if regexp.MustCompile(`(?i)<img|<script|<link|src=|url\(|@import|background=`).MatchString(m.HTML) {
		t.Error("the HTML loads something")
	}
}

func TestEveryCopyOfALetterHasTheIDThatItWasGiven(t *testing.T) {
	l := testLetter()
	if a, b := compose(t, l), compose(t, l); a.ID == b.ID {
		t.Errorf("two letters without an id share %s", a.ID)
	}
	l.ID = "mfzwizltoqyuq2lk"
	if m := compose(t, l); m.MessageID() != "<mfzwizltoqyuq2lk@example.com>" {
		t.Errorf("the message is %s", m.MessageID())
	}
}

func TestTheListOfMessagesShowsTheCodeAndWhichMessageIsTheNewest(t *testing.T) {
	first, later := testLetter(), testLetter()
	later.AskedAt = later.AskedAt.Add(time.Minute)
	m := compose(t, first)
	if !strings.Contains(m.HTML, ">ABCD-2345 · link and code work for 10 minutes</div>") {
		t.Error("the preview is not the code")
	}
	if other := compose(t, later); m.Subject == other.Subject {
		t.Errorf("two messages have the subject %q", m.Subject)
	}
	if strings.Contains(m.Subject, first.Code) {
		t.Errorf("logs of mail servers get the code: %q", m.Subject)
	}
}

func TestRepliesGoToTheSupportIfThatIsAnAddress(t *testing.T) {
	for support, want := range map[string]string{
		"help@example.com": "help@example.com", "mailto:help@example.com": "help@example.com",
		"https://help.example.com": "", "Ring 555-0100": "", "a@example.com, b@example.com": "", "": "",
	} {
		l := testLetter()
		l.Support = support
		if m := compose(t, l); m.ReplyTo != want {
			t.Errorf("with the support %q replies go to %q, want %q", support, m.ReplyTo, want)
		}
	}
}

func TestSupportMayBeAURLOrWords(t *testing.T) {
	l := testLetter()
	l.Support = "https://help.example.com/sign-in"
	if m := compose(t, l); !strings.Contains(m.HTML, `href="https://help.example.com/sign-in"`) || !strings.Contains(m.Text, l.Support) {
		t.Error("the URL is not a link")
	}
	l.Support = "Ring 555-0100 or javascript:alert(1)"
	m := compose(t, l)
	if strings.Count(m.HTML, "href=") != 2 || !strings.Contains(seen(m), l.Support) {
		t.Error("words became a link, or are not shown")
	}
}

func TestNamesAreEscapedInHTMLAndKeptOnOneLine(t *testing.T) {
	l := testLetter()
	l.SiteName = "A & B <img src=x>\r\nBcc: eve@example.com"
	l.Browser = `<b onclick="x">`
	m := compose(t, l)
	if strings.Contains(m.HTML, "<img") || strings.Contains(m.HTML, "<b ") || strings.Contains(m.HTML, "onclick") {
		t.Errorf("markup got through:\n%s", m.HTML)
	}
	if !strings.Contains(m.HTML, "A &amp; B &lt;img src=x&gt; Bcc: eve@example.com") {
		t.Error("the name is not shown as it is")
	}
	if m.Subject != "Sign in to A & B <img src=x> Bcc: eve@example.com (14:05 UTC)" {
		t.Errorf("subject %q", m.Subject)
	}
	if err := m.Check(); err != nil {
		t.Error(err)
	}
}

func TestTheTextPartReadsWellInATerminal(t *testing.T) {
	l := testLetter()
	l.Welcome = true
	l.SiteName = "The Society for Slow Reading and Long Walks of the Upper Valley"
	l.Browser, l.System = "Samsung Internet for Android 25.0", "Android 16 (something long to wrap)"
	m := compose(t, l)
	var alone []string
	for line := range strings.SplitSeq(m.Text, "\n") {
		if line == testLink || line == testStopLink {
			alone = append(alone, line)
			continue
		}
		if columns(line) > textColumns {
			t.Errorf("line of %d columns: %s", columns(line), line)
		}
		if line != strings.TrimSpace(line) {
			t.Errorf("spaces around %q", line)
		}
	}
	if !slices.Equal(alone, []string{testLink, testStopLink}) {
		t.Errorf("alone on their lines are %q", alone)
	}
	if strings.Contains(m.Text, "\n\n\n") || !strings.HasSuffix(m.Text, "\n") {
		t.Errorf("bad spacing:\n%s", m.Text)
	}
}

func TestTheHTMLPartSuitsDarkModeAndTheLanguage(t *testing.T) {
	m := compose(t, testLetter())
	for _, want := range []string{
		`<html lang="en" dir="ltr">`, `<meta name="color-scheme" content="light dark">`,
		"prefers-color-scheme: dark", "max-width:560px", "<!--[if mso]><table role='presentation' width='560'", "<!--[if mso]></td></tr></table><![endif]-->", `role="presentation"`, "user-select:all",
	} {
		if !strings.Contains(m.HTML, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(m.HTML, "ZgotmplZ") {
		t.Error("html/template refused a value")
	}
}

func TestTheAccentIsUsedOnlyIfItIsAColour(t *testing.T) {
	for _, tc := range []struct{ name, in, background, words string }{
		{"none", "", color.Default.String(), "#ffffff"},
		{"a dark colour", "#003366", "#003366", "#ffffff"},
		{"a light colour", "#ffd400", "#ffd400", "#000000"},
		{"white", "#FFFFFF", "#ffffff", "#000000"},
		{"a short form", "#abc", "#aabbcc", "#000000"},
		{"more than a colour", "#003366;background:url(x)", color.Default.String(), "#ffffff"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := testLetter()
			l.Accent = tc.in
			m := compose(t, l)
			if !strings.Contains(m.HTML, "background-color:"+tc.background+";mso") || !strings.Contains(m.HTML, "color:"+tc.words+";text-decoration:none") {
				t.Errorf("the button has other colours")
			}
		})
	}
}
