package oauth

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
)

// Store keeps refresh tokens, so that a restart and other instances know the latest one. It is
// safe for concurrent use and honours ctx.
type Store interface {
	// TurnRefreshToken keeps what turn makes of what is kept for a grant; nil is nothing. Of
	// two instances that turn at the same time, the later one turns what the other has kept;
	// turn may be called several times for that, and the last time counts.
	TurnRefreshToken(ctx context.Context, grant []byte, turn func(sealed []byte) ([]byte, error)) error
}

// Shelf is the place of a grant in a store. The zero value keeps nothing.
type Shelf struct {
	Store  Store
	Sealer keys.Sealer
	Grant  []byte // a hash of what it began with: after another beginning it has another place
	Logger *slog.Logger
}

const (
	// storeTime bounds the keeping of a new refresh token. What it replaces may be over, so it
	// is kept even if the message has no time left.
	storeTime = 2 * time.Second
	// keepPause is how long to wait before what could not be stored is tried again.
	keepPause = 2 * time.Second
)

// KeepIn says where the refresh tokens that the service sends are kept. Call it before Token,
// and Close afterwards.
func (s *Source) KeepIn(shelf Shelf) {
	s.shelf = shelf
	if s.config.Grant != nil {
		s.keeping.Go(s.keepUp)
	}
}

// Close waits until ctx ends for a token that is asked for, because a refresh token may come
// with it. It stores what could not be stored before, if that can be done now: call it before
// the store is closed.
func (s *Source) Close(ctx context.Context) {
	s.mu.Lock()
	under := s.renewing
	s.mu.Unlock()
	if under != nil {
		select {
		case <-under.done:
		case <-ctx.Done():
		}
	}
	s.stop()
	s.keeping.Wait()
}

// renewed takes a refresh token that the service sent for the latest one.
func (s *Source) renewed(ctx context.Context, token string) {
	s.grant.latest = refreshToken{token, s.grant.latest.number + 1}
	s.grant.unkept = true
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	s.warn(s.compare(ctx))
}

func (s *Source) warn(err error) {
	if err != nil {
		s.shelf.Logger.Warn("the refresh token that the mail service has renewed is in memory only, and lost if the server stops before the store works", "error", err)
	}
}

// keepUp stores what could not be stored before as soon as the store works, and tries a last
// time when the source is closed.
func (s *Source) keepUp() {
	ticker := time.NewTicker(keepPause)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			_ = s.keepLatest() // what failed first was logged
		case <-s.open.Done():
			s.warn(s.keepLatest())
			return
		}
	}
}

// keepLatest stores the latest refresh token unless it is stored, or somebody is at it.
func (s *Source) keepLatest() error {
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	if s.grant.take(ctx) != nil {
		return nil // who has the turn, stores it
	}
	defer s.grant.give()
	if !s.grant.unkept {
		return nil
	}
	err := s.compare(ctx)
	if err == nil {
		s.shelf.Logger.Info("the refresh token that the mail service has renewed is stored")
	}
	return err
}

// compare makes the grant and the store have the later of their two refresh tokens.
func (s *Source) compare(ctx context.Context) error {
	if s.shelf.Store == nil || s.config.Grant == nil {
		return nil
	}
	ours, later := s.grant.latest, refreshToken{}
	err := s.shelf.Store.TurnRefreshToken(ctx, s.shelf.Grant, func(sealed []byte) ([]byte, error) {
		later = s.shelf.open(sealed)
		if ours.number > later.number || s.grant.unkept && ours.number == later.number {
			later = ours
			return s.shelf.seal(ours), nil
		}
		return sealed, nil
	})
	if err != nil {
		return fmt.Errorf("looking in the store for the latest refresh token: %w", err)
	}
	if s.grant.unkept = false; later.number > 0 {
		s.grant.latest = later
	}
	return nil
}

func (s Shelf) seal(t refreshToken) []byte {
	return s.Sealer.Seal(append(binary.BigEndian.AppendUint64(nil, t.number), t.token...), string(s.Grant))
}

// open is what was sealed; the zero value for nothing, and for what another secret sealed.
func (s Shelf) open(sealed []byte) (t refreshToken) {
	if content, ok := s.Sealer.Open(sealed, string(s.Grant)); ok && len(content) > 8 {
		t.number, t.token = binary.BigEndian.Uint64(content), string(content[8:])
	}
	return t
}
