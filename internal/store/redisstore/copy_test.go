package redisstore

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/boltstore"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
	"github.com/doorpost-auth/doorpost/internal/store/ordered"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
	"go.etcd.io/bbolt"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newFile(t testing.TB) string { return filepath.Join(t.TempDir(), "doorpost.db") }

// openFile opens a bolt store, of a copy if it has a name.
func openFile(t testing.TB, path, copyOf string) *boltstore.Store {
	t.Helper()
	store, err := boltstore.OpenCopy(path, copyOf)
	must(t, err)
	t.Cleanup(func() { store.Close() })
	return store
}

// openCopy opens a store as the copy of another one.
func openCopy(t testing.TB, o Options, of string) *Store {
	t.Helper()
	o.CopyOf = of
	return open(t, o)
}

// newPlace is a store of its own on a server.
func newPlace(t testing.TB, on kind) Options {
	o := on.options(t)
	o.Prefix, o.Timeout = rand.Text()+"[?*]:", 10*time.Second // a busy machine makes a second of a tenth of one
	return o
}

func untold(string, int) {}

// aRecord is what stands under a key of a file.
type aRecord struct {
	value string
	until time.Time
}

// recordsOf are all records of a file, by bucket and key.
func recordsOf(t testing.TB, path string) map[ordered.Bucket]map[string]aRecord {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	defer db.Close()
	all := make(map[ordered.Bucket]map[string]aRecord)
	must(t, db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			bucket := ordered.Bucket(name)
			all[bucket] = make(map[string]aRecord)
			return b.ForEach(func(key, value []byte) error {
				r := aRecord{value: string(value[8:])}
				if end := binary.BigEndian.Uint64(value); end != 0 {
					r.until = time.UnixMilli(int64(end))
				}
				all[bucket][string(key)] = r
				return nil
			})
		})
	}))
	return all
}

// A record of a later kind is copied without anybody thinking of it: in each table that
// there is some are made, of which nothing is known, and all are found in the end.
func TestEveryTableIsCopiedToRedisAndBack(t *testing.T) {
	for _, kind := range []kind{single, cluster} {
		t.Run(kind.name, func(t *testing.T) {
			from, to, place := newFile(t), newFile(t), newPlace(t, kind)
			fillTables(t, from)
			source, inRedis := openFile(t, from, ""), openCopy(t, place, "a")
			first, err := inRedis.CopyFrom(t.Context(), source.Steps, "a", untold)
			must(t, err)
			must(t, source.Close())
			target := openFile(t, to, "b")
			second, err := target.CopyFrom(t.Context(), inRedis.Steps, "b", untold)
			must(t, err)
			must(t, target.Close())
			for table, n := range first.Records {
				if want := recordsIn(table); n != want || second.Records[table] != n {
					t.Errorf("%d and %d records of %s were copied, want %d", n, second.Records[table], table, want)
				}
			}
			if len(first.Records) != len(steps.Tables())-1 {
				t.Errorf("%d of %d tables were copied", len(first.Records), len(steps.Tables()))
			}
			wantAlike(t, recordsOf(t, from), recordsOf(t, to))
		})
	}
}

// wantAlike holds a copy to what it is of. What is over, or nearly, is not in it.
func wantAlike(t *testing.T, was, is map[ordered.Bucket]map[string]aRecord) {
	t.Helper()
	if len(is) != len(was) || len(was) != len(ordered.Buckets()) {
		t.Errorf("there are %d buckets, after %d", len(is), len(was))
	}
	for bucket, records := range was {
		if len(records) == 0 {
			t.Errorf("%s has no records: fill it in fillTables", bucket)
		}
		for key, r := range is[bucket] {
			if _, known := records[key]; !known {
				t.Errorf("%s has %q and had not: %v", bucket, key, r)
			}
		}
		for key, want := range records {
			got, found := is[bucket][key]
			over := strings.HasPrefix(key, "over")
			if found == over || found && (got.value != want.value || got.until.IsZero() != want.until.IsZero() || got.until.Sub(want.until).Abs() > 5*time.Second) {
				t.Errorf("%s has under %q %v, %v, want %v", bucket, key, found, got, want)
			}
		}
	}
}

// recordsIn is how many records a table gets: more than are read or written in one go.
func recordsIn(table steps.Table) int {
	if table == steps.Sessions {
		return 6000
	}
	return 20
}

