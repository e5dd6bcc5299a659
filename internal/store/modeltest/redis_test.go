package modeltest

import (
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/store/redisstore"
)

func TestTheRedisStoreLivesAsItsModel(t *testing.T) {
	server := redistest.Single(t)
	check(t, func() (store, func() store, func()) {
		options := redisstore.Options{URLs: []string{server.URL()}, Prefix: rand.Text() + ":", Timeout: 20 * time.Second}
		opened, err := redisstore.Open(options, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return opened, func() store { // another instance takes over
				if err := opened.Close(); err != nil {
					t.Fatal(err)
				}
				if opened, err = redisstore.Open(options, slog.New(slog.DiscardHandler)); err != nil {
					t.Fatal(err)
				}
				return opened
			}, func() {
				_ = opened.Close()
			}
	})
}
