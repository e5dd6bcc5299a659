package caddymodule

import (
	"errors"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// house is what the app has once it runs.
type house struct {
	backend *backend
	ring    keys.Ring
	service *signin.Service
	keeper  *session.Keeper
	postman *postman
}

// Start opens the store, so that a server whose store cannot be opened does
// not start.
func (a *App) Start() error {
	if _, err := a.open(); err != nil {
		return err
	}
	return nil
}

// open opens the store and puts the parts together, once. Apps start in no
// order, so the first request may come before Start.
func (a *App) open() (*house, error) {
	a.opening.Do(func() {
		a.opened, a.failed = a.build()
		if a.failed == nil {
			for _, s := range a.sites {
				s.open(a, a.opened)
			}
		}
	})
	return a.opened, a.failed
}

func (a *App) build() (*house, error) {
	ring, err := a.ring()
	if err != nil {
		return nil, err
	}
	b, err := openBackend(a.store, a.logger)
	if err != nil {
		return nil, err
	}
	h := &house{backend: b, ring: ring, postman: newPostman(a)}
	h.keeper = session.NewKeeper(b.store, b.cache, a.Session.limits(), a.logger)
	h.service = signin.NewService(ring, signin.Service{
		Store: b.store, Postman: h.postman, Limits: a.Limits.limits(), Sessions: a.Session.limits(),
		LinkLife: time.Duration(a.LinkTTL), Logger: a.logger,
	})
	return h, nil
}

// drainTime is how long messages that were promised have to be sent when the
// server stops.
const drainTime = 10 * time.Second

// Stop does nothing yet: apps stop in no order, and the http app may go on to
// take requests that promise messages. See Cleanup.
func (a *App) Stop() error { return nil }

// errUnloaded is what a request meets that comes to a configuration after it
// was replaced.
var errUnloaded = errors.New("this configuration is not in use any more")

// Cleanup sends what is still to be sent and lets go of the store, which stays
// open if the next configuration uses it too. All apps have stopped by then. It
// is called on an app that failed to provision, too.
func (a *App) Cleanup() error {
	// A late request waits for its end here, or finds that it came too late:
	// what it opened then, nobody would close.
	a.opening.Do(func() { a.failed = errUnloaded })
	if a.opened == nil {
		return nil
	}
	a.opened.postman.close(drainTime)
	return a.opened.backend.release()
}
