package mail

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/doorpost-auth/doorpost/internal/text"
)

func languages(t *testing.T) []*text.Language {
	t.Helper()
	catalogue, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	return catalogue.Languages()
}

// folder is an operator's, with one file.
func folder(name, content string) fstest.MapFS {
	return fstest.MapFS{name: {Data: []byte(content)}}
}

const ownHTML = `{{define "main"}}<p>Hi, {{.Intro}}</p>
<p><a href="{{.Link}}">{{.Button}}</a></p>
<p>{{.CodeLabel}} <b>{{.Code}}</b></p>{{end}}`

const ownText = `{{define "main"}}Hi! {{wrap .Intro}}
{{.Link}}
{{.Code}}{{end}}`

func TestAnOperatorsTemplateReplacesTheBuiltInOneOfItsName(t *testing.T) {
	both := fstest.MapFS{"mail/sign-in.html": {Data: []byte(ownHTML)}, "mail/sign-in.txt": {Data: []byte(ownText)},
		"sign-in.html": {Data: []byte("a page, and none of our business {{")}, "mail/notes.md": {Data: []byte("{{")}}
	c, err := NewComposer(Mailbox{"Example", "sign-in@example.com"}, both)
	if err != nil {
		t.Fatal(err)
	}
	l := testLetter()
	l.SiteName = "<b>"
	m, err := c.Write(l, english(t))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(m.Text, "Hi! Here is your link to sign in to <b>.\n"+testLink) {
		t.Errorf("the text is %s", m.Text)
	}
	if !strings.Contains(m.HTML, "<p>Hi, Here is your link to sign in to &lt;b&gt;.</p>") || !strings.Contains(m.HTML, "prefers-color-scheme") {
		t.Errorf("the HTML is %s", m.HTML)
	}
}

