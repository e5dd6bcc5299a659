package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/spf13/cobra"
)

func doctorCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "doctor",
		Usage: "[--send-to <address>] [--config <file>] [--json]",
		Short: "Checks configuration, server, store and mail, in words",
		Long: `
Checks, and says in words what is wrong and what to do:

	configuration  the file of --config, or the Caddyfile in this folder: can
	               it be loaded, and does the server run it?
	server         does one run, and is Doorpost part of its configuration?
	store          does it answer, and should something be mended?
	secret, site   what signs, and where links lead
	mailers        does each mail service answer, and take our credentials?
	from, webhook  does the sender belong to the sending domain of Mailgun, and
	               are bounces heard of?

Nothing is changed and no mail is sent, unless --send-to names who gets a test
message. It goes the way of all messages: through the first mailer that works.

Each line is ok, warning or wrong, and printed when it is known; mail services
have 30 seconds to answer. --json prints an array of objects at the end.

Exit codes: 0 nothing is wrong, 1 something is, 2 called in a wrong way.`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Example = "  doorpost doctor\n  doorpost doctor --config /etc/doorpost/Caddyfile --send-to you@example.com"
			cmd.Flags().String("send-to", "", "Send a test message to this address")
			talks(cmd, 0, runDoctor)
		},
	}
}

func runDoctor(c *invocation) error {
	if to := c.flags.String("send-to"); to != "" {
		if _, err := address.Parse(to); err != nil {
			return usageError{fmt.Errorf("--send-to: %w", err)}
		}
	}
	d := diagnosis{invocation: c, found: []finding{}}
	d.run()
	if d.flags.Bool("json") {
		if err := c.printJSON(d.found); err != nil {
			return err
		}
	}
	if d.wrong > 0 {
		return fmt.Errorf("checks that found something wrong: %d", d.wrong)
	}
	return nil
}

// diagnosis is what doctor found so far.
type diagnosis struct {
	*invocation
	found []finding
	wrong int
}

// tell takes a finding in, and prints it unless all are printed at the end.
func (d *diagnosis) tell(f finding) {
	d.found = append(d.found, f)
	if f.Result == wrong {
		d.wrong++
	}
	if d.flags.Bool("json") {
		return
	}
	d.say("%-8s %-14s %s", f.Result, f.Check, printable(f.Found))
	if f.Advice != "" {
		d.say("%-8s %-14s -> %s", "", "", printable(f.Advice))
	}
}

func (d *diagnosis) run() {
	config, file, _, unreadable := caddycmd.LoadConfig(d.flags.String("config"), d.flags.String("adapter"))
	address := d.flags.String("address")
	if unreadable == nil {
		var err error
		if address, err = caddycmd.DetermineAdminAPIAddress(address, config, file, ""); err != nil {
			unreadable = err
		}
	}
	if address == "" {
		address = caddy.DefaultAdminListen
	}
	server := &adminClient{address}
	var running any
	absent := server.ask(http.MethodGet, "/config/", nil, &running)
	app := d.checkConfig(config, file, unreadable, running)
	if absent == nil {
		d.examine(server)
		return
	}
	d.tell(noServer(absent))
	if app != nil {
		for _, f := range app.advice() {
			d.tell(f)
		}
	}
}

// checkConfig checks a configuration file. What the server runs is valid, for
// there the environment is the right one, which that of an operator's shell
// may not be. Anything else is provisioned, as validate does, and its app, if
// it has one, is returned.
func (d *diagnosis) checkConfig(config []byte, file string, unreadable error, running any) *App {
	f := finding{Check: "configuration", Result: wrong}
	defer func() { d.tell(f) }()
	switch {
	case unreadable != nil:
		f.Found, f.Advice = unreadable.Error(), "mend the file, or name another with --config"
		return nil
	case file == "":
		f.Result, f.Found, f.Advice = warning, "not checked: there is no Caddyfile in this folder", "name the file with --config"
		return nil
	}
	var given any
	if json.Unmarshal(config, &given) == nil && running != nil && reflect.DeepEqual(given, running) {
		f.Result, f.Found = fine, file+" is what the server runs"
		return nil
	}
	app, err := provision(config)
	switch {
	case err != nil:
		f.Found = file + " cannot be loaded: " + err.Error()
		f.Advice = "mend it before you start or reload the server; where only the environment of the service is missing, run doctor with that"
	case running != nil:
		f.Result, f.Found = warning, file+" can be loaded, but is not what the server runs"
		f.Advice = fmt.Sprintf("to let the server run it: %s reload --config %s", binary(), file)
	default:
		f.Result, f.Found = fine, file+" can be loaded"
	}
	return app
}

// provision makes what a configuration asks for, and starts nothing. It is for
// a process that ends soon: nothing is cleaned up.
func provision(config []byte) (*App, error) {
	var parsed *caddy.Config
	if err := caddy.StrictUnmarshalJSON(caddy.RemoveMetaFields(config), &parsed); err != nil {
		return nil, fmt.Errorf("reading the adapted configuration: %w", err)
	}
	ctx, err := caddy.ProvisionContext(parsed)
	if err != nil {
		return nil, err
	}
	app, err := ctx.AppIfConfigured("doorpost")
	if err != nil {
		return nil, errors.New("no site in it has the directive doorpost")
	}
	return app.(*App), nil
}

// noServer tells why store and mail cannot be checked.
func noServer(err error) finding {
	f := finding{Check: "server", Result: wrong, Found: err.Error()}
	if advised, ok := errors.AsType[advisedError](err); ok {
		f.Found, f.Advice = advised.problem.Error(), advised.advice
	}
	return f
}

// examine has the server check what only it can.
func (d *diagnosis) examine(server *adminClient) {
	answer, err := server.open(http.MethodPost, "/doorpost/doctor", examination{SendTo: d.flags.String("send-to")})
	if err != nil {
		d.tell(noServer(err))
		return
	}
	defer answer.Close()
	d.tell(finding{Check: "server", Result: fine, Found: "Doorpost runs at " + server.address})
	for lines := json.NewDecoder(answer); ; {
		var f finding
		switch err := lines.Decode(&f); {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			d.tell(finding{"server", wrong, "its answer broke off: " + err.Error(), "see the log of the server"})
			return
		}
		d.tell(f)
	}
}
