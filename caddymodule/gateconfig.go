package caddymodule

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"syscall"
	"text/template"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/doorpost-auth/doorpost/internal/gate"
)

// gateConfig is a gate in front of an app, for commands that run one without a
// configuration file.
type gateConfig struct {
	Origin gate.Origin   // that people open
	Beside []gate.Origin // others in front of the same app; with Portal
	Portal string        // where people sign in to all of them; empty: at each
	App    string        // behind the gate: host:port or a URL
	Allow  []string
	Store  string // a file; empty: the usual one
	Files  string // a folder for certificates and the like; empty: the usual one

	Bind                  []string // hosts to listen on; none: all. See claimPort
	Demo                  bool     // quiet
	From                  string   // the sender of messages
	Mailgun, Region       string   // its domain
	SMTP, Username, Guard string   // its server; how the connection is protected
}

var (
	//go:embed gateconfig.caddyfile
	gateCaddyfile string
	gateTemplate  = template.Must(template.New("").Funcs(template.FuncMap{"quote": quote}).Parse(gateCaddyfile))
)

// Origins are those of all sites.
func (c gateConfig) Origins() []gate.Origin { return append([]gate.Origin{c.Origin}, c.Beside...) }

// keepIn keeps all files in a folder.
func (c *gateConfig) keepIn(folder string) {
	c.Store, c.Files = filepath.Join(folder, "doorpost.db"), filepath.Join(folder, "caddy")
}

// claimPort finds out where the gate is to listen: for a loopback origin on this
// machine only. A port in use is an error that names the flag by which another is
// chosen; Caddy would share it with the other gate (SO_REUSEPORT), and each would get
// some of the requests.
func (c *gateConfig) claimPort(flag string) error {
	port := cmp.Or(c.Origin.Port(), "80")
	if c.Origin.Port() == "" && c.Origin.IsSecure() {
		port = "443"
	}
	hosts := []string{""}
	if c.Origin.IsLoopback() {
		hosts = []string{"127.0.0.1", "::1"}
		if _, err := netip.ParseAddr(c.Origin.Host()); err == nil {
			hosts = []string{c.Origin.Host()}
		}
	}
	for _, host := range hosts {
		listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			return fmt.Errorf("port %s is taken by another program on this machine; stop that, or choose another port with %s", port, flag)
		case errors.Is(err, syscall.EADDRNOTAVAIL): // of a machine without IPv6
			continue
		case err == nil:
			listener.Close()
		}
		if host != "" {
			c.Bind = append(c.Bind, bracketed(host))
		}
	}
	return nil
}

// run runs the server on the configuration. It returns once the server runs.
func (c gateConfig) run() error {
	var text strings.Builder
	if err := gateTemplate.Execute(&text, c); err != nil {
		if bad, ok := errors.AsType[unquotable](err); ok {
			return bad
		}
		return fmt.Errorf("putting the configuration together: %w", err)
	}
	// Formatted, or there is a warning about a file that nobody has.
	adapted, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt(caddyfile.Format([]byte(text.String())), map[string]any{"filename": ""})
	if err != nil {
		return fmt.Errorf("putting the configuration together: %w", err)
	}
	for _, warning := range warnings {
		caddy.Log().Warn(warning.Message)
	}
	caddy.TrapSignals()
	return caddy.Load(adapted, true)
}

// quote writes a value as one token of a Caddyfile.
func quote(value string) (string, error) {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", unquotable(value)
	}
	return `"` + strings.ReplaceAll(value, `"`, `\"`) + `"`, nil
}

type unquotable string

func (v unquotable) Error() string {
	return fmt.Sprintf("%q has a line break or another control character in it", string(v))
}
