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
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
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
	pages  map[string]pageTemplates
}

// New reads the templates and works out the colours. Templates and the
// stylesheet in the folder overrides, which may be nil, stand in for built-in
// ones of the same name; docs/templates.md lists the names and the rules.
//
// It fails if the brand cannot be shown: a colour that is none, a logo or
// support address that is not of the kinds that Brand names. It also fails on
// overrides with which some page would not render, would lack the form that it
// is for, or would have what ContentSecurityPolicy makes browsers refuse; each
// page that is concerned is tried in all its states and all languages. Those
// errors begin with file and, where it is known, line.
func New(brand Brand, overrides fs.FS) (*Views, error) {
	if err := brand.validate(); err != nil {
		return nil, err
	}
	files, err := builtIn()
	if err != nil {
		return nil, fmt.Errorf("listing templates: %w", err)
	}
	own, err := readOverrides(overrides, files)
	if err != nil {
		return nil, err
	}
	sheet, err := readSheet(own)
	if err != nil {
		return nil, err
	}
	style, err := stylesheet(brand.Accent, sheet)
	if err != nil {
		return nil, err
	}
	pages, err := parse(files, own)
	if err != nil {
		return nil, err
	}
	v := &Views{
		brand:  brand,
		style:  template.CSS(style), // #nosec G203 -- ours or the operator's, plus colours that were parsed as numbers
		policy: contentSecurityPolicy(style, brand.logoOrigin()),
		pages:  pages,
	}
	if err := v.try(own); err != nil {
		return nil, err
	}
	return v, nil
}

// Render writes a page in a language. Nothing is written if the page cannot
// be rendered, so that the caller can still answer with something else.
func (v *Views) Render(w io.Writer, lang *text.Language, page Page) error {
	body, err := v.render(lang, page)
	if err != nil {
		return fmt.Errorf("rendering page %q: %w", page.template(), err)
	}
	if _, err := body.WriteTo(w); err != nil {
		return fmt.Errorf("writing page %q: %w", page.template(), err)
	}
	return nil
}

func (v *Views) render(lang *text.Language, page Page) (*bytes.Buffer, error) {
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
	parsed, ok := v.pages[page.template()]
	if !ok {
		return nil, errors.New("it has no template")
	}
	templates, err := parsed()
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	return &body, templates.ExecuteTemplate(&body, "layout", scene)
}
