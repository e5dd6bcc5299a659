package view_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// folder is an operator's, with files given as name and content.
func folder(nameAndContent ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i := 0; i < len(nameAndContent); i += 2 {
		files[nameAndContent[i]] = &fstest.MapFile{Data: []byte(nameAndContent[i+1])}
	}
	return files
}

const ownSignIn = `{{define "main"}}<h1>Hello at {{.SiteName}}</h1>
<form method="post" action="/_doorpost/sign-in">
<input type="hidden" name="to" value="{{.Page.To}}">
<label for="email">{{.Say "signin.email"}}</label>
<input id="email" name="email" value="{{.Page.Field.Typed}}">
<button>{{.Say "signin.send"}}</button>
</form>{{end}}
`

func TestAnOperatorsTemplateReplacesTheBuiltInOneOfItsName(t *testing.T) {
	views, err := view.New(brand, folder("sign-in.html", ownSignIn, "mail/sign-in.html", "none of our business {{", "notes.md", "{{", ".git/x.html", "{{"))
	if err != nil {
		t.Fatal(err)
	}
	page := render(t, views, view.SignIn{Frame: frame, Field: view.AddressField{Typed: `"><script>`, Problem: view.AddressMalformed}})
	if !strings.Contains(page, "<h1>Hello at Reports</h1>") || !strings.Contains(page, "Protected by Doorpost") {
		t.Errorf("the page is not the operator's within our layout: %s", page)
	}
	if strings.Contains(page, `"><script>`) {
		t.Errorf("what a visitor typed is not escaped: %s", page)
	}
	other := render(t, views, view.SignedOut{Frame: frame})
	if want := render(t, newViews(t, brand), view.SignedOut{Frame: frame}); other != want {
		t.Errorf("another page changed to %s", other)
	}
}

