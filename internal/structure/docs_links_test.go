package structure

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	fence   = regexp.MustCompile("(?ms)^```.*?^```$")
	inline  = regexp.MustCompile("`[^`\n]*`")
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)|src="([^"]+)"`)
)

// documents are all pages for readers, by their paths from the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	pages := make(map[string]string)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "testdata") {
			if err == nil {
				err = filepath.SkipDir
			}
			return err
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		pages[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) < 20 {
		t.Fatalf("only %d documents were found", len(pages))
	}
	return pages
}

// anchors are the names that GitHub gives to the headings of a page.
func anchors(page string) map[string]bool {
	names := make(map[string]bool)
	for _, found := range heading.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, found[1])
		for n, first := 1, name; names[name]; n++ {
			name = fmt.Sprintf("%s-%d", first, n)
		}
		names[name] = true
	}
	return names
}

// links are where the links of a page lead within the repository.
func links(page string) (list []string) {
	page = inline.ReplaceAllString(fence.ReplaceAllString(page, ""), "code")
	for _, found := range link.FindAllStringSubmatch(page, -1) {
		if to := found[1] + found[2]; !strings.Contains(to, "://") && !strings.HasPrefix(to, "mailto:") {
			list = append(list, to)
		}
	}
	return list
}

// results is written by go -C bench run . and is missing until somebody has
// measured.
const results = "bench/RESULTS.md"

func TestLinksOfTheDocsLeadSomewhere(t *testing.T) {
	pages := documents(t)
	count := 0
	for name, page := range pages {
		for _, to := range links(page) {
			count++
			path, anchor, hasAnchor := strings.Cut(to, "#")
			target := name
			if path != "" {
				target = filepath.Join(filepath.Dir(name), path)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil && target != results {
				t.Errorf("%s links to %s: %v", name, to, err)
			} else if hasAnchor && !anchors(pages[target])[anchor] {
				t.Errorf("%s links to %s, and there is no such heading", name, to)
			}
		}
	}
	if count < 100 {
		t.Errorf("only %d links were found", count)
	}
}

// A page that no other leads to is read by nobody.
func TestEveryPageOfTheDocsIsReachedFromTheReadme(t *testing.T) {
	pages := documents(t)
	reached := map[string]bool{"README.md": true}
	for next := []string{"README.md"}; len(next) > 0; next = next[1:] {
		for _, to := range links(pages[next[0]]) {
			path, _, _ := strings.Cut(to, "#")
			target := filepath.Join(filepath.Dir(next[0]), path)
			if path != "" && !reached[target] {
				reached[target] = true
				next = append(next, target)
			}
		}
	}
	for name := range pages {
		if !reached[name] {
			t.Errorf("no link leads from README.md to %s", name)
		}
	}
}

func TestTheReadmeIsReadInFiveMinutes(t *testing.T) {
	readme := documents(t)["README.md"]
	if lines := strings.Count(readme, "\n"); lines > 150 {
		t.Errorf("README.md has %d lines, 150 are enough; move what not everybody needs to docs", lines)
	}
	for _, command := range []string{
		"go run ./cmd/doorpost demo", "go run ./cmd/doorpost protect --to", "go run ./cmd/doorpost run --config", "./test.sh",
		"go build -o doorpost ./cmd/doorpost", "xcaddy build " + run(t, "go", "list", "-m", "-f", "{{.Version}}", caddy) + " --with " + module + "/caddymodule",
	} {
		if !strings.Contains(readme, command) {
			t.Errorf("README.md does not show %q", command)
		}
	}
}

func TestPicturesOfTheDocsAreSmall(t *testing.T) {
	pictures, err := filepath.Glob(root + "/docs/images/*")
	if err != nil || len(pictures) == 0 {
		t.Fatalf("there are no pictures: %v", err)
	}
	for _, picture := range pictures {
		if info, err := os.Stat(picture); err != nil || info.Size() > 60<<10 {
			t.Errorf("%s has %d bytes, 60 KiB are enough: %v", picture, info.Size(), err)
		}
	}
}

// Folders that are modules of their own are left out by go run and go test from
// the root; go -C goes there first.
func TestCommandsInTheDocsEnterTheModuleOfTheirPackage(t *testing.T) {
	command := regexp.MustCompile("go (?:-C [\\w./]+ )?(?:run|test|build|vet) [^`\n|#&]*")
	count := 0
	for name, page := range documents(t) {
		for _, found := range command.FindAllString(page, -1) {
			words := strings.Fields(found)
			start := root
			if words[1] == "-C" {
				start = filepath.Join(root, words[2])
				if _, err := os.Stat(filepath.Join(start, "go.mod")); err != nil {
					t.Errorf("%s: %s enters a folder that is no module: %v", name, found, err)
				}
			}
			for _, word := range words {
				word = strings.TrimSuffix(word, "/...")
				if !strings.HasPrefix(word, "./") {
					continue
				}
				count++
				folder := filepath.Join(start, word)
				if inside, err := filepath.Rel(start, folder); err != nil || strings.HasPrefix(inside, "..") {
					t.Errorf("%s: %s leaves its module", name, found)
				}
				if _, err := os.Stat(folder); err != nil {
					t.Errorf("%s: %s: %v", name, found, err)
				}
				for ; folder != start && folder != "."; folder = filepath.Dir(folder) {
					if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
						t.Errorf("%s: %s needs go -C %s", name, found, folder)
					}
				}
			}
		}
	}
	if count < 10 {
		t.Errorf("only %d packages were found in commands", count)
	}
}

// What is typed or opened exists: folders behind go run and go test, and paths
// of this repository between backquotes.
var ourPath = regexp.MustCompile(`(?:\./|[^/\w.])((?:internal|caddymodule|cmd|bench|docs|ops)(?:/[\w.-]+)*)`)

func TestPathsInTheDocsExist(t *testing.T) {
	count := 0
	for name, page := range documents(t) {
		if name == "CHANGELOG.md" || name == results {
			continue // tell of what was, and of functions of Go
		}
		code := append(fence.FindAllString(page, -1), inline.FindAllString(fence.ReplaceAllString(page, ""), -1)...)
		for _, text := range code {
			for _, found := range ourPath.FindAllStringSubmatch(text, -1) {
				path := strings.TrimSuffix(found[1], "/...")
				if !strings.Contains(path, "/") {
					continue // a word such as "docs", or a folder at the top
				}
				count++
				if _, err := os.Stat(filepath.Join(root, path)); err != nil && path != results {
					t.Errorf("%s names %s, which does not exist", name, path)
				}
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d paths were found", count)
	}
}
