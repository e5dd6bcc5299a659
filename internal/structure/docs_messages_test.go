package structure

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// said is everything that the program may say: the string literals of the
// product, those that are joined as one, and the English words of the pages.
func said(t *testing.T) (all []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "bench" || entry.Name() == ".git"):
			return filepath.SkipDir
		case strings.HasSuffix(path, "_test.go") || filepath.Ext(path) != ".go":
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if expression, ok := n.(ast.Expr); ok {
				if text, ok := literal(expression); ok {
					all = append(all, text)
					return false
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	words, err := filepath.Glob(root + "/internal/text/catalog/en/*.json")
	if err != nil || len(words) == 0 {
		t.Fatalf("no words were found: %v", err)
	}
	for _, file := range words {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var catalogue map[string]string
		if err := json.Unmarshal(content, &catalogue); err != nil {
			t.Fatal(err)
		}
		for _, text := range catalogue {
			all = append(all, text)
		}
	}
	return all
}

// literal is the text of a string literal, or of several joined by +.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, e.Kind == token.STRING && err == nil
	case *ast.BinaryExpr:
		left, ok := literal(e.X)
		right, too := literal(e.Y)
		return left + right, ok && too && e.Op == token.ADD
	}
	return "", false
}

var (
	row   = regexp.MustCompile(`(?m)^\| (.+?) \| (.+?) \| (.+) \|$`)
	quote = regexp.MustCompile("`([^`]+)`")
)

// quotes are the messages in the first column of a table: what is between
// backquotes and has more than one word.
func quotes(page string) (messages []string) {
	for _, cells := range row.FindAllStringSubmatch(page, -1) {
		for _, found := range quote.FindAllStringSubmatch(cells[1], -1) {
			if strings.Contains(found[1], " ") {
				messages = append(messages, found[1])
			}
		}
	}
	return messages
}

// says reports whether a text has the parts of a message, in their order. In
// the message an ellipsis stands for whatever differs from case to case.
func says(text, message string) bool {
	for part := range strings.SplitSeq(message, "…") {
		_, rest, found := strings.Cut(text, strings.TrimSpace(part))
		if !found {
			return false
		}
		text = rest
	}
	return true
}

// docsSection is what a document has below a heading of the second level.
func docsSection(t *testing.T, name, title string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(content), "\n## "+title+"\n")
	if !found {
		t.Fatalf("%s has no section %q", name, title)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

func TestTroubleshootingQuotesWhatTheProgramSays(t *testing.T) {
	content, err := os.ReadFile(root + "/docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	messages := quotes(string(content))
	if len(messages) < 40 {
		t.Fatalf("only %d messages were found", len(messages))
	}
	all := said(t)
	for _, message := range messages {
		if !slices.ContainsFunc(all, func(text string) bool { return says(text, message) }) {
			t.Errorf("docs/troubleshooting.md quotes %q, which nothing says: correct the row, or drop it", message)
		}
	}
}

// The messages of the log that operations.md explains are those of the code, too.
func TestTheLogOfTheDocsIsThatOfTheCode(t *testing.T) {
	section := docsSection(t, "docs/operations.md", "Logs")
	messages := quotes(section)
	if len(messages) < 6 {
		t.Fatalf("only %d messages were found", len(messages))
	}
	all := said(t)
	for _, message := range messages {
		if !slices.Contains(all, message) {
			t.Errorf("docs/operations.md explains the message %q, which nothing says", message)
		}
	}
}

// Answers to programs that the docs show are those that programs get.
func TestProblemsInTheDocsAreThoseOfTheCode(t *testing.T) {
	all, count := said(t), 0
	for name, page := range documents(t) {
		for _, found := range regexp.MustCompile(`"detail":"([^"]+)"`).FindAllStringSubmatch(page, -1) {
			count++
			if !slices.Contains(all, found[1]) {
				t.Errorf("%s shows the answer %q, which nothing gives", name, found[1])
			}
		}
	}
	if count == 0 {
		t.Error("no answer was found")
	}
}
