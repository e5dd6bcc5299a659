package caddymodule

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// run runs a command and returns what it prints.
func run(arguments ...string) (printed string, err error) {
	for _, c := range Commands() {
		if c.Name != arguments[0] {
			continue
		}
		cmd := &cobra.Command{Use: c.Name + " " + c.Usage}
		c.CobraFunc(cmd)
		root := &cobra.Command{Use: "doorpost", SilenceUsage: true}
		root.AddCommand(cmd)
		root.SetArgs(arguments)
		var out strings.Builder
		root.SetOut(&out)
		root.SetErr(io.Discard)
		err = root.Execute()
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

// In a Caddy built by xcaddy our commands are below its command doorpost.
func TestTheCommandBelowCaddySaysWhichCommandsItHas(t *testing.T) {
	root := &cobra.Command{Use: "caddy", SilenceUsage: true}
	root.SetHelpTemplate("the manual of Caddy")
	c := caddycmd.Commands()["doorpost"]
	cmd := &cobra.Command{Use: c.Name + " " + c.Usage, Short: c.Short, Long: c.Long}
	c.CobraFunc(cmd)
	root.AddCommand(cmd)
	var out, failed strings.Builder
	root.SetOut(&out)
	root.SetErr(&failed)

	for _, given := range [][]string{{"doorpost"}, {"help", "doorpost"}, {"help", "doorpost", "users"}} {
		out.Reset()
		root.SetArgs(given)
		if err := root.Execute(); err != nil || !strings.Contains(out.String(), "caddy doorpost") || strings.Contains(out.String(), "the manual of Caddy") {
			t.Errorf("%q ends with %v and prints %s", given, err, out.String())
		}
	}
	root.SetArgs([]string{"doorpost", "user"})
	err := root.Execute()
	if said := failed.String(); err == nil || said != "ERROR\tthere is no command \"user\"; did you mean users? caddy doorpost --help lists them\n" {
		t.Errorf("an unknown command ends with %v and says %q", err, said)
	}
}
