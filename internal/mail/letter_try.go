package mail

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/doorpost-auth/doorpost/internal/templates"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// try writes every letter in every state and language with the operator's files,
// and returns the first mistake.
func (c *Composer) try(own templates.Files) error {
	if !own.Any() {
		return nil
	}
	catalogue, err := text.Load()
	if err != nil {
		return fmt.Errorf("loading words to try templates with: %w", err)
	}
	for _, sample := range Samples() {
		for _, lang := range catalogue.Languages() {
			m, err := c.write(sample.Letter, lang)
			if err != nil {
				return own.Locate(err, sample.template()+".html")
			}
			for _, form := range []struct{ ending, lack string }{{".html", sample.missingInHTML(m.HTML)}, {".txt", sample.missingInText(m.Text)}} {
				if form.lack == "" {
					continue
				}
				name := sample.template() + form.ending
				if _, ok := own.Get(name); !ok {
					name = layout + form.ending
				}
				return own.Errorf(name, -1, "the letter %q %s", sample.Name, form.lack)
			}
		}
	}
	return nil
}

// missingInHTML says what an HTML part lacks, or has and must not have.
func (s Sample) missingInHTML(part string) string {
	root, err := html.Parse(strings.NewReader(part))
	if err != nil {
		return "is not HTML: " + err.Error()
	}
	var links, words []string
	for node := range root.Descendants() {
		switch {
		case node.Type == html.TextNode && isSeen(node.Parent):
			words = append(words, node.Data)
		case slices.Contains([]string{"script", "iframe", "object", "embed", "form", "base"}, node.Data):
			return "has a <" + node.Data + ">, which mail programs take for an attack"
		case node.Data == "a":
			for _, a := range node.Attr {
				if a.Key == "href" {
					links = append(links, a.Val)
				}
			}
		}
	}
	if s.Letter.Link != "" && !slices.Contains(links, s.Letter.Link) {
		return `lacks its link, <a href="{{.Link}}">, as it is, with nothing added`
	}
	if !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, s.Letter.Code) }) {
		return "lacks its code, {{.Code}}, in one piece"
	}
	return ""
}

// isSeen reports whether a reader sees the words of an element: the preview, for one, is
// in the list of messages only.
func isSeen(of *html.Node) bool {
	hidden := func(a html.Attribute) bool {
		return a.Key == "aria-hidden" && a.Val == "true" || a.Key == "style" && strings.Contains(a.Val, "display:none")
	}
	return of.Data != "title" && of.Data != "style" && !slices.ContainsFunc(of.Attr, hidden)
}

// missingInText says what a text part lacks.
func (s Sample) missingInText(part string) string {
	part = strings.TrimSuffix(part, s.Letter.boundCode()) // which no template writes
	if s.Letter.Link != "" && !slices.Contains(strings.Fields(part), s.Letter.Link) {
		return "lacks its link, {{.Link}}, as it is, with a space or the end of the line on both sides"
	}
	if !strings.Contains(part, s.Letter.Code) {
		return "lacks its code, {{.Code}}"
	}
	return ""
}
