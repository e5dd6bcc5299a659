package caddymodule

import (
	"context"
	"net/url"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/admin"
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
	told := []any{
		"old", storeName(before.store), "new", storeName(a.store), "people", missing.People, "disabled", missing.Disabled,
		"with_groups_or_grants", missing.Standing, "sessions", missing.Sessions, "advice", advice,
	}
	if err != nil {
		told = append(told, "not_all_counted", err)
	}
	a.logger.Error("this configuration has another store, which lacks what the old one has", told...)
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
