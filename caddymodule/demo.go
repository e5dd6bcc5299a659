package caddymodule

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
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
	if hasNamesBelow(origin) {
		config.Beside, config.Portal = []gate.Origin{below(origin, "app"), below(origin, "wiki")}, below(origin, "login").String()
	}
	if err := config.claimPort("--listen"); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "doorpost-demo-")
	if err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	// What the demo keeps is worth nothing once it stops.
	caddy.OnExit(func(context.Context) { os.RemoveAll(folder) })
	if config.App, err = serveDemoApp(config.Origins()); err != nil {
		return err
	}
	config.keepIn(folder)
	if err := config.run(); err != nil {
		return fmt.Errorf("starting the demo: %w", err)
	}
	fmt.Print(config.demoWords())
	if flags.Bool("open") {
		if err := openBrowser(origin.String()); err != nil {
			fmt.Fprintln(os.Stderr, "The browser could not be opened; open the address yourself.")
		}
	}
	select {}
}

// hasNamesBelow reports whether browsers find names below the host of a loopback origin
// on this machine. They do so by themselves for those that end in localhost, whatever the
// machine says (RFC 6761, section 6.3). An address has none.
func hasNamesBelow(origin gate.Origin) bool {
	_, err := netip.ParseAddr(origin.Host())
	return err != nil
}

// below is the origin of a name below the host of one that has such names.
func below(origin gate.Origin, name string) gate.Origin {
	o, _ := gate.ParseOrigin("http://" + name + "." + origin.HostPort())
	return o
}

// demoWords say what to open.
func (c gateConfig) demoWords() string {
	if c.Portal == "" {
		return fmt.Sprintf("Open %s in your browser; the mail arrives at %s%s\n", c.Origin, c.Origin, gate.MailboxPath)
	}
	return fmt.Sprintf("Open %s in your browser, then %s and %s: one sign-in serves all three.\n", c.Origin, c.Beside[0], c.Beside[1]) +
		fmt.Sprintf("You sign in at %s; the mail arrives at %s%s\n", c.Portal, c.Portal, gate.MailboxPath) +
		"If your browser does not find these names, start the demo with --listen 127.0.0.1:" + cmp.Or(c.Origin.Port(), "80") + ": one site, without a portal.\n"
}

// serveDemoApp starts the app behind the gate on a free port.
func serveDemoApp(app demoApp) (address string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("starting the app of the demo: %w", err)
	}
	go http.Serve(listener, app) // ends with the process
	return listener.Addr().String(), nil
}

// demoApp is all apps of the demo: each shows what the gate tells it, and leads to the
// others. They are known by the Host of a request.
type demoApp []gate.Origin

var (
	//go:embed demo.html
	demoHTML string
	demoPage = template.Must(template.New("demo").Parse(demoHTML))
)

func (all demoApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	headers := make(map[string]string) // a template shows them sorted
	for name, values := range r.Header {
		headers[name] = strings.Join(values, ", ")
	}
	others := slices.DeleteFunc(slices.Clone(all), func(o gate.Origin) bool { return o.HostPort() == r.Host })
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	demoPage.Execute(w, map[string]any{ // an error is a visitor who went away
		"Host": r.Host, "Others": others, "User": r.Header.Get("Remote-User"), "Request": r.Method + " " + r.URL.RequestURI(), "Headers": headers,
	})
}

func openBrowser(address string) error {
	name := map[string]string{"darwin": "open", "windows": "explorer"}[runtime.GOOS]
	if name == "" {
		name = "xdg-open"
	}
	return exec.Command(name, address).Start()
}
