package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/boltstore"
	"github.com/doorpost-auth/doorpost/internal/store/redisstore"
)

func TestSessionsMadeBeforehandAreThoseOfTheStore(t *testing.T) {
	const origin = "http://localhost:8080"
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{folder: t.TempDir(), secret: keys.Generate(), ring: ring}
	signedIn := newPeople(500)
	path, cookies := s.path("store.db"), s.path("cookies")
	if err := writeCookies(cookies, ring, origin, signedIn); err != nil {
		t.Fatal(err)
	}
	if err := writeStore(path, origin, signedIn); err != nil {
		t.Fatal(err)
	}
	store, err := boltstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	content, err := os.ReadFile(cookies)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	if len(lines) != len(signedIn) {
		t.Fatalf("there are %d cookies of %d people", len(lines), len(signedIn))
	}
	cookie := session.NewCookie(ring, session.CookieOptions{Scope: origin, Lifetime: sessionLife})
	for i, p := range signedIn {
		_, value, _ := strings.Cut(lines[i], "; "+cookie.Name()+"=")
		if id, ok := cookie.Read(value); !ok || id != p.id {
			t.Fatalf("the cookie %q is not that of person %d", lines[i], i)
		}
		record, found, err := store.Session(t.Context(), p.key, time.Now())
		if err != nil || !found || record.Address != p.address || record.Scope != origin {
			t.Fatalf("the session of person %d is %+v, %v, %v", i, record, found, err)
		}
		if listed, err := store.Sessions(t.Context(), p.address, time.Now()); err != nil || len(listed) != 1 {
			t.Fatalf("person %d has %d sessions, %v", i, len(listed), err)
		}
	}
}

func TestForgedCookiesAreReadByNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "forged")
	if err := forged(path, visitOrigin, 3); err != nil {
		t.Fatal(err)
	}
	line, err := firstLine(path)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	cookie := session.NewCookie(ring, session.CookieOptions{Scope: visitOrigin, Lifetime: sessionLife})
	_, value, named := strings.Cut(line, "; "+cookie.Name()+"=")
	if _, ok := cookie.Read(value); ok || !named || value == "" {
		t.Errorf("the forged cookie is %q and is read: %v", line, ok)
	}
}

func TestPeopleMadeBeforehandAreThoseOfTheStores(t *testing.T) {
	const origin = "http://localhost:8080"
	signedIn := newMembers(30)
	path := filepath.Join(t.TempDir(), "people.db")
	if err := writeStore(path, origin, signedIn); err != nil {
		t.Fatal(err)
	}
	inBolt, err := boltstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer inBolt.Close()
	server := redistest.Single(t)
	if err := writeRedis(t.Context(), server, origin, signedIn); err != nil {
		t.Fatal(err)
	}
	inRedis, err := redisstore.Open(redisstore.Options{URLs: []string{server.URL()}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer inRedis.Close()
	for _, store := range []interface {
		people.Store
		session.Store
	}{inBolt, inRedis} {
		page, err := store.People(t.Context(), people.Query{Max: 50})
		if err != nil || len(page.People) != 30 {
			t.Fatalf("%T lists %d people, %v", store, len(page.People), err)
		}
		all, _, err := store.AllSessions(t.Context(), "", 1000, time.Now())
		if err != nil || len(all) != len(signedIn) {
			t.Fatalf("%T lists %d sessions, %v", store, len(all), err)
		}
		for i, p := range signedIn {
			listed := page.People[i/memberSessions]
			if listed.Address != p.address || listed.Proven.IsZero() || !slices.Equal(listed.Groups, groupsOf(p)) {
				t.Fatalf("person %d of %T is %+v", i, store, listed)
			}
			kept, found, err := store.Session(t.Context(), p.key, time.Now())
			if err != nil || !found || kept.Address != p.address || kept.Scope != origin || (kept.Standing == nil) != (p.standing == nil) {
				t.Fatalf("session %d of %T is %+v, %v, %v", i, store, kept, found, err)
			}
			if own, err := store.Sessions(t.Context(), p.address, time.Now()); err != nil || len(own) != memberSessions {
				t.Fatalf("the person of session %d of %T has %d, %v", i, store, len(own), err)
			}
		}
	}
}

func groupsOf(p person) []string {
	if p.standing == nil {
		return nil
	}
	return p.standing.Groups
}
