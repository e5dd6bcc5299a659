package boltstore

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

func TestANewFileIsForItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new folder", "doorpost.db")
	store := mustOpen(t, path)
	defer store.Close()
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		must(t, err)
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", name, got, want)
		}
	}
}

func TestAFileThatThisProcessHasOpenCannotBeOpenedAgain(t *testing.T) {
	path := newPath(t)
	store := mustOpen(t, path)
	wantOpenElsewhere(t, path)
	must(t, store.Close())
	must(t, mustOpen(t, path).Close())
}

func TestAFileThatAnotherProcessHasOpenCannotBeOpened(t *testing.T) {
	path := newPath(t)
	other := startPart(t, "hold", path)
	if got := other.line(t); got != "open" {
		t.Fatalf("the other process says %q", got)
	}
	wantOpenElsewhere(t, path)
	must(t, other.stdin.Close())
	must(t, other.Wait())
	must(t, mustOpen(t, path).Close())
}

func holdOpen(path string) error {
	store, err := Open(path)
	if err != nil {
		return err
	}
	fmt.Println("open")
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, store.Close())
}

func wantOpenElsewhere(t *testing.T, path string) {
	t.Helper()
	start := time.Now()
	_, err := Open(path)
	if took := time.Since(start); took > 15*lockTimeout {
		t.Errorf("it took %v to find out that the file is open elsewhere", took)
	}
	if !errors.Is(err, bolterrors.ErrTimeout) {
		t.Fatalf("the error is %v", err)
	}
	for _, word := range []string{path, "another process has it open", "reload", "store redis"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error does not say %q: %v", word, err)
		}
	}
}

func TestWhatWasStoredIsThereAfterReopening(t *testing.T) {
	path := newPath(t)
	store := mustOpen(t, path)
	used, key, err := signIn(t.Context(), store, "a@example.com")
	must(t, err)
	open := newAsking("a@example.com", time.Now())
	_, err = store.Ask(t.Context(), open)
	must(t, err)
	_, ended, err := signIn(t.Context(), store, "b@example.com")
	must(t, err)
	must(t, store.EndAll(t.Context(), "b@example.com", session.Key{}))
	must(t, store.Close())

	store = mustOpen(t, path)
	defer store.Close()
	if got := linkOutcome(t, store, used.Link); got != signin.Used {
		t.Errorf("the used link has outcome %d", got)
	}
	if got := linkOutcome(t, store, open.Link); got != signin.OtherBrowser {
		t.Errorf("the open link has outcome %d", got)
	}
	if !isFound(t, store, key) || isFound(t, store, ended) {
		t.Error("the sessions are not what they were")
	}
	a := newAsking("a@example.com", time.Now())
	_, err = store.Ask(t.Context(), a)
	must(t, err)
	wantKnown(t, store, a)
}

func TestARecordThatCannotBeReadIsAnErrorAndNotMissing(t *testing.T) {
	path := newPath(t)
	store := mustOpen(t, path)
	_, key, err := signIn(t.Context(), store, "a@example.com")
	must(t, err)
	a := newAsking("a@example.com", time.Now())
	_, err = store.Ask(t.Context(), a)
	must(t, err)
	must(t, store.Close())
	overwrite(t, path, map[string][]byte{"sessions": key[:], "links": a.Link[:], "requests": a.Browser[:]})

	store = mustOpen(t, path)
	defer store.Close()
	ctx, now := t.Context(), time.Now()
	_, found, err := store.Session(ctx, key, now)
	wantUnreadable(t, "sessions", found, err)
	_, found, err = store.Request(ctx, a.Browser, now)
	wantUnreadable(t, "requests", found, err)
	redeemed, err := store.RedeemLink(ctx, newRedemption(a))
	wantUnreadable(t, "links", redeemed.Outcome == signin.SignedIn, err)
	redeemed, err = store.RedeemCode(ctx, newRedemption(a))
	wantUnreadable(t, "requests", redeemed.Outcome == signin.SignedIn, err)
	_, err = store.Sessions(ctx, "a@example.com", now)
	wantUnreadable(t, "sessions", false, err)
	wantUnreadable(t, "sessions", false, store.Touch(ctx, key, now, now.Add(time.Hour)))

	must(t, store.EndAll(ctx, "a@example.com", session.Key{})) // whatever it says, it can be ended
	if isFound(t, store, key) {
		t.Error("the session that could not be read was not ended")
	}
	if _, err = store.SweepAll(ctx, now.Add(24*time.Hour)); err != nil {
		t.Errorf("the sweep stops at a record that cannot be read: %v", err)
	}
	_, _, err = store.Request(ctx, a.Browser, now)
	wantUnreadable(t, "requests", false, err)
}

func wantUnreadable(t *testing.T, bucket string, found bool, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), bucket) || found {
		t.Errorf("a broken record of %s: found %v, error %v", bucket, found, err)
	}
}

// overwrite makes records of a closed file unreadable.
func overwrite(t *testing.T, path string, keys map[string][]byte) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	must(t, db.Update(func(tx *bbolt.Tx) error {
		for bucket, key := range keys {
			broken := []byte(`{"e":`) // too short to say when it ends
			if bucket != "sessions" {
				broken = append(make([]byte, 8), broken...) // kept for good, and not a record
			}
			id := base64.RawURLEncoding.EncodeToString(key)
			if tx.Bucket([]byte(bucket)).Get([]byte(id)) == nil {
				return fmt.Errorf("%s has nothing under %s", bucket, id)
			}
			if err := tx.Bucket([]byte(bucket)).Put([]byte(id), broken); err != nil {
				return err
			}
		}
		return nil
	}))
	must(t, db.Close())
}

func TestAStoreOfALaterVersionIsRefused(t *testing.T) {
	path := newPath(t)
	must(t, mustOpen(t, path).Close())
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	must(t, db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(steps.FormatKey.Table)).Put([]byte(steps.FormatKey.ID), append(make([]byte, 8), "99"...)) // kept for good
	}))
	must(t, db.Close())
	for range 2 { // the file is let go of each time
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "has format 99") || errors.Is(err, bolterrors.ErrTimeout) {
			t.Fatalf("the error is %v", err)
		}
	}
}
