//go:build unix

package boltstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
)

func init() { parts["fill"] = fillDisk }

func TestAFullDiskIsAnErrorAndLosesNothing(t *testing.T) {
	path := newPath(t)
	must(t, mustOpen(t, path).Close())
	p := startPart(t, "fill", path)
	var facts []fact
	refused := 0
	for p.lines.Scan() {
		if line := p.lines.Text(); strings.HasPrefix(line, "refused") {
			refused++
		} else {
			facts = append(facts, parseFact(t, line))
		}
	}
	must(t, p.Wait())
	if refused == 0 || len(facts) < 50 {
		t.Fatalf("%d calls were refused and %d facts acknowledged", refused, len(facts))
	}
	store := mustOpen(t, path)
	defer store.Close()
	checkFacts(t, store, facts)
}

// fillDisk is a part of another process: the file may grow to a certain size
// only, then again without bound.
func fillDisk(path string) error {
	signal.Ignore(syscall.SIGXFSZ)
	store, err := Open(path)
	if err != nil {
		return err
	}
	var unbound syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &unbound); err != nil {
		return err
	}
	bound := unbound
	bound.Cur = 200 * 1024
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &bound); err != nil {
		return err
	}
	if err := useUpSpace(store); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &unbound); err != nil {
		return err
	}
	if err := store.TryWrite(context.Background()); err != nil {
		return fmt.Errorf("there is space again, and trying to write is %w", err)
	}
	for i := range 100 { // there is space again: everything works, without a restart
		if err := actOut(context.Background(), store, person("later", i), i%3 == 0, fact.tell); err != nil {
			return fmt.Errorf("after there was space again: %w", err)
		}
	}
	return store.Close()
}

func person(kind string, i int) address.Address {
	return address.Address(fmt.Sprintf("%s%d@example.com", kind, i))
}

// useUpSpace signs people in until the disk is full, and goes on for a while.
func useUpSpace(store *Store) error {
	_, early, err := signIn(context.Background(), store, "early@example.com")
	if err != nil {
		return err
	}
	for i, refused := 0, 0; refused < 30; i++ {
		if i > 10_000 {
			return errors.New("the disk does not get full")
		}
		err := within(10*time.Second, func() error { return actOut(context.Background(), store, person("p", i), i%3 == 0, fact.tell) })
		if err == nil {
			continue
		}
		if !isDiskFull(err) {
			return fmt.Errorf("a full disk is no such error: %w", err)
		}
		refused++
		fmt.Println("refused")
		if err := store.TryWrite(context.Background()); refused > 25 && (err == nil || !isDiskFull(err)) {
			return fmt.Errorf("on a full disk trying to write is %w", err)
		}
		// Whoever is signed in stays so.
		if _, found, err := store.Session(context.Background(), early, time.Now()); err != nil || !found {
			return fmt.Errorf("on a full disk a session is found: %v, %w", found, err)
		}
		touch := func() error {
			return store.Touch(context.Background(), early, time.Now(), time.Now().Add(2*time.Hour))
		}
		if err := within(10*time.Second, touch); err != nil && !isDiskFull(err) {
			return err
		}
	}
	if err := within(10*time.Second, func() error { return store.EndAll(context.Background(), "nobody@example.com", session.Key{}) }); err != nil && !isDiskFull(err) {
		return err
	}
	return nil
}

// isDiskFull goes by the words, which is all that bbolt passes on.
func isDiskFull(err error) bool { return strings.Contains(err.Error(), syscall.EFBIG.Error()) }

func within(limit time.Duration, call func() error) error {
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		return err
	case <-time.After(limit):
		return fmt.Errorf("a call hangs: %w", os.ErrDeadlineExceeded)
	}
}
