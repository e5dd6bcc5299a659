// Package view renders the pages that people see. It knows how they look and how
// they are built, not when each is shown. The words come from package text.
//
// Every page is one document with its stylesheet inside, allowed by hash in the
// Content-Security-Policy, so that the first paint needs one request. The script is
// the second request; no page depends on it.
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

	"github.com/doorpost-auth/doorpost/internal/color"
	"github.com/doorpost-auth/doorpost/internal/templates"
	"github.com/doorpost-auth/doorpost/internal/text"
)

//go:embed templates
var builtIn embed.FS

// Views renders pages in the look of one brand. It is immutable and safe for
// concurrent use.
type Views struct {
	brand  Brand
	accent color.Color
	style  template.CSS
	wide   template.CSS // the stylesheet of wide pages
	policy string
	pages  templates.Set[*template.Template]
}

// New reads the templates and computes the colours. Templates and the stylesheet in
// the folder overrides, which may be nil, replace built-in ones of the same name;
// docs/templates.md lists the names and the rules.
//
// It fails if the brand cannot be shown: see Brand for valid colours, logos and
// support addresses. It also fails if a page with one of the overrides would not
// render, would lack its form, or would contain what ContentSecurityPolicy makes
// browsers refuse; each such page is tried in all states and all languages. Those
// errors begin with the file and, if known, the line.
func New(brand Brand, overrides fs.FS) (*Views, error) {
	if err := brand.Check(); err != nil {
		return nil, err
	}
	files, err := builtInFiles()
	if err != nil {
		return nil, fmt.Errorf("listing templates: %w", err)
	}
	own, err := readOwn(overrides, files)
	if err != nil {
		return nil, err
	}
	sheet, wideSheet, err := readSheets(own)
	if err != nil {
		return nil, err
	}
	accent, err := color.Parse(brand.Accent)
	if err != nil {
		return nil, err
	}
	style, wideStyle := stylesheet(accent, sheet), stylesheet(accent, wideSheet)
	pages, err := builtInPages()
	if own.Any() {
		pages, err = parse(files, own)
	}
	if err != nil {
		return nil, err
	}
	v := &Views{
		brand:  brand,
		accent: accent,
		style:  template.CSS(style),     // #nosec G203 -- ours or the operator's, plus colours that were parsed as numbers
		wide:   template.CSS(wideStyle), // #nosec G203 -- as before
		policy: contentSecurityPolicy(brand.logoOrigin(), style, wideStyle),
		pages:  pages,
	}
	if err := v.try(own); err != nil {
		return nil, err
	}
	return v, nil
}

// Render writes a page in a language, in answer to a form or not. Nothing is written if the page cannot
// be rendered, so that the caller can still answer with something else.
func (v *Views) Render(w io.Writer, lang *text.Language, page Page, toForm bool) error {
	body, err := v.render(lang, page, toForm)
	if err != nil {
		return fmt.Errorf("rendering page %q: %w", page.about().template, err)
	}
	if _, err := body.WriteTo(w); err != nil {
		return fmt.Errorf("writing page %q: %w", page.about().template, err)
	}
	return nil
}

func (v *Views) render(lang *text.Language, page Page, toForm bool) (*bytes.Buffer, error) {
	about, site := page.about(), v.brand.Name
	if site == "" {
		site = page.host()
	}
	scriptPath, _ := Script()
	scene := scene{
		Language: lang,
		Page:     page,
		Brand:    v.brand,
		SiteName: site,
		Title:    about.inTab(lang, site),
		Style:    v.styleOf(about),
		Icon:     icon(v.accent, initial(site)),
		Script:   scriptPath,
	}
	if toForm {
		scene.Reload = about.reload
	}
	if !strings.Contains(scene.Title, site) {
		scene.Title = lang.Say("frame.title", "title", scene.Title, "site", site)
	}
	parsed, ok := v.pages[about.template]
	if !ok {
		return nil, errors.New("it has no template")
	}
	set, err := parsed()
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	return &body, set.ExecuteTemplate(&body, "layout", scene)
}

func (v *Views) styleOf(a about) template.CSS {
	if a.wide {
		return v.wide
	}
	return v.style
}
