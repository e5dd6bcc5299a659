package caddymodule

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/admin"
	"github.com/doorpost-auth/doorpost/internal/people"
)

// compareTime is how long two stores are compared when a configuration loads. What is
// counted by then is told.
const compareTime = 5 * time.Second

// warnOfSwitch tells what is lost to sight if this configuration takes over: the one
// that runs has another store, which is open still.
func (a *App) warnOfSwitch(to *backend) {
	before := runs()
	if before == nil || before == a {
		return
	}
	old, err := before.open()
	if err != nil || old.backend == to {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), compareTime)
	defer cancel()
	missing, err := admin.CountMissing(ctx, old.backend.store, to.store, time.Now())
	if err == nil && missing == (admin.Missing{}) {
		return
	}
	advice := "missing people who were disabled can sign in again; disable them with users disable, give groups back with users add --group"
	if _, ends := before.store.(*MemoryStore); !ends {
		advice += "; nothing is changed in the old store: to go back, name it in the configuration and reload"
	}
	if copies(storeName(before.store), storeName(a.store)) {
		advice += "; to bring everything along, go back, stop the server and run " + copyCommand
	}
	told := []any{
		"old", storeName(before.store), "new", storeName(a.store), "people", missing.People, "disabled", missing.Disabled,
		"with_groups_or_grants", missing.Standing, "sessions", missing.Sessions, "advice", advice,
	}
	if err != nil {
		told = append(told, "not_all_counted", err)
	}
	a.logger.Error("this configuration has another store, which lacks what the old one has", told...)
}

// lastStoreKey is where in Caddy's storage the name lies of the store that the server
// ran with last.
const lastStoreKey = "doorpost/store"

// noteStore keeps the name of the store for the next start, and tells of a start with
// another one than at the last.
func (a *App) noteStore(b *backend) {
	ctx, cancel := context.WithTimeout(a.ctx, compareTime)
	defer cancel()
	storage, name := a.ctx.Storage(), storeName(a.store)
	stored, err := storage.Load(ctx, lastStoreKey)
	last := string(stored)
	switch {
	case err == nil && last == name:
		return
	case err == nil && last != storeName(new(MemoryStore)) && runs() == nil:
		a.warnOfStart(ctx, b, last, name)
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = storage.Store(ctx, lastStoreKey, []byte(name))
	}
	if err != nil {
		a.logger.Debug("Caddy's storage does not keep which store this is: a start with another one will not be noticed", "error", err)
	}
}

// warnOfStart tells that the server had another store when it ran last. That one cannot be
// compared any more: somebody chose the wrong one, or left people behind, or copied all.
func (a *App) warnOfStart(ctx context.Context, b *backend, last, name string) {
	found, advice := "the server had another store when it ran last", adviceAfterStart(last, name)
	if page, err := b.store.People(ctx, people.Query{Max: 1}); err == nil && len(page.People) == 0 {
		found = "the server had another store when it ran last, and this one knows nobody"
	} else {
		advice = "if all of it was copied or moved here, there is nothing to do; " + advice
	}
	a.logger.Warn(found, "last", last, "now", name, "advice", advice)
}

// copyCommand moves everything from one store to another.
const copyCommand = "doorpost store copy --from <the last> --to <the new one>"

// copies reports whether that command can do so: what is in memory ends with its server.
func copies(from, to string) bool {
	memory := storeName(new(MemoryStore))
	return from != memory && to != memory
}

func adviceAfterStart(last, now string) string {
	advice := "if it is the wrong one, name the last one in the configuration and restart; otherwise "
	if copies(last, now) {
		advice += "stop the server and run " + copyCommand + ", or "
	}
	return advice + "people who were disabled there can sign in again"
}

// runs is the app of the configuration that runs, nil if there is none.
func runs() *App {
	found, err := caddy.ActiveContext().AppIfConfigured("doorpost")
	if err != nil {
		return nil
	}
	return found.(*App)
}

// storeName is what operators know a store by.
func storeName(module StoreModule) string {
	switch s := module.(type) {
	case *BoltStore:
		return "bolt " + s.Path
	case *RedisStore:
		name := "redis"
		for _, given := range s.options.URLs {
			if u, err := url.Parse(given); err == nil { // as it was when it was checked
				name += " " + u.Host + u.Path
			}
		}
		if s.Prefix != "" {
			name += " prefix " + s.Prefix
		}
		return name
	}
	return module.CaddyModule().ID.Name()
}
