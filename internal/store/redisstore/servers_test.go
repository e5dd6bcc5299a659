package redisstore

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

func TestNothingComesBackToLifeWhenAServerIsEmptied(t *testing.T) {
	for name, empty := range map[string]func(*testing.T, *redistest.Server){
		"wiped": func(t *testing.T, s *redistest.Server) { s.Wipe(t) },
		"restarted": func(t *testing.T, s *redistest.Server) {
			s.Kill()
			s.Restart(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Single(t)
			store := open(t, Options{URLs: []string{server.URL()}})
			open := newVisit(t)
			open.ask(t, store)
			signedIn, signedOut := signIn(t, store), signIn(t, store)
			if err := store.End(t.Context(), signedOut.address, signedOut.session.Key()); err != nil {
				t.Fatal(err)
			}
			empty(t, server)
			awaitSignIn(t, store)
			for _, v := range []*visit{open, signedIn, signedOut} {
				v.wantSession(t, store, false)
				v.again().wantOutcome(t, store, signin.TooOld)
				v.wantOutcome(t, store, signin.TooOld)
				if redeemed, err := store.RedeemCode(t.Context(), v.redemption()); err != nil || redeemed.Outcome != signin.Unknown {
					t.Errorf("the code made %+v, %v", redeemed, err)
				}
			}
		})
	}
}

func TestAServerThatIsKilledAndRestartedIsUsedAgain(t *testing.T) {
	server := redistest.Single(t)
	store := open(t, Options{URLs: []string{server.URL()}, Timeout: shortTimeout})
	signIn(t, store)
	server.Kill()
	for _, o := range operations {
		callInTime(t, o, store, newVisit(t))
	}
	server.Restart(t)
	t.Logf("recovered after %v", awaitSignIn(t, store))
}

func TestAServerThatBecomesAReplicaIsLeftAndUsedAgainLater(t *testing.T) {
	server := redistest.Single(t)
	store := open(t, Options{URLs: []string{server.URL()}})
	v := signIn(t, store)
	waiting := newVisit(t)
	waiting.ask(t, store)
	server.Do(t, "REPLICAOF", "127.0.0.1", "1") // where nobody listens
	before := server.Do(t, "CLIENT", "LIST", "TYPE", "normal").(string)
	for range 2 * breakAfter {
		if asked, err := store.Ask(t.Context(), newVisit(t).asking()); err == nil || asked.Send {
			t.Fatalf("asking a replica made %+v, %v", asked, err)
		}
		if redeemed, err := store.RedeemLink(t.Context(), waiting.redemption()); err == nil {
			t.Fatalf("redeeming at a replica made %+v", redeemed)
		}
	}
	after := server.Do(t, "CLIENT", "LIST", "TYPE", "normal").(string)
	for line := range strings.Lines(before) {
		id, _, _ := strings.Cut(line, " ")
		if strings.Contains(line, " name=doorpost ") && strings.Contains(after, id+" ") {
			t.Errorf("a connection to what became a replica is kept: %s", line)
		}
	}
	v.wantSession(t, store, true) // what can be read goes on
	server.Do(t, "REPLICAOF", "NO", "ONE")
	t.Logf("recovered after %v", awaitSignIn(t, store))
	waiting.redeem(t, store)
}

func TestWhenMemoryIsFullNothingIsHalfDoneAndSessionsGoOn(t *testing.T) {
	server := redistest.Single(t, "--maxmemory-policy", "noeviction")
	store := open(t, Options{URLs: []string{server.URL()}})
	v, leaves := signIn(t, store), signIn(t, store)
	waiting := newVisit(t)
	waiting.ask(t, store)
	server.Set(t, "maxmemory", "1")
	keys := server.Do(t, "DBSIZE")
	for range 2 * breakAfter { // an answer that refuses is one: the breaker stays closed
		asking := newVisit(t)
		if asked, err := store.Ask(t.Context(), asking.asking()); err == nil || asked.Send {
			t.Fatalf("asking made %+v, %v, and a message would be sent", asked, err)
		}
		if redeemed, err := store.RedeemLink(t.Context(), waiting.redemption()); err == nil {
			t.Fatalf("redeeming made %+v", redeemed)
		}
		if _, found, err := store.Request(t.Context(), asking.browser, asking.now); found || err != nil {
			t.Fatalf("a request that failed is remembered: %v, %v", found, err)
		}
		v.wantSession(t, store, true)
	}
	if now := server.Do(t, "DBSIZE"); now != keys {
		t.Errorf("there were %v keys and are %v", keys, now)
	}
	if err := store.End(t.Context(), leaves.address, leaves.session.Key()); err != nil {
		t.Errorf("signing out with a full memory: %v", err)
	}
	leaves.wantSession(t, store, false)
	server.Set(t, "maxmemory", "0")
	waiting.redeem(t, store)
}

func TestAPasswordThatIsChangedStopsTheStoreAndIsSaid(t *testing.T) {
	server := redistest.Single(t)
	server.RequirePassword(t, password)
	store := open(t, Options{URLs: []string{server.URL()}, Password: password})
	v := signIn(t, store)
	server.RequirePassword(t, "another password")
	_, _, err := store.Session(t.Context(), v.session.Key(), v.now)
	if err == nil || !strings.Contains(err.Error(), "WRONGPASS") || strings.Contains(err.Error(), password) {
		t.Errorf("the error is %v", err)
	}
	server.RequirePassword(t, password)
	awaitSignIn(t, store)
	v.wantSession(t, store, true)
}

func TestAVersionIsOlderByNumberNotByLetter(t *testing.T) {
	for version, older := range map[string]bool{
		"6.0.16": true, "5.0.14": true, "6.1.240": true, "2.8.19": true, "6.2.0": false, "6.2.14": false, "6.10.0": false, "7.0.15": false,
		"10.0.0": false, "": false, "unknown": false,
	} {
		if got := isOlder(version, 6, 2); got != older {
			t.Errorf("%q is older than 6.2: %v, want %v", version, got, older)
		}
	}
}

func TestEvictionSignsOutAndGivesNothingBack(t *testing.T) {
	server := redistest.Single(t)
	store := open(t, Options{URLs: []string{server.URL()}})
	v := signIn(t, store)
	// What is evicted is gone; that everything of the visit goes, key by key, in
	// any order, must never let the link be used again or the session be there.
	keys, err := server.Client().Keys(context.Background(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		server.Do(t, "DEL", key)
		other := v.again()
		redeemed, err := store.RedeemLink(t.Context(), other.redemption())
		if err != nil || redeemed.Outcome == signin.SignedIn {
			t.Fatalf("after the eviction of %s redeeming made %+v, %v", key, redeemed, err)
		}
		if _, err := store.Sessions(t.Context(), v.address, time.Now()); err != nil {
			t.Fatalf("after the eviction of %s: %v", key, err)
		}
		if err := store.EndAll(t.Context(), "nobody@example.com", session.Key{}); err != nil {
			t.Fatal(err)
		}
	}
	v.wantSession(t, store, false)
}
