package caddymodule

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doorpost-auth/doorpost/internal/cli"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/spf13/cobra"
)

func buildDemo(cmd *cobra.Command) {
	cmd.Flags().String("listen", "localhost:8080", "The address to listen on: a loopback host and a port")
	cmd.Flags().Bool("open", false, "Open the address in the browser")
	starts(cmd, runDemo)
}

func runDemo(flags caddycmd.Flags) error {
	origin, err := gate.ParseOrigin("http://" + flags.String("listen"))
	if err != nil || !origin.IsLoopback() {
		return cli.Misuse(errors.New("--listen takes a loopback host and a port, for example localhost:8080: the demo shows everybody's mail"))
	}
	config := gateConfig{Demo: true, Origin: origin, Allow: []string{"*"}}
	if err := config.claimPort("--listen"); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "doorpost-demo-")
	if err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	// What the demo keeps is worth nothing once it stops.
	caddy.OnExit(func(context.Context) { os.RemoveAll(folder) })
	if config.App, err = serveDemoApp(); err != nil {
		return err
	}
	config.keepIn(folder)
	if err := config.run(); err != nil {
		return fmt.Errorf("starting the demo: %w", err)
	}
	fmt.Printf("Open %s in your browser; the mail arrives at %s%s\n", origin, origin, gate.MailboxPath)
	if flags.Bool("open") {
		if err := openBrowser(origin.String()); err != nil {
			fmt.Fprintln(os.Stderr, "The browser could not be opened; open the address yourself.")
		}
	}
	select {}
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
var (
	//go:embed demo.html
	demoHTML string
	demoPage = template.Must(template.New("demo").Parse(demoHTML))
)

func demoApp(w http.ResponseWriter, r *http.Request) {
	headers := make(map[string]string) // a template shows them sorted
	for name, values := range r.Header {
		headers[name] = strings.Join(values, ", ")
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	demoPage.Execute(w, map[string]any{ // an error is a visitor who went away
		"User": r.Header.Get("Remote-User"), "Request": r.Method + " " + r.URL.RequestURI(), "Headers": headers,
	})
}

func openBrowser(address string) error {
	name := map[string]string{"darwin": "open", "windows": "explorer"}[runtime.GOOS]
	if name == "" {
		name = "xdg-open"
	}
	return exec.Command(name, address).Start()
}
