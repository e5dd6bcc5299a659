package templates

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"text/template"
)

func folder(files ...string) fstest.MapFS {
	from := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		from[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return from
}

func read(t *testing.T, from fs.FS, name string) Files {
	t.Helper()
	var except []string
	if name == "." {
		except = append(except, "mail")
	}
	files, err := Read(from, name, []string{"a.html", "b.txt"}, except...)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestFilesWithAKnownNameAreRead(t *testing.T) {
	all := folder("a.html", "page", "mail/a.html", "letter", ".git/a.html", "hidden", "notes.md", "no template")
	for name, want := range map[string]string{".": "page", "mail": "letter"} {
		files := read(t, all, name)
		if got, ok := files.Get("a.html"); !ok || got != want || !files.Any() {
			t.Errorf("in %s a.html is %q, %v", name, got, ok)
		}
		if _, ok := files.Get("b.txt"); ok {
			t.Errorf("in %s there is a b.txt", name)
		}
	}
}

func TestAFolderMayBeMissingUnlessTheOperatorNamedIt(t *testing.T) {
	for name, from := range map[string]fs.FS{"no folder at all": nil, "no folder mail": folder("a.html", "page")} {
		if files := read(t, from, "mail"); files.Any() {
			t.Errorf("%s: there are files", name)
		}
	}
	if _, err := Read(broken{}, ".", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that does not exist: %v", err)
	}
}

type broken struct{}

func (broken) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func TestATemplateThatWouldNeverBeUsedIsAnError(t *testing.T) {
	for file, folderName := range map[string]string{"c.html": ".", "below/a.html": ".", "A.HTML": ".", "style.css": ".", "mail/c.txt": "mail"} {
		_, err := Read(folder(file, ""), folderName, []string{"a.html", "b.txt"}, "other")
		want := fmt.Sprintf("templates/%s: no template has that name; the names in ", file)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "a.html, b.txt") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestChooseTakesTheOperatorsFileBeforeTheBuiltInOne(t *testing.T) {
	builtIn := folder("in/a.html", "built in")
	const own = `{{define "main"}}own{{end}}`
	for name, tc := range map[string]struct {
		from fstest.MapFS
		want string
	}{
		"the operator's": {folder("a.html", own), own},
		"the built-in":   {folder("b.txt", own), "built in"},
	} {
		if got, err := read(t, tc.from, ".").Choose("a.html", "main", builtIn, "in/a.html"); err != nil || got != tc.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := (Files{}).Choose("a.html", "main", builtIn, "a.html"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("neither is there: %v", err)
	}
}

func TestChooseRefusesAFileThatCouldNotBeShown(t *testing.T) {
	for name, tc := range map[string]struct{ content, want string }{
		"a syntax error":     {"{{define \"main\"}}\n{{if}}{{end}}{{end}}", "templates/a.html:2: missing value for if"},
		"text outside":       {"{{define \"main\"}}{{end}}\n\nlost", "templates/a.html:1: text outside of every define"},
		"an action outside":  {"{{define \"main\"}}{{end}}{{.}}", "templates/a.html:1: text outside of every define"},
		"another definition": {`{{define "other"}}{{end}}`, `templates/a.html: it does not define "main"`},
	} {
		_, err := read(t, folder("a.html", tc.content), ".").Choose("a.html", "main", nil, "")
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
	functions := `{{define "main"}}{{known_later .}}{{end}}`
	if _, err := read(t, folder("a.html", functions), ".").Choose("a.html", "main", nil, ""); err != nil {
		t.Errorf("a function that the engine will know: %v", err)
	}
}

func TestErrorsNameFileAndLine(t *testing.T) {
	files := read(t, folder("mail/a.html", "one\ntwo\nthree"), "mail")
	cause := errors.New("too long")
	if err := files.Errorf("a.html", 5, "it is %w", cause); err.Error() != "templates/mail/a.html:2: it is too long" || !errors.Is(err, cause) {
		t.Error(err)
	}
	if err := files.Errorf("a.html", -1, "it is %w", cause); err.Error() != "templates/mail/a.html: it is too long" {
		t.Error(err)
	}
	_, parsing := template.New("a.html").Parse("\n\n{{nothing}}")
	executing := htmltemplate.Must(htmltemplate.New("a.html").Parse("\n{{.X.Y}}")).Execute(new(strings.Builder), struct{}{})
	for _, tc := range []struct {
		err  error
		want string
	}{
		{parsing, `templates/mail/a.html:3: function "nothing" not defined`},
		{executing, "templates/mail/a.html:2: executing"},
		{cause, "templates/mail/b.txt: too long"},
	} {
		if err := files.Locate(tc.err, "b.txt"); !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%v is located as %v", tc.err, err)
		}
	}
}

func TestASetIsParsedAtOnceOnlyIfTheOperatorHasTemplates(t *testing.T) {
	for name, tc := range map[string]struct {
		own  Files
		want int
	}{"none": {Files{}, 0}, "one": {read(t, folder("a.html", ""), "."), 2}} {
		parsed := 0
		set, err := NewSet(tc.own, []string{"x", "y"}, func(name string) (string, error) { parsed++; return name + "!", nil })
		if err != nil || parsed != tc.want {
			t.Fatalf("%s: %d are parsed at once, %v", name, parsed, err)
		}
		for range 2 {
			if got, err := set["y"](); got != "y!" || err != nil {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
		if parsed != max(tc.want, 1) {
			t.Errorf("%s: %d are parsed after two uses of one", name, parsed)
		}
	}
	mistake := errors.New("a mistake")
	if _, err := NewSet(read(t, folder("a.html", ""), "."), []string{"x"}, func(string) (int, error) { return 0, mistake }); !errors.Is(err, mistake) {
		t.Errorf("a mistake in a template of the operator's: %v", err)
	}
}
