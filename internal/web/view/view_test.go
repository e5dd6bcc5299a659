package view_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/html"

	"github.com/doorpost-auth/doorpost/internal/text"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

var brand = view.Brand{Name: "Reports", Accent: "#c2185b", Logo: "https://cdn.example.net:8443/logo.svg", Support: "help@example.com"}

func newViews(t *testing.T, brand view.Brand) *view.Views {
	t.Helper()
	views, err := view.New(brand, nil)
	if err != nil {
		t.Fatalf("preparing pages: %v", err)
	}
	return views
}

var load = sync.OnceValues(text.Load)

func languages(t *testing.T) []*text.Language {
	t.Helper()
	catalogue, err := load()
	if err != nil {
		t.Fatalf("loading words: %v", err)
	}
	return catalogue.Languages()
}

func english(t *testing.T) *text.Language {
	t.Helper()
	return languages(t)[0]
}

func render(t *testing.T, views *view.Views, page view.Page) string {
	t.Helper()
	return renderIn(t, views, english(t), page)
}

func renderIn(t *testing.T, views *view.Views, lang *text.Language, page view.Page) string {
	t.Helper()
	var out bytes.Buffer
	if err := views.Render(&out, lang, page, false); err != nil {
		t.Fatalf("rendering: %v", err)
	}
	return out.String()
}

// elements parses a page and lists its elements in order.
func elements(t *testing.T, page string) []*html.Node {
	t.Helper()
	// Without scripts, so that <noscript> counts too.
	root, err := html.ParseWithOptions(strings.NewReader(page), html.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatalf("parsing: %v", err)
	}
	var found []*html.Node
	for node := range root.Descendants() {
		if node.Type == html.ElementNode {
			found = append(found, node)
		}
	}
	return found
}

