package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/boltstore"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
	"go.etcd.io/bbolt"
)

// How many people a store has that is copied, and sessions of each.
const (
	copiedPeople   = 100_000
	sessionsOfEach = 10
)

// measureCopy copies a large store to Redis and back, with the command.
func (s *stand) measureCopy() (rows []row, err error) {
	people := s.size(copiedPeople)
	first, back := s.path("copied.db"), s.path("copied-back.db")
	if err := fillSessions(first, people); err != nil {
		return nil, fmt.Errorf("filling a store: %w", err)
	}
	server, err := s.startRedis()
	if err != nil {
		return nil, err
	}
	inRedis := "redis " + server.URL()
	for _, c := range []struct{ name, from, to string }{
		{"bolt to Redis", "bolt " + first, inRedis},
		{"Redis to bolt", inRedis, "bolt " + back},
	} {
		command := exec.CommandContext(s.ctx, s.gate, "store", "copy", "--json", "--from", c.from, "--to", c.to)
		var said, told bytes.Buffer
		command.Stdout, command.Stderr = &said, &told
		began := time.Now()
		most, err := runWatched(command)
		if err != nil {
			return nil, fmt.Errorf("copying from %s: %w: %s", c.name, err, told.String())
		}
		took := time.Since(began)
		var report struct {
			Records int
			Tables  map[string]int
		}
		if err := json.Unmarshal(said.Bytes(), &report); err != nil {
			return nil, fmt.Errorf("reading what the copy says: %w", err)
		}
		if want := people * sessionsOfEach; report.Tables["people"] != people || report.Tables["sessions"] != want {
			return nil, fmt.Errorf("%v were copied, want %d people and %d sessions", report.Tables, people, want)
		}
		rows = append(rows,
			row{
				what: "copy of a store, " + c.name, measured: series{took.Seconds()}, verb: "%.0f s", target: atMost(180),
				note: fmt.Sprintf("%d people with %d sessions, %d records, each of which is read again in both and compared; %.0f s of CPU of the command",
					people, people*sessionsOfEach, report.Records, (command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds()),
			},
			row{
				what: "its own memory at most", measured: series{most.own}, verb: "%.0f MiB", target: atMost(512),
				note: fmt.Sprintf("%.0f MiB with pages of the file, which the system keeps as long as it has room", most.all),
			})
	}
	return rows, nil
}

// memory is what a process had in memory at most, in MiB: what nobody else has, and all
// with pages of files.
type memory struct{ own, all float64 }

// runWatched runs a command. What the system says at its end includes the process that
// started it, so it is looked at meanwhile.
func runWatched(command *exec.Cmd) (most memory, err error) {
	if err := command.Start(); err != nil {
		return most, err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-ended:
			return most, err
		case <-look.C:
			for name, to := range map[string]*float64{"RssAnon": &most.own, "VmRSS": &most.all} {
				var kilobytes float64
				value := firstValue(fmt.Sprintf("/proc/%d/status", command.Process.Pid), name)
				if _, err := fmt.Sscan(strings.TrimSuffix(value, "kB"), &kilobytes); err == nil { // it may have ended
					*to = max(*to, kilobytes/1024)
				}
			}
		}
	}
}

// fillSessions makes a bolt store in which people are signed in several times each. It
// writes the records itself: by the steps it would take half an hour.
func fillSessions(path string, people int) error {
	store, err := boltstore.Open(path)
	if err != nil {
		return err
	}
	if err := store.Close(); err != nil {
		return err
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true, NoFreelistSync: true})
	if err != nil {
		return fmt.Errorf("opening the file: %w", err)
	}
	const atOnce = 5000
	for i := 0; i < people && err == nil; i += atOnce {
		err = db.Update(func(tx *bbolt.Tx) error {
			for n := i; n < min(i+atOnce, people); n++ {
				if err := putPerson(tx, address.Address(fmt.Sprintf("first.last.%07d@example.com", n))); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if closed := db.Close(); err == nil {
		err = closed
	}
	return err
}

func putPerson(tx *bbolt.Tx, who address.Address) error {
	now := time.Now()
	expires := now.Add(sessionLife)
	put := func(table steps.Table, id string, record any, until time.Time) error {
		value, err := codec.Encode(record)
		if err != nil {
			return err
		}
		end := make([]byte, 8)
		if !until.IsZero() {
			binary.BigEndian.PutUint64(end, uint64(until.UnixMilli()))
		}
		return tx.Bucket([]byte(table)).Put([]byte(id), append(end, value...))
	}
	var open codec.Address
	for range sessionsOfEach {
		var key session.Key
		rand.Read(key[:])
		open.Sessions = append(open.Sessions, codec.OpenSession{Key: key, Expires: codec.Millis(expires)})
		record := codec.PackSession(session.Record{
			Address: who, Scope: "https://app.example.com", SignedIn: now, Seen: now, Expires: expires,
			Device: session.Device{Browser: "Firefox", System: "Linux", Network: "203.0.113.0/24"},
		})
		if err := put(steps.Sessions, base64.RawURLEncoding.EncodeToString(key[:]), record, expires); err != nil {
			return err
		}
	}
	if err := put(steps.Addresses, string(who), open, expires); err != nil {
		return err
	}
	return put(steps.People, string(who), codec.Person{Added: codec.Millis(now)}, time.Time{})
}