func fillTables(t testing.TB, path string) {
	t.Helper()
	must(t, openFile(t, path, "").Close())
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	now := time.Now().Truncate(time.Millisecond)
	put := func(tx *bbolt.Tx, bucket ordered.Bucket, key string, value []byte, until time.Time) {
		end := make([]byte, 8)
		if !until.IsZero() {
			binary.BigEndian.PutUint64(end, uint64(until.UnixMilli()))
		}
		must(t, tx.Bucket([]byte(bucket)).Put([]byte(key), append(end, value...)))
	}
	must(t, db.Update(func(tx *bbolt.Tx) error {
		for _, table := range steps.Tables() {
			if table == steps.FormatKey.Table {
				continue
			}
			for i := range recordsIn(table) {
				id, until := fmt.Sprintf("id:%d@example.com", i), time.Time{}
				if i%2 == 0 || table == steps.Limits {
					until = now.Add(time.Hour + time.Duration(i)*time.Minute)
				}
				put(tx, ordered.Bucket(table), id, valueFor(t, table, id, now), until)
			}
			put(tx, ordered.Bucket(table), "over", valueFor(t, table, "over", now), now.Add(-time.Second))
			put(tx, ordered.Bucket(table), "over soon", valueFor(t, table, "over soon", now), now.Add(3*time.Second))
		}
		for i := range recordsIn(steps.Messages) {
			place := append(binary.BigEndian.AppendUint64(nil, uint64(now.UnixMilli())), fmt.Sprintf("id:%d@example.com", i)...)
			put(tx, "waiting", string(place), nil, now.Add(outbox.Kept))
		}
		return nil
	}))
	must(t, db.Close())
}

// valueFor is a record of a table, of which a store knows nothing but two kinds.
func valueFor(t testing.TB, table steps.Table, id string, now time.Time) []byte {
	t.Helper()
	var record any = []byte(string(table) + id + "\x00\xff")
	switch table {
	case steps.Limits:
		record = limit.Count{now.UnixMilli(): 3, now.UnixMilli() + 1000: 1}
	case steps.Messages:
		record = codec.PackMessage(outbox.Message{ID: id, To: "a@example.com", Created: now, State: outbox.Queued, Due: now})
	}
	value, err := codec.Encode(record)
	must(t, err)
	return value
}

func TestPeopleNoticeNothingOfACopy(t *testing.T) {
	path, place := newFile(t), newPlace(t, single)
	source := openFile(t, path, "")
	signedIn := signIn(t, source)
	asked := newVisit(t)
	asked.ask(t, source)
	counted := limit.Use{Name: "198.51.100.9", Rule: limit.Rule{Max: 2, Window: time.Hour}}
	askAs := func(store signin.Store) signin.Asked {
		a := newVisit(t).asking()
		a.Client = counted
		answer, err := store.Ask(t.Context(), a)
		must(t, err)
		return answer
	}
	askAs(source)

	target := openCopy(t, place, "bolt")
	_, err := target.CopyFrom(t.Context(), source.Steps, "bolt", untold)
	must(t, err)
	signedIn.wantSession(t, target, true)
	left := target.client.PTTL(t.Context(), target.name(steps.Key{Table: steps.Sessions, ID: tableID(t, target, steps.Sessions)})).Val()
	if left < 7*24*time.Hour-time.Minute || left > 7*24*time.Hour {
		t.Errorf("the session is kept for %v", left)
	}
	signedIn.again().wantOutcome(t, target, signin.Used)
	asked.redeem(t, target)
	if first, second := askAs(target), askAs(target); first.Wait != 0 || second.Wait == 0 {
		t.Errorf("of a limit with one use left the next two wait for %v and %v", first.Wait, second.Wait)
	}
	seen := make(map[string]int)
	for range 3 {
		messages, err := target.Claim(t.Context(), 100)
		must(t, err)
		for _, m := range messages {
			seen[m.ID]++
		}
	}
	if len(seen) != 4 { // three of the source, and one more
		t.Errorf("the messages that wait are %v", seen)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("message %s waits %d times", id, n)
		}
	}
}

