package steps

import (
	"context"
	"reflect"
	"time"

	"github.com/doorpost-auth/doorpost/internal/assertion"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// signingKeys has one record, with all keys of assertions.
var signingKeys = newTable("signing_keys")

var keysOfAssertions = Key{signingKeys, "assertion"}

// TurnSigningKeys implements assertion.Store.
func (s Steps) TurnSigningKeys(ctx context.Context, turn func([]assertion.Record) ([]assertion.Record, error)) error {
	return run(ctx, s.change("turn_signing_keys"), []Key{keysOfAssertions}, func(t *tx) {
		before, _ := load[codec.SigningKeys](t, keysOfAssertions)
		if t.err != nil {
			return
		}
		kept, err := turn(before.Unpack())
		t.fail(err)
		if after := codec.PackSigningKeys(kept); !reflect.DeepEqual(before, after) {
			save(t, keysOfAssertions, after, time.Time{})
		}
	})
}
