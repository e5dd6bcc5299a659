package redisstore

import (
	"crypto/rand"
	"log/slog"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

func TestAStoreOfALaterFormatIsRefusedOneOfAnEarlierMarked(t *testing.T) {
	server := shared(t, sharedSingle)
	options := Options{URLs: []string{server.URL()}, Prefix: rand.Text() + ":"}
	first := open(t, options)
	name := first.name(steps.FormatKey)
	written := server.Do(t, "GET", name)
	v := signIn(t, first)

	server.Do(t, "DEL", name) // from before there were formats
	v.wantSession(t, open(t, options), true)
	if again := server.Do(t, "GET", name); written == nil || again != written {
		t.Errorf("it is marked with %q, a new one with %q", again, written)
	}
	for text, words := range map[string]string{
		textOf(steps.Record{Value: []byte("99")}): "has format 99",
		"2": "the key " + name + ", which has the format of the store, is not as Doorpost writes it: ", // as somebody types it
	} {
		server.Do(t, "SET", name, text)
		if store, err := Open(options, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), words) {
			if err == nil {
				store.Close()
			}
			t.Errorf("with %q the error is %v", text, err)
		}
	}
}

// A server that comes up later is looked at then.
func TestAStoreOfALaterFormatIsRefusedOnceItsServerIsUp(t *testing.T) {
	server := redistest.Single(t, "--appendonly", "yes")
	options := Options{URLs: []string{server.URL()}}
	first := open(t, options)
	server.Do(t, "SET", first.name(steps.FormatKey), textOf(steps.Record{Value: []byte("99")}))
	server.Kill()
	store, logged := openLogging(t, options)
	server.Restart(t)
	redistest.Await(t, recoveryTime, "it is logged that the format is a later one", func() bool {
		return strings.Contains(logged.String(), "has format 99")
	})
	if _, err := store.Ask(t.Context(), newVisit(t).asking()); err == nil || !strings.Contains(err.Error(), "has format 99") {
		t.Errorf("asking says %v", err)
	}
}
