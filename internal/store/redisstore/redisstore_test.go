package redisstore

import (
	"crypto/rand"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/store/storetest"
)

func TestTheRedisStoreKeepsThePromisesOfAStore(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			options := kind.options(t)
			storetest.Run(t, func(t *testing.T) storetest.Store {
				own := options
				own.Prefix = rand.Text() + ":"
				return open(t, own)
			})
		})
	}
}
