package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/spf13/cobra"
)

var doctorCommand = Command{
	Name: "doctor",
	flags: func(cmd *cobra.Command) {
		cmd.Flags().String("send-to", "", "Send a test message to this address")
	},
	run: func(c *invocation) error {
		if to := c.text("send-to"); to != "" {
			if _, err := address.Parse(to); err != nil {
				return misused("--send-to: %w", err)
			}
		}
		d := diagnosis{invocation: c, found: []adminapi.Finding{}}
		d.run()
		var wrong error
		if d.wrong > 0 {
			wrong = fmt.Errorf("checks that found something wrong: %d", d.wrong)
		}
		return d.conclude(d.found, func() {}, wrong) // in words each was printed when it was known
	},
}

// diagnosis is what doctor found so far.
type diagnosis struct {
	*invocation
	found []adminapi.Finding
	wrong int
}

// note keeps a finding, and prints it unless all are printed at the end.
func (d *diagnosis) note(f adminapi.Finding) {
	d.found = append(d.found, f)
	if f.Result == adminapi.Wrong {
		d.wrong++
	}
	if d.is("json") {
		return
	}
	line := ""
	if f.Where != "" {
		line = f.Where + ": "
	}
	d.say("%-8s %-14s %s", f.Result, f.Check, printable(line+f.Found))
	if f.Advice != "" {
		d.say("%-8s %-14s -> %s", "", "", printable(f.Advice))
	}
}

func (d *diagnosis) run() {
	config, file, unreadable := d.caddy.Load(d.text("config"), d.text("adapter"))
	var running any
	absent := d.find(config, file, unreadable)
	if absent == nil {
		absent = d.ask(http.MethodGet, configPath, nil, &running)
	}
	advice := d.checkConfig(config, file, unreadable, running)
	if absent == nil {
		d.checkServer()
		return
	}
	d.note(noServer(absent))
	for _, f := range advice {
		d.note(f)
	}
}

// find finds the admin API of the server that is meant: what listens at the usual
// address may be another.
func (d *diagnosis) find(config []byte, file string, unreadable error) (err error) {
	given := d.text("address")
	if unreadable != nil && given == "" {
		return advisedError{errors.New("not asked: where it is, is in the file that cannot be read"), "say where it is with --address"}
	}
	d.address, d.source, err = d.caddy.AdminAddress(given, config, file, "")
	if off, ok := errors.AsType[AdminOff](err); ok {
		return off.advised()
	}
	return err
}

// checkConfig checks a configuration file. What the server runs is valid, for
// there the environment is the right one, which that of an operator's shell may
// not be. Anything else is loaded, and what can be told of it is returned.
func (d *diagnosis) checkConfig(config []byte, file string, unreadable error, running any) (advice []adminapi.Finding) {
	note := func(result adminapi.Result, found, advice string) {
		d.note(adminapi.NewFinding("configuration", result, found, advice))
	}
	var given any
	switch {
	case unreadable != nil:
		note(adminapi.Wrong, unreadable.Error(), "mend the file, or name another with --config")
		return nil
	case file == "":
		note(adminapi.Warning, "not checked: there is no Caddyfile in this folder", "name the file with --config")
		return nil
	case json.Unmarshal(config, &given) == nil && running != nil && reflect.DeepEqual(withoutLines(given), withoutLines(running)):
		note(adminapi.Fine, file+" is what the server runs", "")
		return nil
	}
	advice, err := d.caddy.Try(config)
	switch {
	case err != nil:
		note(adminapi.Wrong, file+" cannot be loaded: "+err.Error(),
			"mend it before you start or reload the server; if only the environment of the service is missing, run doctor with that")
	case running != nil:
		note(adminapi.Warning, file+" can be loaded, but is not what the server runs",
			fmt.Sprintf("to let the server run it: %s reload --config %s", binary(), file))
	default:
		note(adminapi.Fine, file+" can be loaded", "")
	}
	return advice
}

// withoutLines is a configuration without what the adapter notes of the Caddyfile: the same
// one may have another name, or another comment.
func withoutLines(config any) any {
	switch c := config.(type) {
	case map[string]any:
		delete(c, "caddyfile")
		for _, value := range c {
			withoutLines(value)
		}
	case []any:
		for _, value := range c {
			withoutLines(value)
		}
	}
	return config
}

// noServer says why store and mail cannot be checked.
func noServer(err error) adminapi.Finding {
	if advised, ok := errors.AsType[advisedError](err); ok {
		return adminapi.NewFinding("server", adminapi.Wrong, advised.problem.Error(), advised.advice)
	}
	return adminapi.NewFinding("server", adminapi.Wrong, err.Error(), "")
}

// checkServer has the server check what only it can.
func (d *diagnosis) checkServer() {
	answer, err := d.open(http.MethodPost, adminapi.DoctorPath, adminapi.DoctorOrder{SendTo: d.text("send-to")})
	if err != nil {
		d.note(noServer(err))
		return
	}
	defer answer.Close()
	d.note(adminapi.NewFinding("server", adminapi.Fine, "Doorpost runs at "+d.address, ""))
	for lines := json.NewDecoder(answer); ; {
		var f adminapi.Finding
		switch err := lines.Decode(&f); {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			d.note(adminapi.NewFinding("server", adminapi.Wrong, "its answer broke off: "+err.Error(), "see the log of the server"))
			return
		}
		d.note(f)
	}
}
