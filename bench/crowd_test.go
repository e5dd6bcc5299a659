package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/store/boltstore"
)

func TestACrowdIsSignedInAndNobodyIsWrittenTo(t *testing.T) {
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{ctx: t.Context(), folder: t.TempDir(), ring: ring}
	made, err := s.newCrowd(300)
	if err != nil {
		t.Fatal(err)
	}
	store, err := boltstore.Open(made.store)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	content, err := os.ReadFile(made.cookies)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	if len(lines) != 300 {
		t.Fatalf("there are %d cookies", len(lines))
	}
	cookie := made.cookie(ring)
	for _, line := range lines {
		_, value, _ := strings.Cut(line, "; "+cookie.Name()+"=")
		id, ok := cookie.Read(value)
		if _, found, err := store.Session(t.Context(), id.Key(), time.Now()); !ok || !found || err != nil {
			t.Fatalf("the cookie %q is read: %v, its session is there: %v, %v", line, ok, found, err)
		}
	}
	if waiting, err := store.Claim(t.Context(), 1000); err != nil || len(waiting) != 0 {
		t.Errorf("a gate would send %d messages, %v", len(waiting), err)
	}
}

func TestCPUTimeAndMemoryOfAProcess(t *testing.T) {
	before, err := cpuTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	after := before
	for began := time.Now(); after == before && time.Since(began) < 10*time.Second; {
		if after, err = cpuTime(os.Getpid()); err != nil {
			t.Fatal(err)
		}
	}
	if after <= before {
		t.Errorf("a process that works has had %v all the time", before)
	}
	if bytes, err := ownMemory(os.Getpid()); err != nil || bytes < 1<<20 || bytes > 1<<40 {
		t.Errorf("this process has %v bytes in memory, %v", bytes, err)
	}
}
