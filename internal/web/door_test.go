package web_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/memstore"
	"github.com/doorpost-auth/doorpost/internal/text"
	"github.com/doorpost-auth/doorpost/internal/web"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// newParts makes what every door in these tests has, with a store of its own.
func newParts(t testing.TB) (keys.Ring, web.Parts, *session.Keeper) {
	t.Helper()
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	store, err := memstore.New()
	if err != nil {
		t.Fatal(err)
	}
	views, err := view.New(view.Brand{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	languages, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	service := signin.NewService(ring, signin.Service{Store: store, LinkLife: time.Minute})
	return ring, web.Parts{
		Service: service, Passkeys: passkey.NewService(ring, passkey.Service{Store: store, SignIns: service}),
		Views: views, Languages: languages, Logger: logger,
	}, session.NewKeeper(store, session.NewCache(10), session.Limits{Idle: time.Hour, Absolute: time.Hour}, logger)
}
