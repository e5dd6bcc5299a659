package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/cli"
	"github.com/doorpost-auth/doorpost/internal/store/boltstore"
	"github.com/doorpost-auth/doorpost/internal/store/redisstore"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

// copiedModule is a module whose stores can be copied.
type copiedModule interface {
	StoreModule

	// openCopy opens a store as the copy of another one; of is empty for a source,
	// which is there.
	openCopy(of string) (openCopy, error)
}

// openCopy is a store that is copied, or a copy of one.
type openCopy struct {
	steps.Steps
	store Store
}

func (s *BoltStore) openCopy(of string) (openCopy, error) {
	if _, err := os.Stat(s.Path); of == "" && errors.Is(err, fs.ErrNotExist) {
		return openCopy{}, fmt.Errorf("there is no file %s; name the one that the server uses", s.Path)
	}
	store, err := boltstore.OpenCopy(s.Path, of)
	if err != nil {
		return openCopy{}, err
	}
	return openCopy{store.Steps, store}, nil
}

// copyPatience is how long one step of a copy may take. Nobody waits for a page.
const copyPatience = 20 * time.Second

func (s *RedisStore) openCopy(of string) (openCopy, error) {
	options := s.options
	options.CopyOf = of
	options.Timeout = max(options.Timeout, copyPatience)
	store, err := redisstore.Open(options, slog.New(slog.DiscardHandler)) // what it logs is asked for below
	if err != nil {
		return openCopy{}, err
	}
	return openCopy{store.Steps, store}, nil
}

// CopyStore copies what one store holds into another one. The report tells how far it
// came, too, if it fails.
func (h caddyHost) CopyStore(ctx context.Context, from, to, adapter string, tell cli.CopyProgress) (report adminapi.CopyReport, err error) {
	sandbox, cancel := caddy.NewContext(caddy.Context{Context: ctx})
	defer cancel()
	source, err := h.storeToCopy(sandbox, "from", from, adapter)
	if err != nil {
		return report, err
	}
	target, err := h.storeToCopy(sandbox, "to", to, adapter)
	if err != nil {
		return report, err
	}
	report.From, report.To = storeName(source), storeName(target)
	if report.From == report.To {
		return report, cli.Misuse(fmt.Errorf("--from and --to are the same store, %s", report.To))
	}
	held, err := openToCopy(ctx, source, "")
	if err != nil {
		return report, fmt.Errorf("opening the source: %w", err)
	}
	defer func() { err = errors.Join(err, held.store.Close()) }()
	if err := held.CanBeCopied(ctx); err != nil {
		return report, fmt.Errorf("copying %s to %s: %w", report.From, report.To, err)
	}
	copied, err := openToCopy(ctx, target, report.From)
	if err != nil {
		return report, fmt.Errorf("opening the target: %w", err)
	}
	defer func() { err = errors.Join(err, copied.store.Close()) }()
	done, err := copied.CopyFrom(ctx, held.Steps, report.From, steps.Progress(tell))
	report.Tables, report.Written = make(map[string]int), done.Written
	for table, n := range done.Records {
		report.Tables[string(table)] = n
		report.Records += n
	}
	if err != nil {
		return report, fmt.Errorf("copying %s to %s: %w", report.From, report.To, err)
	}
	return report, nil
}

// openToCopy opens a store that answers.
func openToCopy(ctx context.Context, module copiedModule, of string) (openCopy, error) {
	opened, err := module.openCopy(of)
	if err != nil {
		return opened, err
	}
	if _, err := opened.store.Health(ctx); err != nil {
		return opened, errors.Join(err, opened.store.Close())
	}
	return opened, nil
}

// storeToCopy is the store that a flag names: as the Caddyfile has it after the word
// store, or by a configuration file.
func (h caddyHost) storeToCopy(ctx caddy.Context, flag, given, adapter string) (copiedModule, error) {
	info, err := os.Stat(given)
	if err == nil && info.Mode().IsRegular() {
		return h.storeOfConfig(ctx, given, adapter)
	}
	tokens, err := caddyfile.Tokenize([]byte(given), "--"+flag)
	if err != nil {
		return nil, cli.Misuse(fmt.Errorf("--%s: %w", flag, err))
	}
	name, _, _ := strings.Cut(strings.TrimSpace(given), " ")
	module, err := newStore(name)
	if err != nil {
		return nil, cli.Misuse(fmt.Errorf("--%s: %w", flag, err))
	}
	if err := module.(caddyfile.Unmarshaler).UnmarshalCaddyfile(caddyfile.NewDispenser(tokens)); err != nil {
		return nil, cli.Misuse(err)
	}
	if err := module.(caddy.Provisioner).Provision(ctx); err != nil {
		return nil, cli.Misuse(fmt.Errorf("--%s: %w", flag, err))
	}
	return module, nil
}

// newStore makes a module by its name.
func newStore(name string) (copiedModule, error) {
	switch name {
	case "bolt":
		return new(BoltStore), nil
	case "redis":
		return new(RedisStore), nil
	case "memory":
		return nil, errors.New("store memory is gone when its server stops, and cannot be copied")
	}
	return nil, fmt.Errorf("%q is neither a configuration file nor a store; write for example \"bolt /var/lib/doorpost/doorpost.db\" or \"redis redis://localhost:6379\"", name)
}

// storeOfConfig is the store that a configuration file names.
func (h caddyHost) storeOfConfig(ctx caddy.Context, name, adapter string) (copiedModule, error) {
	config, file, err := h.Load(name, adapter)
	if err != nil {
		return nil, err
	}
	var written struct {
		Apps struct {
			Doorpost *struct {
				Store json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(config, &written); err != nil {
		return nil, fmt.Errorf("reading the store in %s: %w", file, err)
	}
	if written.Apps.Doorpost == nil {
		return nil, fmt.Errorf("%s has no option doorpost, which says what the store is", file)
	}
	kind, raw := struct{ Module string }{"bolt"}, written.Apps.Doorpost.Store
	if raw == nil {
		raw = json.RawMessage(`{}`)
	} else if err := json.Unmarshal(raw, &kind); err != nil {
		return nil, fmt.Errorf("reading the store in %s: %w", file, err)
	}
	module, err := newStore(kind.Module)
	if err != nil {
		return nil, fmt.Errorf("the store in %s: %w", file, err)
	}
	if err := json.Unmarshal(raw, module); err != nil {
		return nil, fmt.Errorf("reading the store in %s: %w", file, err)
	}
	if err := module.(caddy.Provisioner).Provision(ctx); err != nil {
		return nil, fmt.Errorf("the store in %s: %w", file, err)
	}
	return module, nil
}
