package assertion

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/people"
)

const origin = "https://app.example.com"

var quiet = slog.New(slog.DiscardHandler)

var ada = Person{Subject: people.Subject{1}, Email: "ada@example.com", Groups: "readers,staff", Methods: []string{"passkey", "pop"}}

// shelf is a store of keys that can be down.
type shelf struct {
	mu   sync.Mutex
	kept []Record
	all  []made
	down bool
}

// made is a key that came.
type made struct {
	Record
	at time.Time
}

func (s *shelf) TurnSigningKeys(_ context.Context, turn func([]Record) ([]Record, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return errors.New("connection refused")
	}
	kept, err := turn(slices.Clone(s.kept))
	if err != nil {
		return err
	}
	s.kept = kept
	for _, r := range kept {
		if !slices.ContainsFunc(s.all, func(m made) bool { return m.ID == r.ID }) {
			s.all = append(s.all, made{r, time.Now()})
		}
	}
	return nil
}

// came are all keys that came, the oldest first.
func (s *shelf) came() []made {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

func (s *shelf) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// log is what was logged.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func ring(t testing.TB, secrets ...[]byte) keys.Ring {
	t.Helper()
	r, err := keys.NewRing(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// instance has looked at a store.
func instance(t testing.TB, store Store, secrets ...[]byte) (*Keys, *log) {
	t.Helper()
	told := new(log)
	k := NewKeys(ring(t, secrets...), store, slog.New(slog.NewTextHandler(told, nil)))
	if err := k.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	return k, told
}

// sign is an assertion for a session that has none.
func sign(t testing.TB, k *Keys) string {
	t.Helper()
	token, err := k.Sign(new(Signed), origin, ada)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// publicKeys are those in the JWK set, by their IDs. It reads them by hand:
// what others understand is what counts.
func publicKeys(t testing.TB, k *Keys) map[string]*ecdsa.PublicKey {
	t.Helper()
	raw, err := k.Public()
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Keys []struct{ Kty, Crv, X, Y, Kid, Alg, Use, D string }
	}
	if err := json.Unmarshal(raw, &set); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]*ecdsa.PublicKey)
	for _, each := range set.Keys {
		if each.Kty != "EC" || each.Crv != "P-256" || each.Alg != "ES256" || each.Use != "sig" || each.D != "" {
			t.Fatalf("a key is %+v", each)
		}
		point := slices.Concat([]byte{4}, decoded(t, each.X), decoded(t, each.Y))
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		if err != nil {
			t.Fatal(err)
		}
		found[each.Kid] = public
	}
	return found
}

func decoded(t testing.TB, encoded string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// parts are the header and the claims of a token, and whether one of the keys signed it.
func parts(t testing.TB, token string, known map[string]*ecdsa.PublicKey) (header, body map[string]any, good bool) {
	t.Helper()
	three := strings.Split(token, ".")
	if len(three) != 3 {
		t.Fatalf("the token is %q", token)
	}
	for i, into := range []*map[string]any{&header, &body} {
		if err := json.Unmarshal(decoded(t, three[i]), into); err != nil {
			t.Fatal(err)
		}
	}
	public, found := known[header["kid"].(string)]
	sum, signature := sha256.Sum256([]byte(three[0]+"."+three[1])), decoded(t, three[2])
	if !found || len(signature) != 64 {
		return header, body, false
	}
	return header, body, ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
}

func kid(t testing.TB, token string) string {
	t.Helper()
	header, _, _ := parts(t, token, nil)
	return header["kid"].(string)
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