func attribute(node *html.Node, name string) (string, bool) {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func content(node *html.Node) string {
	var out strings.Builder
	for n := range node.Descendants() {
		if n.Type == html.TextNode {
			out.WriteString(n.Data)
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func eachPage(t *testing.T, check func(t *testing.T, page string)) {
	t.Helper()
	for name, brand := range map[string]view.Brand{"branded": brand, "plain": {}} {
		views := newViews(t, brand)
		for _, named := range view.Samples() {
			t.Run(name+"/"+named.Name, func(t *testing.T) { check(t, render(t, views, named.Page)) })
		}
	}
}

func TestTheStyleInEachPageIsTheOneThatThePolicyAllows(t *testing.T) {
	for _, brand := range []view.Brand{{}, brand, {Accent: "#fd0"}} {
		views := newViews(t, brand)
		for _, named := range view.Samples() {
			page := render(t, views, named.Page)
			_, rest, _ := strings.Cut(page, "<style>")
			style, _, ok := strings.Cut(rest, "</style>")
			if !ok || strings.Count(page, "<style") != 1 {
				t.Fatalf("%s: want one style element", named.Name)
			}
			sum := sha256.Sum256([]byte(style))
			allowed := regexp.MustCompile(`style-src ([^;]*);`).FindStringSubmatch(views.ContentSecurityPolicy())
			if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; allowed == nil || !slices.Contains(strings.Fields(allowed[1]), want) {
				t.Errorf("%s: the policy %q lacks %q", named.Name, views.ContentSecurityPolicy(), want)
			}
		}
	}
}

func TestThePolicyAllowsNothingButWhatPagesNeed(t *testing.T) {
	for name, c := range map[string]struct {
		logo, images string
	}{
		"without a logo":                   {"", "img-src 'self' data:"},
		"with a logo of the site":          {"/static/logo.svg", "img-src 'self' data:"},
		"with a logo of another host":      {"https://cdn.example.net/a/logo.svg?v=2", "img-src 'self' data: https://cdn.example.net"},
		"with a logo of another host:port": {"https://cdn.example.net:8443/logo.svg", "img-src 'self' data: https://cdn.example.net:8443"},
	} {
		t.Run(name, func(t *testing.T) {
			views := newViews(t, view.Brand{Logo: c.logo})
			policy := views.ContentSecurityPolicy()
			before, rest, _ := strings.Cut(policy, "style-src 'sha256-")
			_, after, _ := strings.Cut(rest, "'; ")
			if want := "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; script-src 'self'; "; before != want {
				t.Errorf("the policy begins with %q, want %q", before, want)
			}
			if want := "connect-src 'self'; " + c.images; after != want {
				t.Errorf("the policy ends with %q, want %q", after, want)
			}
			if want := policy + "; frame-src 'self'"; views.MailboxPolicy() != want {
				t.Errorf("the policy of the mailbox is %q, want %q", views.MailboxPolicy(), want)
			}
		})
	}
}

func TestTheScriptIsNamedAfterItsContent(t *testing.T) {
	path, body := view.Script()
	sum := sha256.Sum256(body)
	if want := "/_doorpost/assets/doorpost-" + hex.EncodeToString(sum[:8]) + ".js"; path != want {
		t.Errorf("the path is %q, want %q", path, want)
	}
	if len(body) == 0 {
		t.Error("the script is empty")
	}
	page := render(t, newViews(t, brand), view.Samples()[0].Page)
	if want := `<script src="` + path + `" defer></script>`; strings.Count(page, want) != 1 || strings.Count(page, "<script") != 1 {
		t.Errorf("the page does not have just %s", want)
	}
	body[0] = '?'
	if _, again := view.Script(); again[0] == '?' {
		t.Error("who asks for the script can change it for everybody")
	}
}

func TestABrandThatCannotBeShownIsRefusedWithAHint(t *testing.T) {
	for name, c := range map[string]struct {
		brand view.Brand
		hint  string
	}{
		"a colour by name":             {view.Brand{Accent: "red"}, "like #06c"},
		"a colour without #":           {view.Brand{Accent: "0066cc"}, "like #06c"},
		"a colour of four digits":      {view.Brand{Accent: "#0066"}, "like #06c"},
		"a colour of strange digits":   {view.Brand{Accent: "#00ggcc"}, "like #06c"},
		"a colour with a sign":         {view.Brand{Accent: "#+066cc"}, "like #06c"},
		"a colour that is more":        {view.Brand{Accent: "#06c;}*{display:none"}, "like #06c"},
		"a logo over http":             {view.Brand{Logo: "http://example.com/logo.svg"}, "https://example.com/logo.svg"},
		"a logo of another host by //": {view.Brand{Logo: "//example.com/logo.svg"}, "https://example.com/logo.svg"},
		"a logo that is not a path":    {view.Brand{Logo: "logo.svg"}, "/logo.svg"},
		"a logo that adds to policy":   {view.Brand{Logo: "https://example.com;script-src/logo.svg"}, "/logo.svg"},
		"a support that is a script":   {view.Brand{Support: "javascript:alert(1)"}, "help@example.com"},
		"a support with a name":        {view.Brand{Support: "Help <help@example.com>"}, "help@example.com"},
		"a support over http":          {view.Brand{Support: "http://example.com/help"}, "https://example.com/help"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := view.New(c.brand, nil)
			if err == nil || !strings.Contains(err.Error(), c.hint) {
				t.Errorf("got %v, want an error that mentions %q", err, c.hint)
			}
		})
	}
}

func TestASiteWithoutNameIsCalledByItsHost(t *testing.T) {
	page := render(t, newViews(t, view.Brand{}), view.SignIn{Frame: view.Frame{Host: "wiki.example.com"}})
	if !strings.Contains(page, "<title>Sign in to wiki.example.com</title>") {
		t.Errorf("the title lacks the host: %s", page)
	}
}

func TestALineEndsInAHostBeforeADotOnly(t *testing.T) {
	const host, marked = "reports.example.com", "<bdi>reports<wbr>.example<wbr>.com</bdi>" // of the samples
	views := newViews(t, view.Brand{})
	for _, named := range view.Samples() {
		t.Run(named.Name, func(t *testing.T) {
			page := render(t, views, named.Page)
			if _, ok := named.Page.(view.Mailbox); !ok && !strings.Contains(page, marked) {
				t.Errorf("the page does not show %s", marked)
			}
			for _, node := range elements(t, page) {
				if node.Data != "h1" && node.Data != "header" && node.Data != "p" {
					continue
				}
				for n := range node.Descendants() {
					if n.Type == html.TextNode && strings.Contains(n.Data, host) {
						t.Errorf("a line may end anywhere in the host: %s", content(node))
					}
				}
			}
		})
	}
}

func TestWithoutAStylesheetThePageBeginsWithTheNameOfTheSite(t *testing.T) {
	page := render(t, newViews(t, view.Brand{Name: "Reports"}), view.SignIn{Frame: frame})
	for _, node := range elements(t, page) {
		if node.Data == "header" {
			if got := content(node); got != "Reports" {
				t.Errorf("the page begins with %q", got)
			}
			return
		}
	}
	t.Error("the page has no header")
}
