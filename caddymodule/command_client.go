package caddymodule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// adminClient talks to the running server over its admin endpoint, as Caddy's
// own commands do.
type adminClient struct {
	address string // as Caddy writes them: localhost:2019, unix//run/caddy.sock
}

// findServer finds the server by the flags, as caddy stop does.
func (c *invocation) findServer() (*adminClient, error) {
	address, err := caddycmd.DetermineAdminAPIAddress(c.flags.String("address"), nil, c.flags.String("config"), c.flags.String("adapter"))
	if err != nil {
		return nil, fmt.Errorf("finding the admin endpoint of the server: %w; say where it is with --address, for instance --address localhost:2019", err)
	}
	return &adminClient{address}, nil
}

// ask sends a request and reads the answer. body may be nil.
func (c *adminClient) ask(method, path string, body, answer any) error {
	answered, err := c.open(method, path, body)
	if err != nil {
		return err
	}
	defer answered.Close()
	if err := json.NewDecoder(answered).Decode(answer); err != nil {
		return fmt.Errorf("reading what the server at %s answered: %w", c.address, err)
	}
	return nil
}

// open sends a request and returns the answer, which whoever called reads and
// closes. Its errors are fit for operators.
func (c *adminClient) open(method, path string, body any) (io.ReadCloser, error) {
	var sent io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("writing a request: %w", err)
		}
		sent = bytes.NewReader(encoded)
	}
	response, err := caddycmd.AdminAPIRequest(c.address, method, path, nil, sent)
	if err != nil {
		return nil, c.explain(err)
	}
	return response.Body, nil
}

// advisedError is a problem with what to do about it.
type advisedError struct {
	problem error
	advice  string
}

func (e advisedError) Error() string { return e.problem.Error() + "; " + e.advice }

func (e advisedError) Unwrap() error { return e.problem }

// refusal is how AdminAPIRequest spells an answer that is an error. It has no
// type for that.
var refusal = regexp.MustCompile(`(?s)HTTP ([0-9]{3}): (.*)$`)

// explain turns an error of AdminAPIRequest into one for operators.
func (c *adminClient) explain(err error) error {
	found := refusal.FindStringSubmatch(err.Error())
	switch {
	case found == nil && strings.HasPrefix(err.Error(), "performing request"):
		_, cause, _ := strings.Cut(err.Error(), `": `) // after the URL
		return advisedError{
			fmt.Errorf("no server answers at %s: %s", c.address, cause),
			fmt.Sprintf("start one with %s run --config Caddyfile, or say where it is with --address or --config; admin off in its configuration shuts commands out", binary()),
		}
	case found == nil:
		return err
	}
	var said struct {
		Error string `json:"error"`
	}
	switch json.Unmarshal([]byte(found[2]), &said); {
	case said.Error != "":
		return errors.New(said.Error)
	case found[1] == strconv.Itoa(http.StatusNotFound):
		return advisedError{
			fmt.Errorf("what answers at %s is a Caddy without Doorpost, or an older Doorpost", c.address),
			"see which one runs there, or name another with --address",
		}
	}
	return fmt.Errorf("the server at %s answered %s: %s", c.address, found[1], strings.TrimSpace(found[2]))
}
