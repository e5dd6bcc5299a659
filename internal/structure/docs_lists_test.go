package structure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// parsed are the files of a package, tests left out.
func parsed(t *testing.T, folder string) (files []*ast.File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// literalsOf are the string literals of a package that match.
func literalsOf(t *testing.T, folder string, pattern *regexp.Regexp) (list []string) {
	t.Helper()
	for _, file := range parsed(t, folder) {
		ast.Inspect(file, func(n ast.Node) bool {
			if basic, ok := n.(*ast.BasicLit); ok {
				if text, ok := literal(basic); ok && pattern.MatchString(text) && !slices.Contains(list, text) {
					list = append(list, text)
				}
			}
			return true
		})
	}
	return list
}

// paths are the constants of package gate that name our pages, below their prefix.
func paths(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{"PathPrefix": ""}
	for _, file := range parsed(t, "internal/gate") {
		ast.Inspect(file, func(n ast.Node) bool {
			constant, ok := n.(*ast.ValueSpec)
			if !ok || len(constant.Values) != 1 {
				return true
			}
			if sum, ok := constant.Values[0].(*ast.BinaryExpr); ok {
				prefix, isName := sum.X.(*ast.Ident)
				rest, isText := literal(sum.Y)
				if isName && isText {
					found[constant.Names[0].Name] = found[prefix.Name] + rest
				}
			}
			return true
		})
	}
	return found
}

// pathsServed are the keys of the table of pages, with their methods.
func pathsServed(t *testing.T) (served []string) {
	t.Helper()
	known := paths(t)
	for _, file := range parsed(t, "internal/web") {
		ast.Inspect(file, func(n ast.Node) bool {
			pair, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			name, isConstant := pair.Key.(*ast.SelectorExpr)
			page, isPage := pair.Value.(*ast.CompositeLit)
			if !isConstant || !isPage {
				return true
			}
			path, isPath := known[name.Sel.Name]
			if !isPath {
				return true
			}
			for _, method := range page.Elts {
				name := strings.ToUpper(method.(*ast.KeyValueExpr).Key.(*ast.Ident).Name)
				if name == "SCRIPT" { // posts, too
					name = "POST"
				}
				served = append(served, name+" "+path)
			}
			return true
		})
	}
	return append(served, "GET /mailbox", "POST /hooks/mailgun")
}

func TestTheDocsListEveryPathThatIsServed(t *testing.T) {
	served := pathsServed(t)
	if len(served) < 20 {
		t.Fatalf("only %d paths were found", len(served))
	}
	var listed []string
	for _, found := range regexp.MustCompile("`((?:GET|POST) /[a-z/.-]+)[?`]").FindAllStringSubmatch(docsSection(t, "docs/http.md", "Paths"), -1) {
		if !slices.Contains(listed, found[1]) {
			listed = append(listed, found[1])
		}
	}
	for _, path := range served {
		if !slices.Contains(listed, path) {
			t.Errorf("docs/http.md does not list %s", path)
		}
	}
	for _, path := range listed {
		if !slices.Contains(served, path) {
			t.Errorf("docs/http.md lists %s, which is not served", path)
		}
	}
}

func TestTheDocsListEveryAuditEvent(t *testing.T) {
	var events []string
	for _, file := range parsed(t, "internal/audit") {
		for _, declaration := range file.Decls {
			constants, ok := declaration.(*ast.GenDecl)
			if !ok || constants.Tok != token.CONST {
				continue
			}
			for _, spec := range constants.Specs {
				value := spec.(*ast.ValueSpec)
				if kind, ok := value.Type.(*ast.Ident); ok && kind.Name == "Event" {
					text, _ := literal(value.Values[0])
					events = append(events, text)
				}
			}
		}
	}
	if len(events) < 20 {
		t.Fatalf("only %d events were found", len(events))
	}
	var listed []string
	for _, cells := range regexp.MustCompile("(?m)^\\| (`.+?) \\| ").FindAllStringSubmatch(docsSection(t, "docs/operations.md", "Audit events"), -1) {
		for _, found := range quote.FindAllStringSubmatch(cells[1], -1) {
			listed = append(listed, found[1])
		}
	}
	slices.Sort(events)
	slices.Sort(listed)
	if !slices.Equal(events, listed) {
		t.Errorf("docs/operations.md lists the events\n%q\nthe code has\n%q", listed, events)
	}
}

// A call with a name, a default and a description makes a flag.
func TestTheDocsListEveryFlag(t *testing.T) {
	content, err := os.ReadFile(root + "/docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	var flags []string
	for _, file := range append(parsed(t, "caddymodule"), parsed(t, "internal/cli")...) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 3 {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"String", "StringSlice", "Bool", "Int", "Duration"}, method.Sel.Name) {
				return true
			}
			if name, ok := literal(call.Args[0]); ok {
				flags = append(flags, name)
			}
			return true
		})
	}
	if len(flags) < 20 {
		t.Fatalf("only %d flags were found: %q", len(flags), flags)
	}
	for _, flag := range flags {
		if !regexp.MustCompile("--" + flag + `\b`).Match(content) {
			t.Errorf("docs/commands.md does not name --%s", flag)
		}
	}
}

func TestTheDocsListEveryMetric(t *testing.T) {
	content, err := os.ReadFile(root + "/docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	metrics := slices.DeleteFunc(literalsOf(t, "caddymodule", regexp.MustCompile(`^doorpost_[a-z_]+$`)),
		func(name string) bool { return name == "doorpost_portal" }) // a directive
	if len(metrics) < 2 {
		t.Fatalf("only %d metrics were found", len(metrics))
	}
	for _, metric := range metrics {
		if !strings.Contains(string(content), "| `"+metric) {
			t.Errorf("docs/commands.md does not list %s", metric)
		}
	}
}

// longestReadme is what a newcomer reads in one go.
const longestReadme = 150

func TestTheReadmeIsShort(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(content), "\n"); lines > longestReadme {
		t.Errorf("README.md has %d lines, more than %d: move some of it to docs", lines, longestReadme)
	}
}

// A step is named where it runs, as s.look("session") or s.change("redeem"), or, where each store
// has its own, s.Measure(ctx, "claim", …).
func TestTheDocsListEveryStepOfTheStore(t *testing.T) {
	var named []string
	for _, file := range parsed(t, "internal/store/steps") {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			by, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || by.Sel.Name != "look" && by.Sel.Name != "change" {
				return true
			}
			step, constant := literal(call.Args[0])
			if !constant || slices.Contains(named, step) {
				t.Errorf("the name of a step is %q: it has to be written where the step runs, and to be another one for each", step)
			}
			named = append(named, step)
			return true
		})
	}
	for _, file := range append(parsed(t, "internal/store/ordered"), parsed(t, "internal/store/redisstore")...) {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if by, ok := call.Fun.(*ast.SelectorExpr); ok && by.Sel.Name == "Measure" {
					if step, _ := literal(call.Args[1]); !slices.Contains(named, step) {
						named = append(named, step)
					}
				}
			}
			return true
		})
	}
	if len(named) < 20 {
		t.Fatalf("only %d steps were found", len(named))
	}
	var listed []string
	for _, cells := range regexp.MustCompile("(?m)^\\| (`.+?) \\| ").FindAllStringSubmatch(docsSection(t, "docs/commands.md", "Steps of the store"), -1) {
		for _, found := range quote.FindAllStringSubmatch(cells[1], -1) {
			listed = append(listed, found[1])
		}
	}
	slices.Sort(named)
	slices.Sort(listed)
	if !slices.Equal(named, listed) {
		t.Errorf("docs/commands.md lists %q, the store has %q", listed, named)
	}
}
