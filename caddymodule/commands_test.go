package caddymodule

import (
	"fmt"
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
	_, err := run("outbox", "list", "--address", answers(t, http.StatusNotFound, `{"error":"no such message"}`))
	if err == nil || err.Error() != "no such message" {
		t.Errorf("an error of ours is told as %v", err)
	}
	_, err = run("outbox", "list", "--address", closedPort())
	if err == nil || !strings.Contains(err.Error(), "connection refused; start one with ") || !strings.Contains(err.Error(), "run --config Caddyfile") {
		t.Errorf("without a server the error is %v", err)
	}
}

// In a Caddy built by xcaddy our commands are below its command doorpost.
func TestNoCommandTakesAnotherProgramForDoorpost(t *testing.T) {
	isolate(t)
	for body, status := range map[string]int{
		`{}`: 200, `{"done": true}`: 200, `{"status": "ok"}`: 200, `<html>`: 200, ``: 204, `{"error": "no"}`: 400, `{"error": "not here"}`: 404,
		"404 page not found\n": 404, `{"status": "unavailable", "store": {"status": "unavailable"}}`: 503,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
		address := server.Listener.Addr().String()
		for _, call := range everyCall(t) {
			printed, err := run(append(call, "--address", address)...)
			said := printed
			if call[0] != "doctor" { // which prints what it found
				said = fmt.Sprint(err)
			}
			if ended(err) != 1 || !strings.Contains(said, "what answers at "+address+" (--address) is not Doorpost, or is an older one") || said != printed && printed != "" {
				t.Errorf("%d %s: %q printed %q and ended with %v", status, body, call, printed, err)
			}
		}
		server.Close()
	}
}

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
