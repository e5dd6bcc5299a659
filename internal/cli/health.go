package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/spf13/cobra"
)

var healthCommand = Command{
	Name:     "health",
	patience: 4 * time.Second, // a container's check that is killed after five says nothing
	flags: func(cmd *cobra.Command) {
		cmd.Flags().Bool("ready", false, "Fail while nobody can sign in")
	},
	run: func(c *invocation) error {
		health, err := c.health()
		if off, ok := errors.AsType[usageError](err); ok { // a container's check knows 0 and 1 only
			return off.error
		} else if err != nil {
			return err
		}
		var down error
		if c.is("ready") && health.Status == adminapi.Down {
			down = fmt.Errorf("the store is down: %s", health.Store.Error)
		}
		return c.conclude(health, func() { c.say("%s", health.Status) }, down)
	},
}

// health is what the server says of itself. It does so with 503 while nobody can sign in.
func (c *invocation) health() (health adminapi.Health, err error) {
	err = c.ask(http.MethodGet, adminapi.HealthPath, nil, &health)
	refusal, refused := errors.AsType[Refusal](err)
	if refused && json.Unmarshal([]byte(refusal.Body), &health) == nil && health.Status == adminapi.Down {
		return health, nil
	}
	return health, err
}
