package caddymodule

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/assertion"
	"github.com/doorpost-auth/doorpost/internal/mail/oauth"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/portal"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/boltstore"
	"github.com/doorpost-auth/doorpost/internal/store/memstore"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// StoreModule is a module in the namespace doorpost.stores. It is checked when
// it is provisioned and opened only when the server starts.
type StoreModule interface {
	caddy.Module

	// Key names what is opened, and nothing that may change while it is open:
	// configurations with the same key share one store.
	Key() string

	// Open opens the store. It fails within seconds or not at all.
	Open() (Store, error)
}

// Store is everything that is kept.
type Store interface {
	signin.Store
	session.Store
	outbox.Store
	people.Store
	access.Store
	account.Store
	portal.Store
	passkey.Store
	token.Store
	assertion.Store
	oauth.Store

	// Health reports whether the store answers, and what an operator should mend
	// although it does.
	Health(ctx context.Context) (warnings []string, err error)

	// TryWrite fails where nothing can be written, although the store answers.
	TryWrite(ctx context.Context) error

	Close() error
}

// BoltStore keeps everything in one file. One process at a time can use it.
type BoltStore struct {
	// Path of the file. Default: doorpost.db in Caddy's data folder.
	Path string `json:"path,omitempty"`
}

func (BoltStore) CaddyModule() caddy.ModuleInfo { return moduleInfo[BoltStore]("doorpost.stores.bolt") }

// Provision resolves the path.
func (s *BoltStore) Provision(caddy.Context) error {
	if s.Path == "" {
		s.Path = filepath.Join(caddy.AppDataDir(), "doorpost.db")
		return nil
	}
	path, err := resolve("path", s.Path)
	if err != nil {
		return err
	}
	if s.Path, err = filepath.Abs(path); err != nil {
		return fmt.Errorf("path %s: %w", path, err)
	}
	return nil
}

func (s *BoltStore) Key() string { return "bolt:" + s.Path }

func (s *BoltStore) Open() (Store, error) { return boltstore.Open(s.Path) }

// UnmarshalCaddyfile reads store bolt [<path>].
func (s *BoltStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		if s.Path = d.Val(); s.Path == "" {
			return d.Err("store bolt: the path of the file is empty; leave it out to keep the file in Caddy's data folder")
		}
	}
	return noMore(d, "store bolt")
}

// MemoryStore keeps everything in memory, for tests and trials.
type MemoryStore struct{}

func (MemoryStore) CaddyModule() caddy.ModuleInfo {
	return moduleInfo[MemoryStore]("doorpost.stores.memory")
}

// Provision warns.
func (MemoryStore) Provision(ctx caddy.Context) error {
	ctx.Slogger().Warn("store memory keeps sessions until the server stops: everybody has to sign in again then; use store bolt to keep them")
	return nil
}

func (*MemoryStore) Key() string { return "memory" }

func (*MemoryStore) Open() (Store, error) { return memstore.New() }

func (*MemoryStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	return noMore(d, "store memory")
}

var (
	_ caddy.Provisioner = (*BoltStore)(nil)
	_ caddy.Provisioner = (*MemoryStore)(nil)
)
