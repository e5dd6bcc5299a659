package assertion

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
)

func TestAnAssertionSaysWhoForWhomAndUntilWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _ := instance(t, new(shelf), keys.Generate())
		p, began := ada, time.Now()
		p.SignedInAt = began
		time.Sleep(time.Hour)
		now := float64(time.Now().Unix())
		for _, c := range []struct {
			person Person
			want   map[string]any
		}{
			{p, map[string]any{"email": "ada@example.com", "groups": []any{"readers", "staff"}, "amr": []any{"passkey", "pop"}}},
			{Person{Subject: p.Subject, Methods: []string{"token"}, SignedInAt: began}, map[string]any{"groups": []any{}, "amr": []any{"token"}}},
		} {
			token, err := k.Sign(new(Signed), origin, c.person)
			if err != nil {
				t.Fatal(err)
			}
			header, body, good := parts(t, token, publicKeys(t, k))
			if !good || header["alg"] != "ES256" || header["typ"] != "doorpost+jwt" || len(header) != 3 {
				t.Errorf("signed well: %v; the header is %v", good, header)
			}
			if id, _ := body["jti"].(string); len(id) < 20 {
				t.Errorf("its own id is %q", id)
			}
			delete(body, "jti")
			maps.Copy(c.want, map[string]any{
				"iss": origin, "aud": origin, "sub": "010000000000000000000000", "auth_time": float64(began.Unix()), "iat": now, "exp": now + 120,
			})
			if fmt.Sprint(body) != fmt.Sprint(c.want) {
				t.Errorf("it says %v, want %v", body, c.want)
			}
		}
	})
}

func TestAnAssertionIsSignedOnceAMinuteForASessionAndAnOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _ := instance(t, new(shelf), keys.Generate())
		const sites = 3
		var s Signed
		met := make(map[string]bool)
		var mu sync.Mutex
		const minutes = 5
		for range minutes {
			for range 6 {
				var all sync.WaitGroup
				for i := range 4 * sites {
					all.Go(func() {
						token, err := k.Sign(&s, fmt.Sprintf("https://%d.example.com", i%sites), ada)
						if err != nil {
							t.Error(err)
						}
						_, body, _ := parts(t, token, nil)
						if left := time.Until(time.Unix(int64(body["exp"].(float64)), 0)); left <= Life/2-time.Second || left > Life {
							t.Errorf("what is handed over is good for %v more", left)
						}
						mu.Lock()
						defer mu.Unlock()
						met[token] = true
					})
				}
				all.Wait()
				time.Sleep(10 * time.Second)
			}
		}
		if len(met) != minutes*sites {
			t.Errorf("in %d minutes %d were signed for %d origins", minutes, len(met), sites)
		}
	})
}

// What the app is told in a header, and by the assertion, is always the same.
func TestAnAssertionThatSaysSomethingElseIsSignedAnew(t *testing.T) {
	k, _ := instance(t, new(shelf), keys.Generate())
	var s Signed
	of := func(k *Keys, p Person) string {
		token, err := k.Sign(&s, origin, p)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	first := of(k, ada)
	left, renamed := ada, ada
	left.Groups, renamed.Email = "readers", "ada@example.org"
	reloaded, _ := instance(t, new(shelf), keys.Generate())
	for what, token := range map[string]string{"other groups": of(k, left), "another address": of(k, renamed), "other keys": of(reloaded, ada)} {
		if token == first {
			t.Errorf("with %s it is the same", what)
		}
	}
	if of(k, ada) != first {
		t.Error("it was signed again although another one was meanwhile")
	}
}

func TestWhatLiesBesideASessionIsBounded(t *testing.T) {
	k, _ := instance(t, new(shelf), keys.Generate())
	var s Signed
	for i := range 3 * maxOrigins {
		if _, err := k.Sign(&s, fmt.Sprintf("https://%d.example.com", i), ada); err != nil {
			t.Fatal(err)
		}
	}
	count := 0
	for each := s.latest.Load(); each != nil; each = each.next {
		count++
	}
	if count != maxOrigins {
		t.Errorf("%d lie beside it, want %d", count, maxOrigins)
	}
}

func TestToHandOverASignedAssertionAllocatesNothing(t *testing.T) {
	k, _ := instance(t, new(shelf), keys.Generate())
	var s Signed
	if n := testing.AllocsPerRun(1000, func() { _, _ = k.Sign(&s, origin, ada) }); n != 0 {
		t.Errorf("it takes %v allocations", n)
	}
}

func TestIDsOfAssertionsDiffer(t *testing.T) {
	k, _ := instance(t, new(shelf), keys.Generate())
	var ids []string
	for range 50 {
		_, body, _ := parts(t, sign(t, k), nil)
		ids = append(ids, body["jti"].(string))
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 50 {
		t.Error("two assertions have one id")
	}
}
