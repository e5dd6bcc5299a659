package caddymodule

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

var (
	caddyfileBlock = regexp.MustCompile("(?m)^```caddyfile\n((?s:.*?))^```$")
	environmentUse = regexp.MustCompile(`\{env\.([A-Z_]+)\}`)
	fileUse        = regexp.MustCompile(`\{file\.(/[^}]+)\}`)
	absolutePath   = regexp.MustCompile(`(?m)( )(/(?:etc|var)/\S+)`)
)

// docPages are the documents for readers, by their paths from this folder.
func docPages(t *testing.T) (list []string) {
	t.Helper()
	list = []string{"../README.md", "../CONTRIBUTING.md", "../SECURITY.md"}
	err := filepath.WalkDir("../docs", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			list = append(list, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Each Caddyfile that a reader may copy loads, and stands as caddy fmt has it.
func TestEveryCaddyfileOfTheDocsIsValid(t *testing.T) {
	count := 0
	for _, page := range docPages(t) {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range caddyfileBlock.FindAllStringSubmatch(string(content), -1) {
			count++
			source := found[1]
			if _, differs := caddyfile.FormattingDifference("Caddyfile", []byte(source)); differs {
				t.Errorf("%s: it is not formatted as caddy fmt does:\n%s", page, source)
			}
			if err := validate(onThisMachine(t, source)); err != nil {
				t.Errorf("%s: %v in\n%s", page, err, source)
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d Caddyfiles were found", count)
	}
}

// onThisMachine gives a Caddyfile what it names: variables of the environment,
// and files and folders, which it finds in a folder of the test.
func onThisMachine(t *testing.T, source string) string {
	t.Helper()
	folder := isolate(t)
	source = strings.ReplaceAll(source, "{$CREDENTIALS_DIRECTORY}", "/run/credentials") // as Caddy does while it reads
	for _, use := range environmentUse.FindAllStringSubmatch(source, -1) {
		t.Setenv(use[1], strings.Repeat("0123456789abcdef", 4))
	}
	for i, use := range fileUse.FindAllStringSubmatch(source, -1) {
		path := folder + use[1]
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.Repeat("0123456789abcde"+string(rune('a'+i)), 4)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	source = fileUse.ReplaceAllString(source, "{file."+folder+"$1}")
	for _, use := range absolutePath.FindAllStringSubmatch(source, -1) {
		if err := os.MkdirAll(filepath.Dir(folder+use[2]), 0o700); err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(use[2]) == ".pem" {
			if err := os.Rename(certificateFile(t), folder+use[2]); err != nil {
				t.Fatal(err)
			}
		}
		if strings.Contains(source, "templates "+use[2]) {
			if err := os.MkdirAll(folder+use[2], 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	return absolutePath.ReplaceAllString(source, "$1"+folder+"$2")
}

// The recipes are made of the same parts, and their list has each of them.
func TestRecipesAreListedAndSayWhatToLookOutFor(t *testing.T) {
	list, err := os.ReadFile("../docs/recipes/README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../docs/recipes/*.md")
	if err != nil || len(files) < 10 {
		t.Fatalf("there are only %d recipes: %v", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if name == "README.md" {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(string(content), "# "), "\n")
		if !strings.Contains(string(list), "["+title+"]("+name+")") {
			t.Errorf("the list of recipes does not have [%s](%s)", title, name)
		}
		if !caddyfileBlock.Match(content) || !strings.Contains(string(content), "\n## What to look out for\n") {
			t.Errorf("%s has no Caddyfile, or does not say what to look out for", file)
		}
	}
}