// tableID is the id of the one record of a table.
func tableID(t testing.TB, s *Store, table steps.Table) (id string) {
	t.Helper()
	must(t, s.scan(t.Context(), string(table)+":*", func(names []string) error {
		for _, name := range names {
			id = strings.TrimPrefix(name, string(table)+":")
		}
		return nil
	}))
	return id
}

// A copy that broke off is no store, and is finished by the next run; what has gone from
// the source meanwhile goes from it, too.
func TestACopyThatBrokeOffIsFinishedByTheNextRun(t *testing.T) {
	for name, to := range map[string]func(*testing.T) func(of string) (steps.Steps, func() error, error){
		"bolt": func(t *testing.T) func(string) (steps.Steps, func() error, error) {
			path := newFile(t)
			return func(of string) (steps.Steps, func() error, error) {
				store, err := boltstore.OpenCopy(path, of)
				if err != nil {
					return steps.Steps{}, nil, err
				}
				return store.Steps, store.Close, nil
			}
		},
		"redis": func(t *testing.T) func(string) (steps.Steps, func() error, error) {
			place := newPlace(t, single)
			return func(of string) (steps.Steps, func() error, error) {
				place.CopyOf = of
				store, err := Open(place, slog.New(slog.DiscardHandler))
				if err != nil {
					return steps.Steps{}, nil, err
				}
				return store.Steps, store.Close, nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			path, open := newFile(t), to(t)
			fillTables(t, path)
			source := openFile(t, path, "")
			leaver := signIn(t, source)
			target, close, err := open("a")
			must(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			_, err = target.CopyFrom(ctx, source.Steps, "a", func(_ string, n int) {
				if n > 0 { // it is told when some are written
					cancel()
				}
			})
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("it ends with %v", err)
			}
			must(t, close())
			for of, want := range map[string]string{"": "is a copy of a that was not finished", "b": "is a copy of a that was not finished"} {
				if _, close, err := open(of); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("opened as a copy of %q: %v", of, err)
					if err == nil {
						must(t, close())
					}
				}
			}
			must(t, source.EndAll(t.Context(), leaver.address, session.Key{}))
			target, close, err = open("a")
			must(t, err)
			done, err := target.CopyFrom(t.Context(), source.Steps, "a", untold)
			must(t, err)
			if done.Written == 0 || done.Written >= recordsIn(steps.Sessions) {
				t.Errorf("%d records were written by the second run", done.Written)
			}
			if _, found, err := target.Session(t.Context(), leaver.session.Key(), time.Now()); err != nil || found {
				t.Errorf("a session that ended meanwhile is found: %v, %v", found, err)
			}
			must(t, close())
			_, close, err = open("")
			must(t, err)
			must(t, close())
		})
	}
}

func TestACopyIsRefusedWithWhatToDo(t *testing.T) {
	filled, empty := newFile(t), newFile(t)
	source := openFile(t, filled, "")
	signIn(t, source)
	place := newPlace(t, single)
	target := openCopy(t, place, "a")
	refuses := func(want error, words string, to *Store, from steps.Steps) {
		t.Helper()
		if _, err := to.CopyFrom(t.Context(), from, "a", untold); !errors.Is(err, want) && (want != nil || err == nil || !strings.Contains(err.Error(), words)) {
			t.Errorf("the error is %v, want %v %s", err, want, words)
		}
		open(t, place) // it is no copy that broke off
	}
	refuses(steps.ErrNothingToCopy, "", target, openFile(t, empty, "").Steps)

	other := open(t, place)
	redistest.Await(t, recoveryTime, "another instance to claim", func() bool {
		_, err := other.Claim(t.Context(), 1)
		return err == nil
	})
	stop := make(chan struct{})
	claims := make(chan error)
	go func() {
		for {
			select {
			case <-stop:
				claims <- nil
				return
			case <-time.After(time.Second):
				if _, err := other.Claim(t.Context(), 1); err != nil {
					claims <- err
					return
				}
			}
		}
	}()
	refuses(errInUse, "", target, source.Steps)
	close(stop)
	must(t, <-claims)

	signIn(t, other)
	refuses(steps.ErrNotEmpty, "", target, source.Steps)

	unheard := openCopy(t, newPlace(t, single), "a")
	must(t, unheard.client.Set(t.Context(), unheard.base+"unheard:of", "x", 0).Err())
	refuses(nil, "of which this program knows nothing", unheard, source.Steps)
}
