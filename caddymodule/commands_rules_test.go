package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// ended is the exit code that a command ended with.
func ended(err error) (code int) {
	if end, known := errors.AsType[exitError](err); known && end.exit != nil {
		_, _ = fmt.Sscanf(end.exit.Error(), "exiting with status %d", &code)
		return code
	} else if err != nil {
		return 1
	}
	return 0
}

// answers is a server that answers everything in one way.
func answers(t *testing.T, status int, body string) (address string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		adminapi.Mark(w.Header())
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// The rules of package cli, for each command that asks a server: the table of exit codes; and
// with --json one value on standard output where the server answered, bad news or not, and
// nothing where the command failed.
func TestEachCommandKeepsTheRulesOfAll(t *testing.T) {
	folder := isolate(t)
	off := filepath.Join(folder, "off.caddyfile")
	if err := os.WriteFile(off, []byte("{\nadmin off\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := func(address string) []string { return []string{"--address", address} }
	for what, c := range map[string]struct {
		flags  []string
		code   int
		prints bool // one value, with --json
	}{
		"an answer":                  {at(answers(t, http.StatusOK, `{"done": true}`)), 0, true},
		"a refusal":                  {at(answers(t, http.StatusConflict, `{"error": "no"}`)), 1, false},
		"a defect":                   {at(answers(t, http.StatusInternalServerError, `{"error": "no"}`)), 1, false},
		"an order that is none":      {at(answers(t, http.StatusBadRequest, `{"error": "no"}`)), 2, false},
		"no JSON":                    {at(answers(t, http.StatusNotFound, `<html>`)), 1, false},
		"no server":                  {at(closedPort()), 1, false},
		"a server that nobody asks":  {[]string{"--config", off}, 2, false},
		"no file":                    {[]string{"--config", off + "x"}, 1, false},
		"several addresses":          {at("localhost:1-3"), 2, false},
		"a flag that there is not":   {[]string{"--nonsense"}, 2, false},
		"a value that is none":       {[]string{"--timeout", "long"}, 2, false},
		"an argument more":           {[]string{"more", "and", "more"}, 2, false},
		"less than no time to spend": {[]string{"--timeout", "-1s"}, 2, false},
	} {
		for _, call := range everyCall(t) {
			want := c
			called := !slices.Contains([]string{"--nonsense", "more", "--timeout"}, c.flags[0])
			switch {
			case call[0] == "doctor" && called: // that nobody can be asked is something that it finds
				want.code, want.prints = min(c.code, 1), true
			case call[0] == "health" && called: // a container's check knows 0 and 1 only
				want.code = min(c.code, 1)
			case call[0] == "invite" && what == "an answer": // of a message that is not sent
				want.code = 1
			case slices.Contains(call, "backup") && what == "an answer": // which is no copy of a store
				want.code, want.prints = 1, false
			}
			for _, format := range []string{"", "--json"} {
				arguments := append(slices.Clone(call), c.flags...)
				if format != "" {
					arguments = append(arguments, format)
				}
				if file := len(call) - 1; slices.Contains(call, "backup") {
					arguments[file] += format + what
				}
				printed, err := run(arguments...)
				if got := ended(err); got != want.code {
					t.Errorf("%s: %q ends with %d, want %d: %v", what, arguments, got, want.code, err)
				}
				var value any
				if valid := json.Unmarshal([]byte(printed), &value) == nil; format != "" && (valid != want.prints || !valid && printed != "") {
					t.Errorf("%s: %q prints %q", what, arguments, printed)
				}
			}
		}
	}
}

func TestBadNewsIsPrintedToo(t *testing.T) {
	isolate(t)
	const down = `{"status": "unavailable", "store": {"status": "unavailable", "error": "gone"}}`
	for _, c := range []struct {
		call    string
		status  int
		answer  string
		problem string // in the error, if there is one
		words   string // without --json
	}{
		{"health", 503, down, "", "unavailable\n"},
		{"health --ready", 503, down, "the store is down: gone", "unavailable\n"},
		{"why a@example.com https://app.example.com", 200, `{"result": "refused", "disabled": true}`, "is disabled", " at "},
		{"invite a@example.com", 200, `{"address": "a@example.com", "disabled": true}`, "nothing is sent: a@example.com is disabled", ""},
	} {
		for _, format := range []string{"", " --json"} {
			printed, err := run(strings.Fields(c.call + format + " --address " + answers(t, c.status, c.answer))...)
			if (err == nil) != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) {
				t.Errorf("%s%s ends with %v, want %q", c.call, format, err, c.problem)
			}
			var value map[string]any
			if valid := json.Unmarshal([]byte(printed), &value) == nil; valid != (format != "") || !valid && !strings.Contains(printed, c.words) {
				t.Errorf("%s%s prints %q", c.call, format, printed)
			}
		}
	}
}
