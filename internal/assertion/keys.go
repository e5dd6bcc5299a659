package assertion

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/go-jose/go-jose/v4"
)

// Store keeps the keys. It is safe for concurrent use and honours ctx.
type Store interface {
	// TurnSigningKeys keeps what turn makes of the keys that are kept. Of two instances that
	// turn at the same time, the later one turns what the other has kept; turn may be called
	// several times for that, and the last time counts.
	TurnSigningKeys(ctx context.Context, turn func(kept []Record) ([]Record, error)) error
}

// CacheFor is how long others may keep the public keys.
const CacheFor = 5 * time.Minute

// How long the keys that an instance knows stand until it looks again, by what came of the
// last look. A key is published for a day before it signs, so most misses do no harm.
const (
	lookAgain   = time.Hour
	retry       = time.Minute
	retryWithNo = time.Second
)

// Keys are those that this instance signs with. It is safe for concurrent use.
type Keys struct {
	store  Store
	sealer keys.Sealer
	logger *slog.Logger

	known   atomic.Pointer[[]key] // the oldest first; nil until the store answered
	failed  atomic.Bool           // it did not, the last time
	signing [32]sync.Mutex        // by the subject: what is asked for twice is signed once
}

// NewKeys makes the keys of an instance, which knows none before Look.
func NewKeys(ring keys.Ring, store Store, logger *slog.Logger) *Keys {
	return &Keys{store: store, sealer: ring.Sealer(keys.SigningKey), logger: logger}
}

// Look reads the keys from the store, and adds the next one if it is due.
func (k *Keys) Look(ctx context.Context) error {
	var opened []key
	var lost bool
	err := k.store.TurnSigningKeys(ctx, func(kept []Record) (records []Record, err error) {
		records, opened, lost, err = k.turned(kept, time.Now())
		return records, err
	})
	if k.failed.Store(err != nil); err != nil {
		return fault.Store("reading the keys of assertions", err)
	}
	if lost {
		k.logger.Warn("no key of assertions was sealed with a secret in force; a new one signs from now on, and apps may refuse assertions until they have fetched it, after five minutes at most")
	}
	k.known.Store(&opened)
	return nil
}

// Run looks again from time to time, until ctx ends.
func (k *Keys) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(k.pause()):
		}
		if err := k.Look(ctx); err != nil && ctx.Err() == nil {
			k.logger.Warn("the keys of assertions are as they were", "error", err)
		}
	}
}

func (k *Keys) pause() time.Duration {
	switch {
	case k.known.Load() == nil:
		return retryWithNo
	case k.failed.Load():
		return retry
	}
	return lookAgain
}

var errNoKey = errors.New("no key of assertions was read yet")

// current is the key that signs.
func (k *Keys) current(now time.Time) (key, error) {
	if known := k.known.Load(); known != nil {
		if i := signing(*known, now); i >= 0 {
			return (*known)[i], nil
		}
	}
	return key{}, fault.Store("signing an assertion", errNoKey)
}

// Public is the JWK set (RFC 7517) by which an app checks what is signed: the key that
// signs, the next and the previous one, as far as there are.
func (k *Keys) Public() ([]byte, error) {
	now := time.Now()
	if _, err := k.current(now); err != nil {
		return nil, err
	}
	known := *k.known.Load()
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, each := range known[max(signing(known, now)-1, 0):] {
		set.Keys = append(set.Keys, each.public)
	}
	encoded, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("writing the public keys: %w", err)
	}
	return encoded, nil
}
