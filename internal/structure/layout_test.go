package structure

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of floors into docs/layout.md")

const (
	layout      = root + "/docs/layout.md"
	floorsBegin = "<!-- from the floors of the test: go test ./internal/structure -run Layout -update -->\n"
	floorsEnd   = "<!-- end of the floors -->\n"
)

// floorTable is the floors as docs/layout.md shows them.
func floorTable() string {
	var table strings.Builder
	table.WriteString("| floor | packages |\n|---|---|\n")
	for i, roots := range floors {
		var name string
		switch i {
		case 0:
			name = " for tests: nothing else imports them"
		case 1:
			name = " top"
		case len(floors) - 1:
			name = " bottom"
		}
		table.WriteString("|" + name + " | `" + strings.Join(roots, "`, `") + "` |\n")
	}
	return table.String()
}

func readLayout(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(layout)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestTheLayoutShowsTheFloors(t *testing.T) {
	page := readLayout(t)
	before, rest, begun := strings.Cut(page, floorsBegin)
	shown, after, ended := strings.Cut(rest, floorsEnd)
	if !begun || !ended {
		t.Fatalf("docs/layout.md has no place for the floors: %q and %q", floorsBegin, floorsEnd)
	}
	want := floorTable()
	if *update {
		if err := os.WriteFile(layout, []byte(before+floorsBegin+want+floorsEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if shown != want {
		t.Errorf("docs/layout.md shows other floors than the test has; run go test ./internal/structure -run Layout -update\n%s", want)
	}
}

// folders are all that have Go files, those of other modules too.
func folders(t *testing.T) (list []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == ".git"):
			return filepath.SkipDir
		case filepath.Ext(path) == ".go":
			if folder, _ := filepath.Rel(root, filepath.Dir(path)); !slices.Contains(list, folder) {
				list = append(list, folder)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 30 {
		t.Fatalf("only %d packages were found", len(list))
	}
	return list
}

func TestTheLayoutHasALineForEachPackage(t *testing.T) {
	all := folders(t)
	var described []string
	for _, cells := range regexp.MustCompile("(?m)^\\| (`.+?) \\| .+ \\|$").FindAllStringSubmatch(docsSection(t, "docs/layout.md", "Packages"), -1) {
		for _, found := range quote.FindAllStringSubmatch(cells[1], -1) {
			name := found[1]
			if !slices.Contains(all, name) {
				name = "internal/" + name
			}
			if slices.Contains(described, name) {
				t.Errorf("docs/layout.md describes %s twice", name)
			}
			described = append(described, name)
		}
	}
	for _, folder := range all {
		if !slices.Contains(described, folder) {
			t.Errorf("docs/layout.md has no line for %s", folder)
		}
	}
	for _, name := range described {
		if !slices.Contains(all, name) {
			t.Errorf("docs/layout.md describes %s, which does not exist", name)
		}
	}
}

func TestEachPackageSaysWhatItIsFor(t *testing.T) {
	for _, folder := range folders(t) {
		names, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		said := false
		for _, name := range names {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			said = said || file.Doc != nil && regexp.MustCompile(`^(Package|Command) \w+ \w+`).MatchString(file.Doc.Text())
		}
		if !said {
			t.Errorf("%s has no comment that says what it is for", folder)
		}
	}
}

// named is a file of which a page names functions.
var named = regexp.MustCompile("`([\\w/]+\\.go)`((?:,?\\s+`[\\w.]+`)*)")

// declares reports whether a file has a function or method: Name, or Type.Name.
func declares(file *ast.File, name string) bool {
	receiver, method, isMethod := strings.Cut(name, ".")
	return slices.ContainsFunc(file.Decls, func(d ast.Decl) bool {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			return false
		}
		if !isMethod {
			return f.Name.Name == name
		}
		if f.Recv == nil || f.Name.Name != method {
			return false
		}
		of := f.Recv.List[0].Type
		if pointer, ok := of.(*ast.StarExpr); ok {
			of = pointer.X
		}
		typ, ok := of.(*ast.Ident)
		return ok && typ.Name == receiver
	})
}

// A way through the house that takes more files than these is too long to be
// kept in mind.
const longestWay = 12

func TestTheWaysOfTheLayoutLeadThroughTheCode(t *testing.T) {
	for _, way := range []string{"A gated request", "A sign-in", "A sign-in through the portal", "Somebody asks to be let in", "Ends"} {
		var files []string
		for _, found := range named.FindAllStringSubmatch(docsSection(t, "docs/layout.md", way), -1) {
			path := found[1]
			if !strings.HasPrefix(path, "caddymodule/") {
				path = "internal/" + path
			}
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, 0)
			if err != nil {
				t.Errorf("%s: %v", way, err)
				continue
			}
			if !slices.Contains(files, path) {
				files = append(files, path)
			}
			functions := quote.FindAllStringSubmatch(found[2], -1)
			if len(functions) == 0 {
				t.Errorf("%s: no function of %s is named", way, path)
			}
			for _, function := range functions {
				if !declares(file, function[1]) {
					t.Errorf("%s: %s has no function %s", way, path, function[1])
				}
			}
		}
		if len(files) < 2 || len(files) > longestWay {
			t.Errorf("%s leads through %d files, not 2 to %d: %q", way, len(files), longestWay, files)
		}
		for i, path := range files {
			if i > 0 && strings.HasPrefix(path, "caddymodule/") && !strings.HasPrefix(files[i-1], "caddymodule/") && way != "Ends" {
				t.Errorf("%s goes back up to %s", way, path)
			}
		}
	}
}
