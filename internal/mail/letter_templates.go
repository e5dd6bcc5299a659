package mail

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	texttemplate "text/template"

	"github.com/doorpost-auth/doorpost/internal/override"
)

//go:embed template
var templates embed.FS

const (
	layout = "layout" // the pair of templates around every kind of letter
	parts  = "parts"  // the pair that all of them are made of, always the built-in one
)

// templatePair is one kind of letter in its two forms.
type templatePair struct {
	html *htmltemplate.Template
	text *texttemplate.Template
}

// lazyPair is one that is parsed when a letter of its kind is written first.
type lazyPair func() (templatePair, error)

// readOverrides reads the operator's templates of letters.
func readOverrides(folder fs.FS) (override.Files, error) {
	var known []string
	for _, name := range append([]string{layout}, kinds...) {
		known = append(known, name+".html", name+".txt")
	}
	return override.Read(folder, "mail", known)
}

// parsePair parses the templates of a kind of letter: what all kinds share, and
// its own, which define the gap of the layout.
func parsePair(kind string, own override.Files) (pair templatePair, err error) {
	pair.html = htmltemplate.New("")
	pair.text = texttemplate.New("").Funcs(texttemplate.FuncMap{"wrap": wrap, "quote": quote})
	for _, part := range []struct{ file, defines string }{{parts, ""}, {layout, "layout"}, {kind, "main"}} {
		for _, form := range []struct {
			file  string
			parse func(name, content string) error
		}{
			{part.file + ".html", func(name, content string) error { _, err := pair.html.New(name).Parse(content); return err }},
			{part.file + ".txt", func(name, content string) error { _, err := pair.text.New(name).Parse(content); return err }},
		} {
			content, isOwn := own.Get(form.file)
			if !isOwn {
				raw, err := templates.ReadFile("template/" + form.file)
				if err != nil {
					return pair, fmt.Errorf("reading a template: %w", err)
				}
				content = string(raw)
			} else if err := own.Check(form.file, part.defines); err != nil {
				return pair, err
			}
			if err := form.parse(form.file, content); err != nil {
				return pair, own.Locate(err, form.file)
			}
		}
	}
	return pair, nil
}
