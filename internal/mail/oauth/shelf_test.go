package oauth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/mail"
)

// rotating is a token endpoint that takes the refresh token that it sent last, and no other.
type rotating struct {
	mu          sync.Mutex
	good        string
	asked, sent int
}

func (r *rotating) RoundTrip(request *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	w := httptest.NewRecorder()
	if _ = request.ParseForm(); request.PostForm.Get("refresh_token") == r.good {
		r.sent++
		r.good = fmt.Sprint("refresh-", r.sent)
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"token_type":"Bearer","access_token":"access-%d","expires_in":3600,"refresh_token":"%s"}`, r.sent, r.good)
	} else {
		refuse("invalid_grant")(w)
	}
	answer := w.Result()
	answer.Request = request
	return answer, nil
}

// cupboard is a store.
type cupboard struct {
	mu     sync.Mutex
	sealed map[string][]byte
	broken error
	late   int // so many times it does not yet show what it keeps
}

func (c *cupboard) TurnRefreshToken(ctx context.Context, grant []byte, turn func([]byte) ([]byte, error)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := errors.Join(ctx.Err(), c.broken); err != nil {
		return err
	}
	if c.late > 0 {
		c.late--
		_, err := turn(nil)
		return err
	}
	sealed, err := turn(c.sealed[string(grant)])
	if err == nil && sealed != nil {
		c.sealed[string(grant)] = sealed
	}
	return err
}

func (c *cupboard) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = err
}

// operation is a service, a store, and what instances log.
type operation struct {
	*rotating
	*cupboard
	ring   keys.Ring
	logged bytes.Buffer
}

func newOperation(t *testing.T, secrets ...[]byte) *operation {
	ring, err := keys.NewRing(append(secrets, keys.Generate())...)
	if err != nil {
		t.Fatal(err)
	}
	return &operation{rotating: &rotating{good: "refresh-0"}, cupboard: &cupboard{sealed: make(map[string][]byte)}, ring: ring}
}

// start starts an instance with a refresh token in its configuration.
func (k *operation) start(t *testing.T, configured string) *Source {
	c := config(nil)
	c.Grant, c.Client = NewGrant(configured), &http.Client{Transport: k.rotating}
	s := open(t, c)
	s.KeepIn(Shelf{Store: k.cupboard, Sealer: k.ring.Sealer(keys.RefreshToken), Grant: []byte("hash of " + configured), Logger: slog.New(slog.NewTextHandler(&k.logged, nil))})
	t.Cleanup(func() { s.Close(t.Context()) })
	return s
}

// ends has the access token of an instance end.
func (s *Source) ends() { s.Refused(s.kept.token) }

func TestARefreshTokenThatTheServiceRenewedOutlivesRestarts(t *testing.T) {
	k := newOperation(t)
	for i := range 3 {
		k.start(t, "refresh-0").mustGive(t, fmt.Sprint("access-", i+1))
	}
	if k.asked != 3 {
		t.Errorf("the service was asked %d times", k.asked)
	}
	for _, sealed := range k.sealed {
		if bytes.Contains(sealed, []byte("refresh")) {
			t.Errorf("the store can read %q", sealed)
		}
	}
	// The operator has it granted anew.
	k.good = "granted-anew"
	k.start(t, "granted-anew").mustGive(t, "access-4")
	k.start(t, "granted-anew").mustGive(t, "access-5")
	if k.asked != 5 || len(k.sealed) != 2 {
		t.Errorf("the service was asked %d times, and the store keeps %d", k.asked, len(k.sealed))
	}
}

func TestInstancesUseTheRefreshTokenThatAnyOfThemWasSentLast(t *testing.T) {
	k := newOperation(t)
	a, b := k.start(t, "refresh-0"), k.start(t, "refresh-0")
	for i := 1; i < 6; i += 2 {
		a.mustGive(t, fmt.Sprint("access-", i))
		b.mustGive(t, fmt.Sprint("access-", i+1))
		a.ends()
		b.ends()
	}
	if k.asked != k.sent {
		t.Errorf("of %d times the service refused %d", k.asked, k.asked-k.sent)
	}
}

// Both instances use the same one at the same moment, and one is the first.
func TestAnInstanceWhoseRefreshTokenIsOverLooksOnceForANewerOne(t *testing.T) {
	k := newOperation(t)
	a, b := k.start(t, "refresh-0"), k.start(t, "refresh-0")
	a.mustGive(t, "access-1")
	k.late = 1
	b.mustGive(t, "access-2")
	if k.asked != 3 {
		t.Errorf("the service was asked %d times", k.asked)
	}
	k.good = "taken back"
	b.ends()
	_, err := b.Token(t.Context())
	if failed, ok := errors.AsType[*mail.SendError](err); !ok || !failed.Unauthorized || !strings.Contains(err.Error(), "grant access anew") {
		t.Errorf("without a newer one: %v", err)
	}
	if k.asked != 4 {
		t.Errorf("one that was taken back is sent %d times", k.asked-3)
	}
}

// loseStore has an instance be sent a refresh token that the store does not take.
func (k *operation) loseStore(t *testing.T) *Source {
	a := k.start(t, "refresh-0")
	a.mustGive(t, "access-1")
	a.ends()
	// The store ends after the first look.
	a.config.Client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		k.fail(errors.New("connection refused"))
		return k.RoundTrip(r)
	})
	a.mustGive(t, "access-2")
	return a
}

func TestARefreshTokenThatCouldNotBeStoredIsStoredAsSoonAsTheStoreWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newOperation(t)
		k.loseStore(t)
		time.Sleep(time.Hour)
		synctest.Wait()
		if said := k.logged.String(); strings.Count(said, "in memory only") != 1 || strings.Contains(said, "refresh-") || strings.Contains(said, "through") {
			t.Errorf("the log says:\n%s", said)
		}
		k.fail(nil)
		time.Sleep(keepPause) // no message is sent
		synctest.Wait()
		if !strings.Contains(k.logged.String(), "has renewed is stored") {
			t.Errorf("the log says:\n%s", &k.logged)
		}
		k.start(t, "refresh-0").mustGive(t, "access-3")
	})
}

func TestARefreshTokenThatCouldNotBeStoredIsStoredBeforeTheStoreIsClosed(t *testing.T) {
	k := newOperation(t)
	a := k.loseStore(t)
	k.fail(nil)
	a.Close(t.Context())
	k.start(t, "refresh-0").mustGive(t, "access-3")
}

func TestWhoStopsWithoutTheStoreReadsThatTheRefreshTokenIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newOperation(t)
		a := k.loseStore(t)
		a.Close(t.Context())
		if said := k.logged.String(); strings.Count(said, "in memory only") != 2 {
			t.Errorf("the log says:\n%s", said)
		}
	})
}

func TestCloseWaitsForTheRefreshTokenThatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newOperation(t)
		a := k.start(t, "refresh-0")
		a.mustGive(t, "access-1")
		time.Sleep(56 * time.Minute)
		a.config.Client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			time.Sleep(2 * time.Second)
			return k.RoundTrip(r)
		})
		a.mustGive(t, "access-1")
		a.Close(t.Context())
		k.start(t, "refresh-0").mustGive(t, "access-3")

		b := k.start(t, "refresh-0")
		b.config.Client.Transport = roundTrip(silent)
		go func() { _, _ = b.Token(t.Context()) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begun := time.Now()
		b.Close(ctx)
		if waited := time.Since(begun); waited != 3*time.Second {
			t.Errorf("it waited %v", waited)
		}
	})
}

func TestWithoutTheStoreNoRefreshTokenThatMayBeOverIsSent(t *testing.T) {
	k := newOperation(t)
	k.fail(errors.New("connection refused"))
	_, err := k.start(t, "refresh-0").Token(t.Context())
	if failed, ok := errors.AsType[*mail.SendError](err); !ok || !failed.Temporary || !strings.Contains(err.Error(), "in the store") || k.asked != 0 {
		t.Errorf("the service was asked %d times: %v", k.asked, err)
	}
}

func TestAStoredRefreshTokenIsOpenedWithASecretInForceAndForItsGrantOnly(t *testing.T) {
	old := keys.Generate()
	k := newOperation(t, old)
	k.start(t, "refresh-0").mustGive(t, "access-1")
	next := newOperation(t, keys.Generate(), old)
	next.rotating, next.cupboard = k.rotating, k.cupboard
	next.start(t, "refresh-0").mustGive(t, "access-2") // is sealed anew
	next.ring = newOperation(t).ring
	if _, err := next.start(t, "refresh-0").Token(t.Context()); err == nil {
		t.Error("it was opened without the secret")
	}
	k.sealed["hash of another"] = k.sealed["hash of refresh-0"]
	if _, err := k.start(t, "another").Token(t.Context()); err == nil {
		t.Error("it was opened for another grant")
	}
}
