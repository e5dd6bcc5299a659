package steps

import (
	"bytes"
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

var refreshTokens = newTable("refresh_tokens") // by the hash of what their grant began with

// TurnRefreshToken implements oauth.Store.
func (s Steps) TurnRefreshToken(ctx context.Context, grant []byte, turn func(sealed []byte) ([]byte, error)) error {
	key := hashed(refreshTokens, grant)
	return run(ctx, s.change("turn_refresh_token"), []Key{key}, func(t *tx) {
		kept, _ := load[codec.RefreshToken](t, key)
		if t.err != nil {
			return
		}
		sealed, err := turn(kept.Sealed)
		t.fail(err)
		if !bytes.Equal(sealed, kept.Sealed) {
			save(t, key, codec.RefreshToken{Sealed: sealed}, time.Time{})
		}
	})
}