func TestALayoutIsAroundEveryPage(t *testing.T) {
	views, err := view.New(brand, folder("layout.html", `{{define "layout"}}<!doctype html>
<html lang="{{.Tag}}"><title>{{.Title}}</title><style>{{.Style}}</style><script src="{{.Script}}" defer></script>
<img src="{{.Brand.Logo}}" alt=""><img src="/ours.png" alt=""><main>{{template "main" .}}</main></html>{{end}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, sample := range view.Samples() {
		if page := render(t, views, sample.Page); strings.Contains(page, "Protected by") || !strings.Contains(page, "/ours.png") {
			t.Errorf("%s has another layout", sample.Name)
		}
	}
}

func TestAStylesheetOfTheOperatorsIsAllowedAsABrowserHashesIt(t *testing.T) {
	for name, content := range map[string]string{
		"plain":              "h1{color:var(--accent)}\n/* several\nlines */\nh1::before{content:\"<a> & 'b' \\2014 // é\"}",
		"of another system":  "h1{color:red}\r\nh2{color:blue}\r",
		"with a mark before": "\ufeffh1{color:red}",
		"a picture of ours":  "body{background:url(/ours.png)}",
		"empty":              "",
	} {
		t.Run(name, func(t *testing.T) {
			views, err := view.New(view.Brand{Accent: "#c2185b"}, folder("style.css", content))
			if err != nil {
				t.Fatal(err)
			}
			for _, node := range elements(t, render(t, views, view.SignedOut{Frame: frame})) {
				if node.Data != "style" {
					continue
				}
				style := node.FirstChild.Data
				if !strings.HasPrefix(style, ":root{--accent:#c2185b;") || strings.Contains(style, ".sessions") {
					t.Errorf("the style is %q", style)
				}
				sum := sha256.Sum256([]byte(style))
				if want := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"; !strings.Contains(views.ContentSecurityPolicy(), want) {
					t.Errorf("the policy %q does not allow the style %q", views.ContentSecurityPolicy(), style)
				}
				return
			}
			t.Error("the page has no style")
		})
	}
}

func TestATemplateThatWouldSpoilAPageIsRefusedWithFileAndLine(t *testing.T) {
	insert := func(markup string) string {
		return strings.Replace(ownSignIn, "<label", markup+"\n<label", 1)
	}
	layout := func(head string) string {
		return "{{define \"layout\"}}<!doctype html>\n<html><title>x</title>\n" + head + "\n{{template \"main\" .}}</html>{{end}}"
	}
	page := func(main string) string { return `{{define "main"}}` + main + `{{end}}` }
	for name, tc := range map[string]struct{ file, content, want string }{
		"an unknown name":      {"signin.html", ownSignIn, "templates/signin.html: no template has that name; the names in templates/ are account.html, ask-words.html, ask.html, "},
		"a folder too many":    {"pages/sign-in.html", ownSignIn, "templates/pages/sign-in.html: no template has that name"},
		"a text":               {"sign-in.txt", "x", "templates/sign-in.txt: no template has that name"},
		"another stylesheet":   {"styles.css", "x", "templates/styles.css: no template has that name"},
		"a syntax error":       {"sign-in.html", "{{define \"main\"}}\n\n{{if}}{{end}}{{end}}", "templates/sign-in.html:3: missing value for if"},
		"an unknown function":  {"sign-in.html", insert("{{shout .SiteName}}"), `templates/sign-in.html:4: function "shout" not defined`},
		"an unknown field":     {"sign-in.html", insert("{{.Page.Mail}}"), "templates/sign-in.html:4: "},
		"a field of one state": {"sign-in.html", insert("{{if .Page.Field.Problem}}{{.Page.Hint}}{{end}}"), "templates/sign-in.html:4: "},
		"a method misused":     {"throttled.html", page("\n{{.Page.Wait}}"), "templates/throttled.html:2: "},
		"open markup":          {"sign-in.html", insert("<p title='"), "templates/sign-in.html"},
		"no main":              {"sign-in.html", `{{define "content"}}{{end}}`, `templates/sign-in.html: it does not define "main"`},
		"no layout":            {"layout.html", `{{define "frame"}}{{end}}`, `templates/layout.html: it does not define "layout"`},
		"words outside":        {"sign-in.html", ownSignIn + "\n<p>never seen</p>", "templates/sign-in.html:7: text outside"},

		"no form":              {"sign-in.html", page("<p>Ring us"), `templates/sign-in.html: the page "sign-in" lacks <form method="post" action="/_doorpost/sign-in">`},
		"a form that is read":  {"sign-in.html", strings.Replace(ownSignIn, "post", "get", 1), `lacks <form method="post" action="/_doorpost/sign-in">`},
		"no field":             {"sign-in.html", strings.Replace(ownSignIn, `name="email"`, `name="mail"`, 1), `lacks the field name="email" in the form for /_doorpost/sign-in`},
		"no way back":          {"sign-in.html", strings.Replace(ownSignIn, `name="to"`, `name="back"`, 1), `lacks the field name="to"`},
		"a form in one state":  {"sign-in.html", strings.NewReplacer("<form", "{{if not .Page.SignedInAs}}<form", "</form>", "</form>{{end}}").Replace(ownSignIn), `the page "sign-in-signed-in" lacks <form`},
		"no code":              {"check-mail.html", page("<p>Look"), `the page "check-mail" lacks <form method="post" action="/_doorpost/code">`},
		"a landing unseen":     {"landing.html", page(`<form method="post" action="/_doorpost/link"><input name="token"></form>`), "lacks an element with the attribute data-landing around the form"},
		"a confirmation":       {"confirm.html", page(`<form method="post" action="/_doorpost/link"><input name="token"></form>`), `lacks the field name="confirm"`},
		"no way out":           {"sign-out.html", page(""), `lacks <form method="post" action="/_doorpost/sign-out">`},
		"a layout for nothing": {"layout.html", `{{define "layout"}}<p>Closed{{end}}`, `lacks <form`},

		"a style":               {"sign-in.html", insert("<style>\np{color:red}</style>"), `templates/sign-in.html:5: the page "sign-in" has a <style> of its own, which the Content-Security-Policy forbids; put it into style.css`},
		"a style in the layout": {"layout.html", layout("<style>{{.Style}}</style><style>p{}</style>"), "templates/layout.html:3: "},
		"a style attribute":     {"sign-in.html", insert(`<p style="color:red">`), "templates/sign-in.html:4: the page \"sign-in\" has the attribute style"},
		"a handler":             {"sign-in.html", insert(`<p onclick="x()">`), "has the attribute onclick"},
		"a script":              {"sign-in.html", insert("<script>x()</script>"), "templates/sign-in.html:4: the page \"sign-in\" has a <script> within the page"},
		"a script of another":   {"layout.html", layout(`<script src="https://cdn.example/x.js"></script>`), "has <script src=https://cdn.example/x.js>"},
		"a stylesheet file":     {"layout.html", layout(`<link rel="stylesheet" href="/x.css">`), "has a link to a stylesheet"},
		"a picture of another":  {"sign-in.html", insert(`<img src="//cdn.example/x.png">`), "has <img src=//cdn.example/x.png>"},
		"a form to another":     {"signed-out.html", page(`<form action="https://evil.example/">`), "has a form that goes to https://evil.example/"},
		"a button to another":   {"signed-out.html", page(`<form><button formaction="//evil.example">`), "has a form that goes to //evil.example"},
		"a link that runs":      {"signed-out.html", page(`<a href=" JavaScript:x()">`), "has a link that is a script"},
		"a base":                {"layout.html", layout(`<base href="https://evil.example/">`), "has a <base>"},
		"a frame":               {"signed-out.html", page("\n<iframe src=\"/x\">"), "templates/signed-out.html:2: the page \"signed-out\" has an <iframe>"},

		"a style that ends":       {"style.css", "p{}\n</StyLe><p>", "templates/style.css:2: it has </style"},
		"a style of bad letters":  {"style.css", "p{}\n\np::before{content:\"\xff\"}", "templates/style.css:3: it has a character that is not UTF-8"},
		"a style that imports":    {"style.css", "@import url(/x.css);", "templates/style.css:1: @import: the Content-Security-Policy"},
		"a style with a font":     {"style.css", "\n@font-face{}", "templates/style.css:2: @font-face"},
		"a style that looks else": {"style.css", "p{background:url( 'https://cdn.example/x.png')}", "templates/style.css:1: url( 'https://"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := view.New(view.Brand{}, folder(tc.file, tc.content))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v\nwant it to say %s", err, tc.want)
			}
		})
	}
}

func TestAFolderThatIsMissingIsRefused(t *testing.T) {
	_, err := view.New(view.Brand{}, os.DirFS(filepath.Join(t.TempDir(), "nowhere")))
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "reading templates: ") {
		t.Errorf("got %v", err)
	}
}
