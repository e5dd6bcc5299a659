package view

import (
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/doorpost-auth/doorpost/internal/templates"
)

const styleFile = "style.css"

// sharedFiles are templates that several pages use; the layout surrounds all pages.
var sharedFiles = []string{"layout.html", "ask-words.html", "code-field.html", "decisions.html", "new-link.html", "paste.html", "request.html", "session.html"}

// readOwn reads the operator's templates of pages. Those of messages are in the
// folder mail and belong to package mail.
func readOwn(folder fs.FS, files []string) (templates.Files, error) {
	known := []string{styleFile}
	for _, file := range files {
		known = append(known, path.Base(file))
	}
	slices.Sort(known)
	return templates.Read(folder, ".", known, "mail")
}

// builtInFiles lists the built-in templates by path: those that all pages share
// first.
func builtInFiles() ([]string, error) {
	shared, err := fs.Glob(builtIn, "templates/frame/*.html")
	if err != nil {
		return nil, err
	}
	pages, err := fs.Glob(builtIn, "templates/*.html")
	return append(shared, pages...), err
}

// builtInPages are the pages for all who have none of their own: each is parsed once.
var builtInPages = sync.OnceValues(func() (templates.Set[*template.Template], error) {
	files, err := builtInFiles()
	if err != nil {
		return nil, err
	}
	return parse(files, templates.Files{})
})

// parse gives each page a set of templates of its own: what all pages share, and
// the page, which defines the gaps of the layout.
func parse(files []string, own templates.Files) (templates.Set[*template.Template], error) {
	shared := template.New("")
	var pages []string
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if path.Dir(file) == "templates" {
			pages = append(pages, name)
		} else if err := parseFile(shared, file, name, own); err != nil {
			return nil, err
		}
	}
	return templates.NewSet(own, pages, func(name string) (*template.Template, error) {
		page, err := shared.Clone()
		if err != nil {
			return nil, fmt.Errorf("copying what pages share: %w", err)
		}
		return page, parseFile(page, "templates/"+name+".html", "main", own)
	})
}

// parseFile adds a built-in file, or the operator's in its place, to a set.
func parseFile(set *template.Template, file, defines string, own templates.Files) error {
	name := path.Base(file)
	content, err := own.Choose(name, defines, builtIn, file)
	if err != nil {
		return err
	}
	if _, err := set.New(name).Parse(content); err != nil {
		return own.Locate(err, name)
	}
	return nil
}

var (
	endOfStyle = regexp.MustCompile(`(?i)</style`)
	// remoteStyle is what the policy does not allow a stylesheet to load.
	remoteStyle = regexp.MustCompile(`(?i)@import|@font-face|url\(\s*['"]?\s*(?:https?:)?//`)
)

// readSheets returns the operator's stylesheet as a browser hashes it, or the built-in
// one, which has a second part for wide pages.
func readSheets(own templates.Files) (sheet, ofWide string, err error) {
	content, isOwn := own.Get(styleFile)
	if !isOwn {
		sheet = condense(styleSource)
		return sheet, sheet + condense(wideStyleSource), nil
	}
	if at := strings.IndexFunc(content, func(r rune) bool { return r == 0 || r == '\ufffd' }); at >= 0 {
		return "", "", own.Errorf(styleFile, at, "it has a character that is not UTF-8")
	}
	if at := endOfStyle.FindStringIndex(content); at != nil {
		return "", "", own.Errorf(styleFile, at[0], "it has </style, where browsers would end it")
	}
	if at := remoteStyle.FindStringIndex(content); at != nil {
		return "", "", own.Errorf(styleFile, at[0], "%s: the Content-Security-Policy of the pages allows no other stylesheets, no fonts "+
			"and nothing of other hosts; use fonts of the system and pictures of the site", content[at[0]:at[1]])
	}
	sheet = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(content, "\ufeff"))
	return sheet, sheet, nil
}
