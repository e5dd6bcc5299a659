package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/boltstore"
)

func TestSessionsMadeBeforehandAreThoseOfTheStore(t *testing.T) {
	const origin = "http://localhost:8080"
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{folder: t.TempDir(), secret: keys.Generate(), ring: ring}
	people := newPeople(500)
	path, cookies := s.path("store.db"), s.path("cookies")
	if err := writeCookies(cookies, ring, origin, people); err != nil {
		t.Fatal(err)
	}
	if err := writeStore(path, origin, people); err != nil {
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
	if len(lines) != len(people) {
		t.Fatalf("there are %d cookies of %d people", len(lines), len(people))
	}
	cookie := session.NewCookie(ring, session.CookieOptions{Scope: origin, Lifetime: sessionLife})
	for i, p := range people {
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
