package session

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/gorilla/securecookie"
)

// countingCodec counts how often a cookie is decoded.
type countingCodec struct {
	securecookie.Codec
	decodes int
}

func (c *countingCodec) Decode(name, value string, dst any) error {
	c.decodes++
	return c.Codec.Decode(name, value, dst)
}

// oneSession is a store with one session that counts how often it is asked. Its other
// methods panic.
type oneSession struct {
	Store
	record  Record
	lookups int
}

func (s *oneSession) Session(context.Context, Key, time.Time) (Record, bool, error) {
	s.lookups++
	return s.record, true, nil
}

func TestACookieThatIsNotSpeltAsOursIsNotDecoded(t *testing.T) {
	cookie := siteCookie(newRing(t, keys.Generate()), "https://app.example.com")
	codec := &countingCodec{Codec: cookie.signer.codecs[0]}
	cookie.signer.codecs[0] = codec
	value := issue(t, cookie, NewID())
	if _, ok := cookie.Read(value); !ok || codec.decodes != 1 {
		t.Fatalf("our own cookie is read: %v, after %d decodes", ok, codec.decodes)
	}
	for _, other := range []string{"", value[1:], value + "=", value[:len(value)-2] + "\n=", "*" + value[1:], strings.Repeat("a", 4096)} {
		allocations := testing.AllocsPerRun(100, func() {
			if _, ok := cookie.Read(other); ok {
				t.Fatalf("%.100q is read", other)
			}
		})
		if codec.decodes != 1 || allocations > 1 { // the error of the base64 decoder
			t.Errorf("%.100q takes %d decodes and %.0f allocations", other, codec.decodes-1, allocations)
		}
	}
}

func TestASessionThatWasCheckedAMomentAgoCostsNoDecodeAndNoLookUp(t *testing.T) {
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	const scope = "https://app.example.com"
	cookie := NewCookie(ring, CookieOptions{Scope: scope, Secure: true, Lifetime: time.Hour})
	codec := &countingCodec{Codec: cookie.signer.codecs[0]}
	cookie.signer.codecs[0] = codec
	now := time.Now()
	store := &oneSession{record: Record{Address: "alice@example.com", Scope: scope, SignedIn: now, Seen: now, Expires: now.Add(time.Hour)}}
	keeper := NewKeeper(store, NewCache(DefaultCacheSize), Limits{Idle: time.Hour, Absolute: time.Hour, Grace: time.Minute}, slog.New(slog.DiscardHandler))
	keeper.now = func() time.Time { return now }
	issued, err := cookie.Issue(NewID())
	if err != nil {
		t.Fatal(err)
	}
	find := func() {
		if s, err := keeper.Find(t.Context(), cookie, issued.Value); err != nil || s == nil || s.Address != "alice@example.com" {
			t.Fatalf("found %v, %v", s, err)
		}
	}
	find()
	if codec.decodes != 1 || store.lookups != 1 {
		t.Fatalf("the first request takes %d decodes and %d look-ups, want one of each", codec.decodes, store.lookups)
	}
	now = now.Add(Freshness - time.Millisecond)
	if allocations := testing.AllocsPerRun(1000, find); allocations != 0 {
		t.Errorf("finding a session again allocates %.0f times, want never", allocations)
	}
	if codec.decodes != 1 || store.lookups != 1 {
		t.Errorf("requests after it take %d decodes and %d look-ups, want none", codec.decodes-1, store.lookups-1)
	}
	now = now.Add(2 * time.Millisecond)
	find()
	if codec.decodes != 1 || store.lookups != 2 {
		t.Errorf("once the last look-up is old, a request takes %d decodes and %d look-ups, want 0 and 1", codec.decodes-1, store.lookups-1)
	}
}

// BenchmarkFindingASession finds sessions that were checked a moment ago, among many.
func BenchmarkFindingASession(b *testing.B) {
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		b.Fatal(err)
	}
	store := crowd{scope: "https://app.example.com", now: time.Now()}
	cookie := NewCookie(ring, CookieOptions{Scope: store.scope, Secure: true, Lifetime: time.Hour})
	keeper := NewKeeper(store, NewCache(2*DefaultCacheSize), Limits{Idle: time.Hour, Absolute: time.Hour, Grace: time.Minute}, slog.New(slog.DiscardHandler))
	keeper.now = func() time.Time { return store.now }
	var values []string
	for range DefaultCacheSize {
		issued, err := cookie.Issue(NewID())
		if err != nil {
			b.Fatal(err)
		}
		values = append(values, issued.Value)
	}
	find := func(value string) {
		if s, err := keeper.Find(b.Context(), cookie, value); err != nil || s == nil {
			b.Fatalf("found %v, %v", s, err)
		}
	}
	for _, value := range values {
		find(value)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		find(values[i%len(values)])
	}
}
