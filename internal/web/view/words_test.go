package view_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/web/view/sample"
)

var (
	keyLike      = regexp.MustCompile(`"([a-z]+\.[a-z_]+)"`)
	unfilled     = regexp.MustCompile(`\{[a-z]+\}`)
	wordsToAvoid = regexp.MustCompile(`(?i)authenticat|\btoken|session expired|credential|log ?in\b|e-mail|\bSSO\b|cookie`)
)

// pageWords reads the words of the pages, without those of the messages.
func pageWords(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("../../text/catalog/en/pages.json")
	if err != nil {
		t.Fatalf("reading words: %v", err)
	}
	words := map[string]string{}
	if err := json.Unmarshal(raw, &words); err != nil {
		t.Fatalf("reading words: %v", err)
	}
	return words
}

// usedKeys finds what looks like a key in the sources of the package.
func usedKeys(t *testing.T) map[string]string {
	t.Helper()
	used := map[string]string{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "sample" || entry.Name() == "screenshots") {
			return fs.SkipDir
		}
		template := strings.HasSuffix(path, ".html")
		source := strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go")
		if !template && !source {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range keyLike.FindAllStringSubmatch(string(raw), -1) {
			used[match[1]] = path
		}
		return nil
	})
	if err != nil {
		t.Fatalf("reading sources: %v", err)
	}
	return used
}

func TestEveryKeyThatIsUsedHasWords(t *testing.T) {
	words := pageWords(t)
	for key, path := range usedKeys(t) {
		if words[key] == "" {
			t.Errorf("%s uses the key %q, which has no words", path, key)
		}
	}
}

func TestEveryKeyThatHasWordsIsUsed(t *testing.T) {
	used := usedKeys(t)
	for key := range pageWords(t) {
		if used[key] == "" {
			t.Errorf("nothing uses the key %q", key)
		}
	}
}

func TestTheWordsArePlain(t *testing.T) {
	for key, sentence := range pageWords(t) {
		if found := wordsToAvoid.FindString(sentence); found != "" {
			t.Errorf("%s says %q: %s", key, found, sentence)
		}
	}
}

func TestNoPageShowsAKeyOrAnUnfilledValue(t *testing.T) {
	views := newViews(t, brand)
	keys := pageWords(t)
	for _, named := range sample.Pages() {
		t.Run(named.Name, func(t *testing.T) {
			for _, node := range elements(t, render(t, views, named.Page)) {
				if node.Data != "body" && node.Data != "title" {
					continue
				}
				said := content(node)
				if found := unfilled.FindString(said); found != "" {
					t.Errorf("the page shows %s: %s", found, said)
				}
				for _, word := range strings.Fields(said) {
					if _, isKey := keys[word]; isKey {
						t.Errorf("the page shows the key %s", word)
					}
				}
			}
		})
	}
}
