package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// Refusal is an answer of the admin API with a status of 400 or more.
type Refusal struct {
	Status int
	Header http.Header
	Body   string
}

func (r Refusal) Error() string {
	return fmt.Sprintf("answer %d: %s", r.Status, strings.TrimSpace(r.Body))
}

// Unreachable is that nobody answers at the address of the admin API.
type Unreachable struct{ Cause error }

func (u Unreachable) Error() string { return u.Cause.Error() }

func (u Unreachable) Unwrap() error { return u.Cause }

// AdminOff is that a configuration has no admin API. At the usual address may be that
// of another server, which is not the one meant.
type AdminOff struct{ File string }

func (a AdminOff) Error() string {
	return fmt.Sprintf("the admin API is off in %s, so no command reaches the server that runs it", a.File)
}

// advised says what can be done about it.
func (a AdminOff) advised() advisedError {
	return advisedError{a, "take admin off out of the file and restart the server, or name another server with --address"}
}

// server is the address of the admin API, as caddy stop finds it.
func (c *invocation) server() (string, error) {
	if c.address == "" {
		found, source, err := c.caddy.AdminAddress(c.text("address"), nil, c.text("config"), c.text("adapter"))
		if off, ok := errors.AsType[AdminOff](err); ok {
			return "", usageError{off.advised()}
		}
		if err != nil {
			return "", fmt.Errorf("finding the admin API of the server: %w; say where it is with --address, for example --address localhost:2019", err)
		}
		c.address, c.source = found, source
	}
	return c.address, nil
}

// ask sends a request and reads the report that it is answered with, all of it while its
// patience lasts. order may be nil.
func (c *invocation) ask(method, path string, order, report any) error {
	answer, err := c.open(method, path, order)
	if err != nil {
		return err
	}
	defer answer.Close()
	if err := json.NewDecoder(answer.response.Body).Decode(report); err != nil {
		if _, silent := errors.AsType[advisedError](err); !silent && !adminapi.IsMarked(answer.response.Header) { // not even Caddy
			return c.stranger()
		}
		return fmt.Errorf("reading what the server at %s answered: %w", c.address, err)
	}
	return nil
}

// answer sends a request and prints the report on it: with --json as it is, else
// in words.
func answer[Report any](c *invocation, method, path string, order any, words func(Report)) error {
	var report Report
	if err := c.ask(method, path, order, &report); err != nil {
		return err
	}
	c.print(report, func() { words(report) })
	return nil
}

// answerAbout is answer to an order about the person whom a command is about.
func answerAbout[Report any](path string, words func(*invocation, Report)) func(*invocation) error {
	return func(c *invocation) error {
		order := adminapi.UserOrder{Address: c.who}
		if c.cmd.Flags().Lookup("group") != nil {
			order.Groups = c.list("group")
		}
		return answer(c, http.MethodPost, path, order, func(r Report) { words(c, r) })
	}
}

// configPath has the configuration of a server. It is Caddy that answers there.
const configPath = "/config/"

// open sends a request and returns the answer, which the caller reads and closes.
// Its errors are fit for operators.
func (c *invocation) open(method, path string, order any) (*reply, error) {
	if o, ok := order.(adminapi.Checked); ok {
		if err := o.Check(); err != nil {
			return nil, Misuse(err)
		}
	}
	address, err := c.server()
	if err != nil {
		return nil, err
	}
	var body io.Reader
	if order != nil {
		encoded, err := json.Marshal(order)
		if err != nil {
			return nil, fmt.Errorf("writing a request: %w", err)
		}
		body = bytes.NewReader(encoded)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	silence := time.AfterFunc(c.patience, func() {
		cancel(advisedError{
			fmt.Errorf("the server at %s did not answer, or not to the end, within %s", address, c.patience),
			"see its log and what listens there, or give it more time with --timeout",
		})
	})
	response, err := c.caddy.Request(ctx, address, method, path, body)
	if err != nil {
		silence.Stop()
		return nil, c.explain(err)
	}
	if path != configPath && !adminapi.IsMarked(response.Header) {
		silence.Stop()
		response.Body.Close()
		return nil, c.stranger()
	}
	return &reply{response, silence, c.patience}, nil
}

// usualPatience is longer than anything that a server waits for before it says more.
const usualPatience = time.Minute

// reply is an answer. Reading it ends with an error when the server is silent for too long.
type reply struct {
	response *http.Response
	silence  *time.Timer
	patience time.Duration
}

// Read gives the server its time anew for each piece: a long answer takes as long as it takes.
func (r *reply) Read(p []byte) (int, error) {
	r.silence.Reset(r.patience)
	return r.response.Body.Read(p)
}

func (r *reply) Close() error {
	r.silence.Stop()
	return r.response.Body.Close()
}

// explain turns an error of Caddy.Request into one for operators.
func (c *invocation) explain(err error) error {
	if silent, ok := errors.AsType[advisedError](err); ok {
		return silent
	}
	if absent, ok := errors.AsType[Unreachable](err); ok {
		advice := fmt.Sprintf("start one with %s run --config Caddyfile, or say where it is with --address, --config or CADDY_ADMIN; with admin off in its configuration no command works", binary())
		if errors.Is(absent, fs.ErrPermission) {
			advice = "run this as root or as the user of the server, or name another server with --address or --config"
		}
		return advisedError{fmt.Errorf("no server answers at %s: %w", c.where(), absent), advice}
	}
	refusal, ok := errors.AsType[Refusal](err)
	if !ok {
		return err
	}
	var failure adminapi.Failure
	_ = json.Unmarshal([]byte(refusal.Body), &failure) // what is no JSON names no error
	marked, named := adminapi.IsMarked(refusal.Header), failure.Error != ""
	switch {
	case marked && named && refusal.Status == http.StatusBadRequest: // an id or URL that cannot be one
		return Misuse(errors.New(failure.Error))
	case marked && named:
		return errors.New(failure.Error)
	case named && refusal.Status == http.StatusForbidden: // by Caddy, before Doorpost is asked
		return advisedError{
			fmt.Errorf("the server at %s refuses: %s", c.where(), printable(failure.Error)),
			"name it with --address as its configuration does: the address of the option admin, or one of its origins",
		}
	case !marked:
		return c.stranger()
	}
	return fmt.Errorf("the server at %s refuses: %w", c.address, refusal)
}

// where is the address that was asked, and what says that the server is there.
func (c *invocation) where() string { return c.address + " (" + c.source + ")" }

// stranger is the error of an answer that is not marked. What gave it may have done what it was
// told: a Doorpost from before there was a mark.
func (c *invocation) stranger() error {
	return advisedError{
		fmt.Errorf("what answers at %s is not Doorpost, or is an older one: its answer does not say who it is", c.where()),
		"check which program runs there, or name another server with --address; an older Doorpost has done what it was told, so look first, and restart it with this version",
	}
}
