// Command agedkeys puts the keys of assertions into Redis that a gate has which runs for
// nearly 30 days, and of which the next one signs soon: tests of the program from outside
// cannot wait for that. It is given the URL, the secret and the time of the turn.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/assertion"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/store/redisstore"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(url, encoded, at string) (err error) {
	turn, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return err
	}
	secret, err := keys.ParseSecret(encoded)
	if err != nil {
		return err
	}
	ring, err := keys.NewRing(secret)
	if err != nil {
		return err
	}
	const month = 30 * 24 * time.Hour
	former, err := newKey(ring, turn.Add(-month))
	if err != nil {
		return err
	}
	next, err := newKey(ring, turn)
	if err != nil {
		return err
	}
	store, err := redisstore.Open(redisstore.Options{URLs: []string{url}, Timeout: time.Minute}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return store.TurnSigningKeys(context.Background(), func(kept []assertion.Record) ([]assertion.Record, error) {
		if len(kept) > 0 {
			return nil, errors.New("there are keys already")
		}
		return []assertion.Record{former, next}, nil
	})
}

// newKey has a gate make its first key, and seals that for another time.
func newKey(ring keys.Ring, since time.Time) (assertion.Record, error) {
	var made shelf
	if err := assertion.NewKeys(ring, &made, slog.New(slog.DiscardHandler)).Look(context.Background()); err != nil {
		return assertion.Record{}, err
	}
	sealer := ring.Sealer(keys.SigningKey)
	private, ok := sealer.Open(made[0].Sealed, belongsTo(made[0]))
	if !ok {
		return assertion.Record{}, errors.New("keys are sealed in another way now: tell agedkeys")
	}
	made[0].Since = since.Truncate(time.Millisecond)
	made[0].Sealed = sealer.Seal(private, belongsTo(made[0]))
	return made[0], nil
}

// belongsTo is what a key is bound to, as the gate binds it.
func belongsTo(r assertion.Record) string {
	return r.ID + "\x00" + strconv.FormatInt(r.Since.UnixMilli(), 10)
}

// shelf implements assertion.Store.
type shelf []assertion.Record

func (s *shelf) TurnSigningKeys(_ context.Context, turn func([]assertion.Record) ([]assertion.Record, error)) (err error) {
	*s, err = turn(*s)
	return err
}
