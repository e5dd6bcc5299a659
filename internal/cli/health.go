package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/spf13/cobra"
)

var healthCommand = Command{
	Name: "health",
	flags: func(cmd *cobra.Command) {
		cmd.Flags().Bool("ready", false, "Fail while nobody can sign in")
	},
	run: func(c *invocation) error {
		health, err := c.health()
		if usage, ok := errors.AsType[usageError](err); ok { // a container's check knows 0 and 1 only
			return usage.error
		} else if err != nil {
			return err
		}
		if c.is("ready") && health.Status == adminapi.Down {
			return fmt.Errorf("the store is down: %s", health.Store.Error)
		}
		c.print(health, func() { c.say("%s", health.Status) })
		return nil
	},
}

// health is what the server says of itself. It does so with 503 while nobody can sign in.
func (c *invocation) health() (health adminapi.Health, err error) {
	address, err := c.server()
	if err != nil {
		return health, err
	}
	response, err := c.caddy.Request(address, http.MethodGet, adminapi.HealthPath, nil)
	refusal, refused := errors.AsType[Refusal](err)
	switch {
	case refused && json.Unmarshal([]byte(refusal.Body), &health) == nil && health.Status == adminapi.Down:
		return health, nil
	case err != nil:
		return health, explain(address, err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&health); err != nil {
		return health, fmt.Errorf("reading what the server at %s answered: %w", address, err)
	}
	return health, nil
}
