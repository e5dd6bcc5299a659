package caddymodule

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// run runs a command and returns what it prints.
func run(arguments ...string) (printed string, err error) {
	for _, c := range Commands() {
		if c.Name != arguments[0] {
			continue
		}
		cmd := &cobra.Command{Use: c.Name + " " + c.Usage, SilenceUsage: true}
		c.CobraFunc(cmd)
		cmd.SetArgs(arguments[1:])
		var out strings.Builder
		cmd.SetOut(&out)
		cmd.SetErr(io.Discard)
		err = cmd.Execute()
		return out.String(), err
	}
	panic("there is no command " + arguments[0])
}

// run runs a command about the gateway.
func (a endpoint) run(arguments ...string) (printed string, err error) {
	return run(append(arguments, "--address", a.address)...)
}

func TestErrorsOfTheAdminAPISayWhatToDo(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":"no such message"}`: "no such message",
		"404 page not found\n":        "a Caddy without Doorpost",
		"<html>":                      "a Caddy without Doorpost",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(body))
		}))
		_, err := run("outbox", "list", "--address", strings.TrimPrefix(server.URL, "http://"))
		server.Close()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("an answer %q is the error %v, want %q in it", body, err, want)
		}
	}
	_, err := run("outbox", "list", "--address", closedPort())
	if err == nil || !strings.Contains(err.Error(), "connection refused; start one with ") || !strings.Contains(err.Error(), "run --config Caddyfile") {
		t.Errorf("without a server the error is %v", err)
	}
}
