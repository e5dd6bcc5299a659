package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// forMailPrograms is what messages have on purpose, although HTML does not know it: mail
// programs look for it.
var forMailPrograms = regexp.MustCompile(`mso-|supported-color-schemes|x-apple-disable-message-reformatting|“(align|bgcolor|border|cellpadding|cellspacing|valign|width|height)” attribute`)

// The checker is that of the W3C. What differs between languages is text.
func TestTheMarkupOfEveryPageAndMessageIsValid(t *testing.T) {
	t.Parallel()
	jar := testkit.NPM(t, "vnu-jar/build/dist/vnu.jar")
	folder := t.TempDir()
	samples, err := handler(text.Default)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names() {
		answer := httptest.NewRecorder()
		samples.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/"+name, nil))
		if err := os.WriteFile(filepath.Join(folder, name+".html"), answer.Body.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	output, err := exec.Command("java", "-jar", jar, "--format", "json", "--stdout", "--exit-zero-always", folder).Output()
	if err != nil {
		t.Fatal(err)
	}
	var found struct {
		Messages []struct{ Type, SubType, URL, Message, Extract string }
	}
	if err := json.Unmarshal(output, &found); err != nil {
		t.Fatal(err)
	}
	for _, m := range found.Messages {
		name := filepath.Base(m.URL)
		if m.Type == "info" && m.SubType != "warning" || strings.HasPrefix(name, mailPrefix) && forMailPrograms.MatchString(m.Message) {
			continue
		}
		t.Errorf("%s: %s: %s", name, m.Message, m.Extract)
	}
}
