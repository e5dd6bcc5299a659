package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/cli"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
)

func init() {
	caddycmd.RegisterCommand(command(cli.Help("doorpost"), func(cmd *cobra.Command) {
		group = cmd
		for _, c := range Commands() {
			sub := &cobra.Command{Use: c.Name + " " + c.Usage, Short: c.Short, Long: c.Long}
			c.CobraFunc(sub)
			cmd.AddCommand(sub)
		}
		cmd.RunE = helpOf
	}))
}

// Commands are the commands of Doorpost, for the binary to register at its
// top.
func Commands() []caddycmd.Command {
	list := []caddycmd.Command{command(cli.Help("demo"), buildDemo), command(cli.Help("protect"), buildProtect)}
	for _, c := range cli.Commands() {
		list = append(list, command(c, func(cmd *cobra.Command) { c.Build(cmd, caddyHost{}) }))
	}
	return list
}

func command(c cli.Command, build func(*cobra.Command)) caddycmd.Command {
	return caddycmd.Command{Name: c.Name, Usage: c.Usage, Short: c.Short, Long: c.Long, CobraFunc: func(cmd *cobra.Command) {
		cmd.SetHelpTemplate(cmd.HelpTemplate()) // without what Caddy adds at its end: its manual does not have our commands
		build(cmd)
	}}
}

// helpOf is what a command does that has commands below it and does nothing itself.
func helpOf(cmd *cobra.Command, given []string) error {
	if len(given) == 0 {
		return cmd.Help()
	}
	return noCommand(cmd, cmd, given[0])
}

// noCommand ends a command that was given the name of one which is not below a command.
func noCommand(cmd, above *cobra.Command, name string) error {
	hint := ""
	above.SuggestionsMinimumDistance = 2
	if near := above.SuggestionsFor(name); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "? "
	}
	return cli.End(cmd, caddyHost{}, cli.Misuse(fmt.Errorf("there is no command %q; %s%s --help lists them", name, hint, above.CommandPath())))
}

// caddyHost is this Caddy for the command line. It implements cli.Caddy.
type caddyHost struct{}

// serviceFile is what the unit of systemd in ops runs.
var serviceFile = "/etc/doorpost/Caddyfile"

// usualAdmin is the variable by which Caddy takes another address as the usual one.
const usualAdmin = "CADDY_ADMIN"

// Load leaves out what Caddy logs about it, which is no answer to any command.
func (caddyHost) Load(name, adapter string) (config []byte, file string, err error) {
	_, usual, lines := caddy.BufferedLog()
	defer func() {
		lines.FlushTo(zap.NewNop())
		caddy.UnbufferDefaultLogger(usual)
	}()
	config, file, _, err = caddycmd.LoadConfig(name, adapter)
	if _, named := os.LookupEnv(usualAdmin); err == nil && config == nil && !named { // and no Caddyfile is in this folder
		if _, absent := os.Stat(serviceFile); !errors.Is(absent, fs.ErrNotExist) {
			config, file, _, err = caddycmd.LoadConfig(serviceFile, "")
		}
	}
	if err != nil {
		err, _ = ourWords(err)
	}
	return config, file, err
}

// AdminAddress does what a server does with its configuration. Caddy's own search,
// DetermineAdminAPIAddress, goes to the usual address where the admin API is off, and
// to no placeholder.
func (h caddyHost) AdminAddress(given string, config []byte, file, adapter string) (address, source string, err error) {
	if given == "" && config == nil {
		config, file, err = h.Load(file, adapter)
	}
	if given != "" || err != nil {
		return hostAndPort(given), "--address", err
	}
	var written struct {
		Admin struct {
			Disabled bool
			Listen   string
		}
	}
	if config != nil {
		if err := json.Unmarshal(config, &written); err != nil {
			return "", "", fmt.Errorf("reading the option admin in %s: %w", file, err)
		}
	}
	if written.Admin.Disabled {
		return "", "", cli.AdminOff{File: file}
	}
	listen, err := caddy.NewReplacer().ReplaceOrErr(written.Admin.Listen, true, true)
	if err != nil {
		return "", "", fmt.Errorf("the option admin in %s: %w", file, err)
	}
	if listen != "" {
		return listen, "the option admin in " + file, nil
	}
	if _, named := os.LookupEnv(usualAdmin); named {
		return caddy.DefaultAdminListen, usualAdmin, nil
	}
	return caddy.DefaultAdminListen, "the default of Caddy", nil
}

