package mail

import (
	"embed"
	htmltemplate "html/template"
	"io/fs"
	texttemplate "text/template"

	"github.com/doorpost-auth/doorpost/internal/templates"
	"github.com/doorpost-auth/doorpost/internal/text"
)

//go:embed template
var builtIn embed.FS

const (
	layout = "layout" // the pair of templates around every letter
	parts  = "parts"  // the pair with definitions that all letters use, always the built-in one
)

// templatePair has the templates for both parts of a letter.
type templatePair struct {
	html *htmltemplate.Template
	text *texttemplate.Template
}

// outlook is markup for Outlook on Windows alone, which knows no max-width. A comment
// that stands in a template itself does not get through html/template.
func outlook(markup string) htmltemplate.HTML {
	return htmltemplate.HTML("<!--[if mso]>" + markup + "<![endif]-->")
}

// breakable is a text in which the lines of a small screen end within no word of an address
// or a host. What fits a line is not parted: it begins the next one as a whole.
func breakable(direction, words string) htmltemplate.HTML {
	// At 320 px.
	const fillsLine = 28
	return htmltemplate.HTML(text.BreakableWords(words, direction, fillsLine, func(word string) string { return word })) // #nosec G203 -- BreakableWords escapes
}

// readOwn reads the operator's templates of letters.
func readOwn(folder fs.FS) (templates.Files, error) {
	var known []string
	for _, name := range append([]string{layout}, templateNames()...) {
		known = append(known, name+".html", name+".txt")
	}
	return templates.Read(folder, "mail", known)
}

// parsePair parses the templates of a letter: what all letters share, and its own,
// which define the gap of the layout.
func parsePair(name string, own templates.Files) (pair templatePair, err error) {
	pair.html = htmltemplate.New("").Funcs(htmltemplate.FuncMap{"outlook": outlook, "breakable": breakable})
	pair.text = texttemplate.New("").Funcs(texttemplate.FuncMap{"wrap": wrap, "quote": quote})
	for _, part := range []struct{ file, defines string }{{parts, ""}, {layout, "layout"}, {name, "main"}} {
		for _, form := range []struct {
			file  string
			parse func(name, content string) error
		}{
			{part.file + ".html", func(name, content string) error { _, err := pair.html.New(name).Parse(content); return err }},
			{part.file + ".txt", func(name, content string) error { _, err := pair.text.New(name).Parse(content); return err }},
		} {
			content, err := own.Choose(form.file, part.defines, builtIn, "template/"+form.file)
			if err != nil {
				return pair, err
			}
			if err := form.parse(form.file, content); err != nil {
				return pair, own.Locate(err, form.file)
			}
		}
	}
	return pair, nil
}
