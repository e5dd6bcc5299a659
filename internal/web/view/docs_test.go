package view_test

import (
	"os"
	"path"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/doorpost-auth/doorpost/internal/web/view"
)

const docs = "../../../docs/templates.md"

func readDocs(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestTheExampleOfTheDocsWorks(t *testing.T) {
	files := fstest.MapFS{}
	for _, block := range regexp.MustCompile("(?m)^`([a-z./-]+)`, [^\n]*:\n\n```[a-z]+\n((?s:.*?))^```$").FindAllStringSubmatch(readDocs(t), -1) {
		files[block[1]] = &fstest.MapFile{Data: []byte(block[2])}
	}
	for _, name := range []string{"sign-in.html", "style.css", "mail/sign-in.txt"} {
		if files[name] == nil {
			t.Errorf("the docs show no %s", name)
		}
	}
	views, err := view.New(brand, files)
	if err != nil {
		t.Fatal(err)
	}
	page := render(t, views, view.SignIn{Frame: frame})
	if !strings.Contains(page, "For members of the library.") || !strings.Contains(page, "Georgia, serif") {
		t.Errorf("the page is %s", page)
	}
}

func TestTheDocsListEveryTemplateWithWhatItGets(t *testing.T) {
	rows := map[string]string{}
	for line := range strings.Lines(readDocs(t)) {
		if cells := strings.Split(line, "|"); len(cells) > 3 {
			for name := range strings.SplitSeq(cells[1], ",") {
				rows[strings.Trim(name, " `")] = cells[2]
			}
		}
	}
	for _, folder := range []string{"templates", "templates/frame", "assets"} {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if ext := path.Ext(entry.Name()); (ext == ".html" || ext == ".css") && rows[entry.Name()] == "" {
				t.Errorf("the docs do not list %s", entry.Name())
			}
		}
	}
	for _, sample := range view.Samples() {
		kind := reflect.TypeOf(sample.Page)
		row := rows[fileOf(rows, sample.Name)]
		for _, field := range reflect.VisibleFields(kind) {
			if !field.Anonymous && !strings.Contains(row, "`"+field.Name) {
				t.Errorf("the docs of %s do not name %s", sample.Name, field.Name)
			}
		}
		for method := range kind.Methods() {
			if !strings.Contains(row, "`"+method.Name) {
				t.Errorf("the docs of %s do not name %s", sample.Name, method.Name)
			}
		}
	}
}

// fileOf is the template of a sample: the longest template name that begins its own.
func fileOf(rows map[string]string, sample string) string {
	for name := sample; name != ""; {
		if _, ok := rows[name+".html"]; ok {
			return name + ".html"
		}
		at := strings.LastIndexByte(name, '-')
		if at < 0 {
			return ""
		}
		name = name[:at]
	}
	return ""
}