// hostAndPort is an address as a server knows it by its Host: without what a URL has around it,
// and with a host.
func hostAndPort(given string) string {
	if rest, isURL := strings.CutPrefix(given, "http://"); isURL {
		given = strings.TrimSuffix(rest, "/")
	}
	if strings.HasPrefix(given, ":") {
		return "localhost" + given
	}
	return given
}

// Request does what AdminAPIRequest of Caddy does, which waits for ever and has no types
// for its errors.
func (caddyHost) Request(ctx context.Context, address, method, path string, body io.Reader) (*http.Response, error) {
	at, err := caddy.ParseNetworkAddress(address)
	if err == nil && at.PortRangeSize() > 1 {
		err = errors.New("it has several ports")
	}
	if err == nil && !at.IsUnixNetwork() && !strings.HasPrefix(at.Network, "tcp") {
		err = errors.New("say host:port, for example localhost:2019, or unix//path")
	}
	if err != nil {
		return nil, notAdmin(address, err)
	}
	host := at.JoinHostPort(0)
	if at.IsUnixNetwork() {
		at.Host, _, _ = strings.Cut(at.Host, "|") // the permissions that the server gave it
		host = "127.0.0.1"
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+host+path, body)
	if err != nil {
		return nil, notAdmin(address, err)
	}
	if !at.IsUnixNetwork() {
		request.Header.Set("Origin", "http://"+host)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, at.Network, at.JoinHostPort(0))
	}}}
	response, err := client.Do(request)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return nil, cli.Unreachable{Cause: failed.Err}
	}
	if err != nil || response.StatusCode < http.StatusBadRequest {
		return response, err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(io.LimitReader(response.Body, maxRefusal))
	if err != nil {
		return nil, cli.Unreachable{Cause: err}
	}
	return nil, cli.Refusal{Status: response.StatusCode, Header: response.Header, Body: string(said)}
}

func notAdmin(address string, err error) error {
	return cli.Misuse(fmt.Errorf("%q is not an address of an admin API: %w", address, err))
}

// maxRefusal bounds the answer of a server that refuses, in bytes.
const maxRefusal = 1 << 20

func (caddyHost) Try(config []byte) ([]adminapi.Finding, error) {
	var parsed *caddy.Config
	if err := caddy.StrictUnmarshalJSON(caddy.RemoveMetaFields(config), &parsed); err != nil {
		return nil, fmt.Errorf("reading the adapted configuration: %w", err)
	}
	ctx, err := caddy.ProvisionContext(parsed)
	if err != nil {
		err, _ = ourWords(err)
		return nil, err
	}
	app, err := ctx.AppIfConfigured("doorpost")
	if err != nil {
		return nil, errors.New("no site in it has the directive doorpost")
	}
	if err := app.(*App).rest(); err != nil {
		return nil, err
	}
	return app.(*App).advice(), nil
}

// Exit prints the error itself: Caddy's logger writes JSON where there is no terminal.
func (caddyHost) Exit(cmd *cobra.Command, code int, err error) error {
	if err == nil {
		return nil
	}
	printError(cmd, err)
	cmd.SilenceErrors = true
	exit := caddycmd.WrapCommandFuncForCobra(func(caddycmd.Flags) (int, error) { return code, nil })
	return exitError{err, exit(cmd, nil)}
}

func printError(cmd *cobra.Command, err error) { fmt.Fprintf(cmd.ErrOrStderr(), "ERROR\t%s\n", err) }

// exitError is an error with the one by which Caddy knows the exit code; that is nil
// for the usual one.
type exitError struct {
	error
	exit error
}

func (e exitError) Unwrap() []error { return []error{e.error, e.exit} }

// starts makes of a command one that takes flags alone and starts a server.
func starts(cmd *cobra.Command, run func(caddycmd.Flags) error) {
	end := func(cmd *cobra.Command, err error) error { return cli.End(cmd, caddyHost{}, err) }
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return end(cmd, cli.Misuse(err)) })
	cmd.Args = func(cmd *cobra.Command, given []string) error {
		if len(given) == 0 {
			return nil
		}
		return end(cmd, cli.Misuse(fmt.Errorf("%q is not a flag, and %s takes flags only: see %s --help", given[0], cmd.Name(), cmd.CommandPath())))
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return end(cmd, run(caddycmd.Flags{FlagSet: cmd.Flags()})) }
}

var _ cli.Caddy = caddyHost{}
