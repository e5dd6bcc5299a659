// Package templates has the operator's own templates, which replace built-in ones
// of the same name: it reads them, chooses between the two, and reports mistakes
// with file and line. Pages and messages decide which may be replaced and what each
// must contain.
package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/template/parse"
)

// Files are the operator's files, each under the name of the built-in file that it
// replaces. The zero value is empty.
type Files struct {
	folder  string // how errors name the folder: "templates/" or below it
	content map[string]string
}

// Read reads one folder of the operator's, such as "." or "mail". from may be nil,
// and the folder may be missing unless it is ".". Files with a known name are used.
// Any other that ends in .html, .txt or .css is an error, in subfolders too, since
// its author expects it to be used. The folders in except are skipped.
func Read(from fs.FS, folder string, known []string, except ...string) (Files, error) {
	files := Files{folder: path.Join("templates", folder) + "/", content: map[string]string{}}
	if from == nil {
		return files, nil
	}
	err := fs.WalkDir(from, folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			if file == folder && folder != "." && errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		if entry.IsDir() {
			if file != "." && (slices.Contains(except, file) || strings.HasPrefix(entry.Name(), ".")) {
				return fs.SkipDir
			}
			return nil
		}
		if !slices.Contains([]string{".html", ".txt", ".css"}, strings.ToLower(path.Ext(file))) {
			return nil
		}
		name := file
		if folder != "." {
			name = strings.TrimPrefix(file, folder+"/")
		}
		if !slices.Contains(known, name) {
			return fmt.Errorf("templates/%s: no template has that name; the names in %s are %s", file, files.folder, strings.Join(known, ", "))
		}
		content, err := fs.ReadFile(from, file)
		files.content[name] = string(content)
		return err
	})
	if err != nil {
		return Files{}, fmt.Errorf("reading templates: %w", err)
	}
	return files, nil
}

// Any reports whether the operator has any file.
func (f Files) Any() bool { return len(f.content) > 0 }

// Get returns the operator's file with a name.
func (f Files) Get(name string) (content string, ok bool) {
	content, ok = f.content[name]
	return content, ok
}

// Errorf makes an error about a file, and about the line with the byte at offset at
// unless that is negative.
func (f Files) Errorf(name string, at int, format string, values ...any) error {
	where := f.folder + name
	if at >= 0 {
		where += fmt.Sprintf(":%d", 1+strings.Count(f.content[name][:at], "\n"))
	}
	return fmt.Errorf("%s: %w", where, fmt.Errorf(format, values...))
}

// Choose returns the operator's file with a name, or the file builtIn at path. The
// operator's has to define what is named defines.
func (f Files) Choose(name, defines string, builtIn fs.FS, path string) (string, error) {
	if content, isOwn := f.content[name]; isOwn {
		return content, f.check(name, defines)
	}
	content, err := fs.ReadFile(builtIn, path)
	if err != nil {
		return "", fmt.Errorf("reading a template: %w", err)
	}
	return string(content), nil
}

// check refuses a file that does not define what it has to, or has text outside of
// definitions, which would never be shown. It does not check which functions exist.
func (f Files) check(name, defines string) error {
	tree := parse.New(name)
	tree.Mode = parse.SkipFuncCheck
	defined := map[string]*parse.Tree{}
	if _, err := tree.Parse(f.content[name], "", "", defined); err != nil {
		return f.Locate(err, name)
	}
	for _, node := range tree.Root.Nodes {
		if words, ok := node.(*parse.TextNode); !ok || strings.TrimSpace(string(words.Text)) != "" {
			return f.Errorf(name, int(node.Position()), "text outside of every define is never shown; put it between {{define %q}} and {{end}}", defines)
		}
	}
	if defined[defines] == nil {
		return f.Errorf(name, -1, "it does not define %q; put its content between {{define %q}} and {{end}}", defines, defines)
	}
	return nil
}

// Set has parsed templates by name. Each is parsed when it is used first: a gateway
// uses few of them, and all together take a megabyte.
type Set[T any] map[string]func() (T, error)

// NewSet makes a set of the names. If the operator has any file, all are parsed at
// once, to find mistakes at the start.
func NewSet[T any](own Files, names []string, parse func(name string) (T, error)) (Set[T], error) {
	set := Set[T]{}
	for _, name := range names {
		set[name] = sync.OnceValues(func() (T, error) { return parse(name) })
		if !own.Any() {
			continue
		}
		if _, err := set[name](); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// fileAndLine is how the errors of html/template and text/template begin.
var fileAndLine = regexp.MustCompile(`(?:html/)?template: ?([^\s:]+\.(?:html|txt)):(\d+)(?::\d+)?: `)

// Locate rewrites an error of a template engine to begin with file and line. If the
// engine does not know them, it begins with the file of that name.
func (f Files) Locate(err error, name string) error {
	words := err.Error()
	if at := fileAndLine.FindStringSubmatchIndex(words); at != nil {
		return fmt.Errorf("%s%s:%s: %s", f.folder, words[at[2]:at[3]], words[at[4]:at[5]], words[at[1]:])
	}
	return fmt.Errorf("%s%s: %w", f.folder, name, err)
}
