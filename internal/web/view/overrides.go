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

	"github.com/doorpost-auth/doorpost/internal/override"
)

const styleFile = "style.css"

// sharedFiles are what several pages are made of; the layout is around all.
var sharedFiles = []string{"layout.html", "ask-words.html", "new-link.html", "paste.html", "request.html", "session.html"}

// readOverrides reads the operator's templates of pages; those of messages are
// in the folder mail, for package mail.
func readOverrides(folder fs.FS, files []string) (override.Files, error) {
	known := []string{styleFile}
	for _, file := range files {
		known = append(known, path.Base(file))
	}
	slices.Sort(known)
	return override.Read(folder, ".", known, "mail")
}

// builtIn lists the built-in templates by their paths: those that all pages
// share first.
func builtIn() ([]string, error) {
	shared, err := fs.Glob(templates, "templates/frame/*.html")
	if err != nil {
		return nil, err
	}
	pages, err := fs.Glob(templates, "templates/*.html")
	return append(shared, pages...), err
}

// pageTemplates is the set of templates of one page, parsed when it is shown first: a
// gateway shows few of them most of the time, and all take a megabyte.
type pageTemplates func() (*template.Template, error)

// parse gives each page its own set of templates: what all pages share, and
// the page, which defines the gaps of the layout. Where there are templates of
// the operator, all are parsed at once, to find their mistakes.
func parse(files []string, own override.Files) (map[string]pageTemplates, error) {
	shared := template.New("")
	pages := map[string]pageTemplates{}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if path.Dir(file) != "templates" {
			if err := parseFile(shared, file, name, own); err != nil {
				return nil, err
			}
			continue
		}
		pages[name] = sync.OnceValues(func() (*template.Template, error) {
			page, err := shared.Clone()
			if err != nil {
				return nil, fmt.Errorf("copying what pages share: %w", err)
			}
			return page, parseFile(page, file, "main", own)
		})
		if own.Any() {
			if _, err := pages[name](); err != nil {
				return nil, err
			}
		}
	}
	return pages, nil
}

// parseFile adds a built-in file, or the operator's in its place, to a set.
func parseFile(set *template.Template, file, defines string, own override.Files) error {
	name := path.Base(file)
	content, isOwn := own.Get(name)
	if !isOwn {
		raw, err := templates.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading a template: %w", err)
		}
		content = string(raw)
	} else if err := own.Check(name, defines); err != nil {
		return err
	}
	if _, err := set.New(name).Parse(content); err != nil {
		return own.Locate(err, name)
	}
	return nil
}

var (
	endOfStyle = regexp.MustCompile(`(?i)</style`)
	// remoteStyle is what a stylesheet would load and the policy does not allow.
	remoteStyle = regexp.MustCompile(`(?i)@import|@font-face|url\(\s*['"]?\s*(?:https?:)?//`)
)

// readSheet is the operator's stylesheet as a browser hashes it, or the
// built-in one.
func readSheet(own override.Files) (string, error) {
	content, isOwn := own.Get(styleFile)
	if !isOwn {
		return condense(styleSource), nil
	}
	if at := strings.IndexFunc(content, func(r rune) bool { return r == 0 || r == '\ufffd' }); at >= 0 {
		return "", own.Errorf(styleFile, at, "it has a character that is not UTF-8")
	}
	if at := endOfStyle.FindStringIndex(content); at != nil {
		return "", own.Errorf(styleFile, at[0], "it has </style, where browsers would end it")
	}
	if at := remoteStyle.FindStringIndex(content); at != nil {
		return "", own.Errorf(styleFile, at[0], "%s: the Content-Security-Policy of the pages allows no other stylesheets, no fonts "+
			"and nothing of other hosts; use fonts of the system and pictures of the site", content[at[0]:at[1]])
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(content, "\ufeff")), nil
}
