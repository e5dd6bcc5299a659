package caddymodule

import (
	"context"
	"log/slog"
	"time"

	"github.com/doorpost-auth/doorpost/internal/assertion"
	"github.com/doorpost-auth/doorpost/internal/keys"
)

// signing has the keys of assertions, which it keeps up to date until it is stopped. The
// zero value is for a configuration without assertions.
type signing struct {
	keys   *assertion.Keys
	cancel context.CancelFunc
	ended  chan struct{}
}

// firstLook is how long a server that starts waits for the keys. Without them nobody passes
// to an app that is to get an assertion; they are asked for again each second.
const firstLook = 5 * time.Second

func startSigning(ring keys.Ring, store assertion.Store, logger *slog.Logger) signing {
	ctx, cancel := context.WithCancel(context.Background())
	s := signing{keys: assertion.NewKeys(ring, store, logger), cancel: cancel, ended: make(chan struct{})}
	first, done := context.WithTimeout(ctx, firstLook)
	defer done()
	if err := s.keys.Look(first); err != nil {
		logger.Error("there are no keys for assertions yet; apps that are to get one are not reached until there are", "error", err)
	}
	go func() {
		defer close(s.ended)
		s.keys.Run(ctx)
	}()
	return s
}

func (s signing) stop() {
	if s.keys != nil {
		s.cancel()
		<-s.ended
	}
}
