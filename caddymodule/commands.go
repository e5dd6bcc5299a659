package caddymodule

import (
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "doorpost",
		Short: "Passwordless sign-in in front of any app",
		Long: `
Commands of Doorpost, the gate that lets people in by a link or code sent to
their mailbox. In the doorpost binary they stand at the top: doorpost demo.`,
		CobraFunc: func(cmd *cobra.Command) {
			for _, c := range Commands() {
				sub := &cobra.Command{Use: c.Name + " " + c.Usage, Short: c.Short, Long: c.Long}
				c.CobraFunc(sub)
				cmd.AddCommand(sub)
			}
		},
	})
}

// Commands are the commands of Doorpost, for the binary to register at its
// top.
func Commands() []caddycmd.Command {
	return []caddycmd.Command{
		demoCommand(), protectCommand(),
		usersCommand(), sessionsCommand(), inviteCommand(), requestsCommand(), whyCommand(),
		outboxCommand(), doctorCommand(),
	}
}

// runCaddyfile runs the server on a configuration that was put together here.
// It returns only if the server does not start.
func runCaddyfile(config string) error {
	adapted, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(config), map[string]any{"filename": "doorpost"})
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
	var quoted []byte
	for _, c := range []byte(value) {
		switch {
		case c < ' ' || c == 0x7f:
			return "", fmt.Errorf("%q has a line break or another control character in it", value)
		case c == '"':
			quoted = append(quoted, '\\')
		}
		quoted = append(quoted, c)
	}
	return `"` + string(quoted) + `"`, nil
}
