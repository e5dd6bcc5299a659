// Package view renders the pages that people see: it knows how they look and
// how they are built, not what leads to them. Words come from package text.
//
// Every page is one document with its stylesheet inside, allowed by hash in
// the Content-Security-Policy, so that the first paint needs one request; the
// script, which no page depends on, is the second.
package view

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/text"
)

//go:embed templates
var templates embed.FS

// Views renders pages in the look of one brand. It is immutable and safe for
// concurrent use.
type Views struct {
	brand  Brand
	style  template.CSS
	policy string
	pages  map[string]*template.Template
}

// New parses the templates and works out the colours. It fails if the brand
// cannot be shown: a colour that is none, a logo or support address that is
// not of the kinds that Brand names.
func New(brand Brand) (*Views, error) {
	if err := brand.validate(); err != nil {
		return nil, err
	}
	style, err := stylesheet(brand.Accent)
	if err != nil {
		return nil, err
	}
	pages, err := parse()
	if err != nil {
		return nil, err
	}
	return &Views{
		brand:  brand,
		style:  template.CSS(style), // #nosec G203 -- ours, plus colours that were parsed as numbers
		policy: contentSecurityPolicy(style, brand.logoOrigin()),
		pages:  pages,
	}, nil
}

// parse gives each page its own set of templates: the frame and the page,
// which defines the frame's gaps.
func parse() (map[string]*template.Template, error) {
	frame, err := template.ParseFS(templates, "templates/frame/*.html")
	if err != nil {
		return nil, fmt.Errorf("parsing the frame of all pages: %w", err)
	}
	files, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("listing page templates: %w", err)
	}
	pages := make(map[string]*template.Template, len(files))
	for _, file := range files {
		page, err := frame.Clone()
		if err != nil {
			return nil, fmt.Errorf("parsing %s: %w", file, err)
		}
		if page, err = page.ParseFS(templates, file); err != nil {
			return nil, fmt.Errorf("parsing %s: %w", file, err)
		}
		pages[strings.TrimSuffix(path.Base(file), ".html")] = page
	}
	return pages, nil
}

// Render writes a page in a language. Nothing is written if the page cannot
// be rendered, so that the caller can still answer with something else.
func (v *Views) Render(w io.Writer, lang *text.Language, page Page) error {
	site := v.brand.Name
	if site == "" {
		site = page.host()
	}
	scriptPath, _ := Script()
	scene := scene{
		Language: lang,
		Page:     page,
		Brand:    v.brand,
		Site:     site,
		Title:    page.title(lang, site),
		Style:    v.style,
		Script:   scriptPath,
	}
	if !strings.Contains(scene.Title, site) {
		scene.Title = lang.Say("frame.title", "title", scene.Title, "site", site)
	}
	tmpl, ok := v.pages[page.template()]
	if !ok {
		return fmt.Errorf("rendering page: no template %q", page.template())
	}
	var body bytes.Buffer
	if err := tmpl.ExecuteTemplate(&body, "frame", scene); err != nil {
		return fmt.Errorf("rendering page %q: %w", page.template(), err)
	}
	if _, err := body.WriteTo(w); err != nil {
		return fmt.Errorf("writing page %q: %w", page.template(), err)
	}
	return nil
}
