// Package override reads the templates that an operator brings in place of
// built-in ones, and says what is wrong with them by file and line. Pages and
// messages each decide what may be replaced and what it has to do.
package override

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/template/parse"
)

// Files are an operator's files by name, which is that of the built-in file
// that each replaces. The zero value has none.
type Files struct {
	folder  string // how errors name the folder: "templates/" or below it
	content map[string]string
}

// Read reads one folder, such as "." or "mail", of the operator's; from may be
// nil, and the folder may be missing unless it is ".". Only names that are
// known count. Any other that ends in .html, .txt or .css is an error, in
// folders below too, since its author takes it for one that counts; the folders
// in except belong to somebody else.
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

// Any tells whether the operator brought any file.
func (f Files) Any() bool { return len(f.content) > 0 }

// Get returns the operator's file of a name.
func (f Files) Get(name string) (content string, ok bool) {
	content, ok = f.content[name]
	return content, ok
}

// Errorf makes an error about a file, and about the line in which the byte at
// stands unless at is negative.
func (f Files) Errorf(name string, at int, format string, values ...any) error {
	where := f.folder + name
	if at >= 0 {
		where += fmt.Sprintf(":%d", 1+strings.Count(f.content[name][:at], "\n"))
	}
	return fmt.Errorf("%s: %w", where, fmt.Errorf(format, values...))
}

// Check looks at a template of the operator's before it is parsed. It has to
// define what is named, and what stands outside of definitions would never be
// shown. Which functions there are is not looked at.
func (f Files) Check(name, defines string) error {
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

// place is how the errors of html/template and text/template begin.
var place = regexp.MustCompile(`(?:html/)?template: ?([^\s:]+\.(?:html|txt)):(\d+)(?::\d+)?: `)

// Locate turns an error of a template engine into one that begins with file
// and line, as far as the engine knows them, else with the file of that name.
func (f Files) Locate(err error, name string) error {
	said := err.Error()
	if at := place.FindStringSubmatchIndex(said); at != nil {
		return fmt.Errorf("%s%s:%s: %s", f.folder, said[at[2]:at[3]], said[at[4]:at[5]], said[at[1]:])
	}
	return fmt.Errorf("%s%s: %w", f.folder, name, err)
}
