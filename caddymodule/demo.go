package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/spf13/cobra"
)

func demoCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "demo",
		Usage: "[--listen <host:port>] [--open]",
		Short: "Runs a gate with a small app behind it, to try it in a browser",
		Long: `
Runs a gate with a small app behind it, all in one process: open the address
that is printed, type any mail address, and read the message in the mailbox at
/_doorpost/mailbox. No mail is sent, and nothing is kept: the store lies in a
temporary folder.

It listens on this machine only.`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Args = cobra.NoArgs
			cmd.Flags().String("listen", "localhost:8080", "The address to listen on: a loopback host and a port")
			cmd.Flags().Bool("open", false, "Open the address in the browser")
			cmd.RunE = caddycmd.WrapCommandFuncForCobra(runDemo)
		},
	}
}

func runDemo(flags caddycmd.Flags) (int, error) {
	origin, err := gate.ParseOrigin("http://" + flags.String("listen"))
	if err != nil || !origin.IsLoopback() {
		return caddy.ExitCodeFailedStartup, errors.New("--listen takes a loopback host and a port, for example localhost:8080: the demo shows everybody's mail")
	}
	folder, err := os.MkdirTemp("", "doorpost-demo-")
	if err != nil {
		return caddy.ExitCodeFailedStartup, fmt.Errorf("making a temporary folder: %w", err)
	}
	// What the demo keeps is worth nothing once it stops.
	caddy.OnExit(func(context.Context) { os.RemoveAll(folder) })
	app, err := serveDemoApp()
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	config, err := demoConfig(origin, folder, app)
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	if err := runCaddyfile(config); err != nil {
		return caddy.ExitCodeFailedStartup, fmt.Errorf("starting the demo: %w", err)
	}
	fmt.Printf("Open %s in your browser; the mail arrives at %s%s\n", origin, origin, gate.MailboxPath)
	if flags.Bool("open") {
		if err := openBrowser(origin.String()); err != nil {
			fmt.Fprintln(os.Stderr, "The browser could not be opened; open the address yourself.")
		}
	}
	select {}
}

func demoConfig(origin gate.Origin, folder, app string) (string, error) {
	store, err := quote(filepath.Join(folder, "doorpost.db"))
	if err != nil {
		return "", err
	}
	storage, err := quote(filepath.Join(folder, "caddy"))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`{
	admin off
	persist_config off
	auto_https off
	storage file_system %s
	log {
		level ERROR
	}
	doorpost {
		store bolt %s
		mailer console
		brand {
			name "Doorpost demo"
		}
	}
}
%s {
	bind 127.0.0.1 [::1]
	doorpost {
		allow *
	}
	reverse_proxy %s
}
`, storage, store, origin, app), nil
}

// serveDemoApp starts the app behind the gate on a free port.
func serveDemoApp() (address string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("starting the app of the demo: %w", err)
	}
	go http.Serve(listener, http.HandlerFunc(demoApp)) // ends with the process
	return listener.Addr().String(), nil
}

// demoPage is all there is to the app: it shows what the gate tells it.
var demoPage = template.Must(template.New("demo").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>The app behind the gate</title>
<style>:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}body{max-width:44rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:start;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid #8884;overflow-wrap:anywhere}
nav a{margin-inline-end:1rem}</style></head>
<body><h1>Hello {{.User}}</h1>
<p>This is the app behind the gate. It has no sign-in of its own: it reads who you are from the headers that the gate sets.</p>
<nav><a href="/_doorpost/account">Your account</a><a href="/_doorpost/sign-out">Sign out</a><a href="/_doorpost/mailbox">Mailbox</a></nav>
<h2>What the app was sent</h2><p>{{.Request}}</p>
<table><tr><th scope="col">Header</th><th scope="col">Value</th></tr>{{range .Headers}}<tr><td>{{.Name}}</td><td>{{.Value}}</td></tr>{{end}}</table>
</body></html>`))

func demoApp(w http.ResponseWriter, r *http.Request) {
	type header struct{ Name, Value string }
	page := struct {
		User, Request string
		Headers       []header
	}{User: r.Header.Get("Remote-User"), Request: r.Method + " " + r.URL.RequestURI()}
	for name, values := range r.Header {
		page.Headers = append(page.Headers, header{name, strings.Join(values, ", ")})
	}
	slices.SortFunc(page.Headers, func(a, b header) int { return strings.Compare(a.Name, b.Name) })
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	demoPage.Execute(w, page) // an error is a visitor who went away
}

func openBrowser(address string) error {
	name := map[string]string{"darwin": "open", "windows": "explorer"}[runtime.GOOS]
	if name == "" {
		name = "xdg-open"
	}
	return exec.Command(name, address).Start()
}