func TestAnOperatorMayShowTheLogo(t *testing.T) {
	c, err := NewComposer(Mailbox{"Example", "sign-in@example.com"},
		folder("mail/sign-in.html", strings.Replace(ownHTML, "<p>", `<p>{{with .Logo}}<img src="{{.}}" alt="">{{end}}`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for logo, want := range map[string]string{
		"/logo.png": `src="https://app.example.com/logo.png"`, "https://cdn.example/logo.png": `src="https://cdn.example/logo.png"`,
		"//evil.example/logo.png": "", "javascript:alert(1)": "",
	} {
		l := testLetter()
		l.LogoURL = logo
		m, err := c.Write(l, english(t))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(m.HTML, want) || want == "" && strings.Contains(m.HTML, "<img") {
			t.Errorf("%s: %s", logo, m.HTML)
		}
	}
}

func TestATemplateThatWouldSpoilALetterIsRefusedWithFileAndLine(t *testing.T) {
	for name, tc := range map[string]struct{ file, content, want string }{
		"an unknown name":        {"mail/signin.html", ownHTML, "templates/mail/signin.html: no template has that name; the names in templates/mail/ are layout.html, layout.txt, sign-in.html, sign-in.txt, offer.html, offer.txt, "},
		"a folder too many":      {"mail/en/sign-in.html", ownHTML, "templates/mail/en/sign-in.html: no template has that name"},
		"a syntax error":         {"mail/sign-in.html", "{{define \"main\"}}\n{{if .Link}}{{end", "templates/mail/sign-in.html:2: "},
		"a syntax error in text": {"mail/sign-in.txt", "{{define \"main\"}}\n\n{{.Link}}{{else}}{{end}}", "templates/mail/sign-in.txt:3: unexpected {{else}}"},
		"an unknown function":    {"mail/sign-in.txt", "{{define \"main\"}}\n{{shout .Link}}{{end}}", `templates/mail/sign-in.txt:2: function "shout" not defined`},
		"an unknown field":       {"mail/sign-in.html", strings.Replace(ownHTML, "{{.CodeLabel}}", "{{.CodeTitle}}", 1), "templates/mail/sign-in.html:3: "},
		"a field of the layout":  {"mail/layout.txt", "{{define \"layout\"}}{{template \"main\" .}}\n{{.Reason}}{{end}}", "templates/mail/layout.txt:2: "},
		"a field of one state":   {"mail/sign-in.txt", ownText[:len(ownText)-7] + "\n{{if .Welcome}}{{.Greeting}}{{end}}{{end}}", "templates/mail/sign-in.txt:4: "},
		"no main":                {"mail/sign-in.html", `{{define "body"}}{{end}}`, `templates/mail/sign-in.html: it does not define "main"`},
		"words outside":          {"mail/sign-in.html", ownHTML + "\n<p>never seen</p>", "templates/mail/sign-in.html:"},
		"markup that is open":    {"mail/sign-in.html", strings.Replace(ownHTML, "<b>", "<b title='", 1), "templates/mail/"},
		"no link in the HTML":    {"mail/sign-in.html", strings.Replace(ownHTML, "{{.Link}}", "https://app.example.com/", 1), `templates/mail/sign-in.html: the letter "sign-in" lacks its link`},
		"a link with more":       {"mail/sign-in.html", strings.Replace(ownHTML, "{{.Link}}", "{{.Link}}?utm_source=mail", 1), "lacks its link"},
		"a link behind another":  {"mail/sign-in.html", strings.Replace(ownHTML, "{{.Link}}", "https://track.example/?to={{.Link}}", 1), "lacks its link"},
		"no code in the HTML":    {"mail/sign-in.html", strings.Replace(ownHTML, "{{.Code}}", "", 1), `templates/mail/sign-in.html: the letter "sign-in" lacks its code`},
		"a code in pieces":       {"mail/sign-in.html", strings.Replace(ownHTML, "{{.Code}}", "{{slice .Code 0 4}}</b><b>{{slice .Code 4}}", 1), "lacks its code"},
		"no link in the text":    {"mail/sign-in.txt", strings.Replace(ownText, "{{.Link}}", "", 1), `templates/mail/sign-in.txt: the letter "sign-in" lacks its link`},
		"a link and a dot":       {"mail/sign-in.txt", strings.Replace(ownText, "{{.Link}}", "{{.Link}}.", 1), "lacks its link"},
		"no code in the text":    {"mail/sign-in.txt", strings.Replace(ownText, "{{.Code}}", "", 1), `templates/mail/sign-in.txt: the letter "sign-in" lacks its code`},
		"a layout without main":  {"mail/layout.html", `{{define "layout"}}<p>{{.Subject}}</p>{{end}}`, `templates/mail/layout.html: the letter "sign-in" lacks its link`},
		"another kind, no link":  {"mail/offer.txt", `{{define "main"}}{{wrap .Intro}}{{end}}`, `templates/mail/offer.txt: the letter "offer" lacks its link`},
		"a code alone, no code":  {"mail/code.txt", `{{define "main"}}{{wrap .Intro}}{{end}}`, `templates/mail/code.txt: the letter "confirm" lacks its code`},
		"a field of no letter":   {"mail/offer.html", `{{define "main"}}{{.Cod}}{{end}}`, "templates/mail/offer.html:1: "},
		"a part":                 {"mail/parts.html", `{{define "press"}}{{end}}`, "templates/mail/parts.html: no template has that name"},
		"a script":               {"mail/sign-in.html", strings.Replace(ownHTML, "<p>", "<script>x()</script><p>", 1), "has a <script>"},
		"a form":                 {"mail/sign-in.html", strings.Replace(ownHTML, "<p>", "<form></form><p>", 1), "has a <form>"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewComposer(Mailbox{Address: "a@example.com"}, folder(tc.file, tc.content))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want it to say %q", err, tc.want)
			}
		})
	}
}

func TestTemplatesOfTheOperatorsAreMadeOfTheSameParts(t *testing.T) {
	c, err := NewComposer(Mailbox{Address: "a@example.com"}, fstest.MapFS{
		"mail/layout.html":  {Data: []byte(`{{define "layout"}}<p style="{{template "font"}}">Ours</p>{{template "main" .}}{{end}}`)},
		"mail/approve.html": {Data: []byte(`{{define "main"}}{{range .Quote}}<q>{{.}}</q>{{end}}{{template "press" .}}{{end}}`)},
		"mail/approve.txt":  {Data: []byte("{{define \"main\"}}{{range .Quote}}{{quote .}}\n{{end}}{{template \"press\" .}}{{end}}")},
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Write(testApprove(), english(t))
	m = written(t, m, err)
	if !strings.Contains(m.HTML, "Ours</p><q>I am new here.</q><q>Let me in, please.</q>") || !strings.Contains(m.HTML, `class="button"`) {
		t.Errorf("the HTML is %s", m.HTML)
	}
	if !strings.HasPrefix(m.Text, "> I am new here.\n> Let me in, please.\nOpen this link:\n"+testDecideLink+"\n") {
		t.Errorf("the text is %s", m.Text)
	}
}

func TestAFolderWithoutMessagesIsFine(t *testing.T) {
	if _, err := NewComposer(Mailbox{Address: "a@example.com"}, folder("sign-in.html", "x")); err != nil {
		t.Error(err)
	}
}

func TestTheDocsListWhatTemplatesGetAndTheirExampleWorks(t *testing.T) {
	docs, err := os.ReadFile("../../docs/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[letterWords]()) {
		if field.IsExported() && !strings.Contains(string(docs), "`."+field.Name+"`") {
			t.Errorf("the docs do not name .%s", field.Name)
		}
	}
	for _, name := range append([]string{layout}, templateNames()...) {
		for _, ending := range []string{".html", ".txt"} {
			if !strings.Contains(string(docs), "`mail/"+name+ending+"`") {
				t.Errorf("the docs do not name %s", name+ending)
			}
		}
	}
	example := regexp.MustCompile("(?m)^`mail/sign-in.txt`, [^\n]*:\n\n```text\n((?s:.*?))^```$").FindSubmatch(docs)
	if example == nil {
		t.Fatal("the docs show no mail/sign-in.txt")
	}
	c, err := NewComposer(Mailbox{Address: "a@example.com"}, folder("mail/sign-in.txt", string(example[1])))
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Write(testLetter(), english(t))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(m.Text, "Or type this code where you asked for it: ABCD-2345\n") {
		t.Errorf("the text is %s", m.Text)
	}
}
