package main

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/boltstore"
	"github.com/doorpost-auth/doorpost/internal/store/record"
	"go.etcd.io/bbolt"
)

// How a store is filled. Keys that come in no order leave the pages of a tree
// full to ln 2 (A. C. Yao, On random 2-3 trees, 1978; tried out with a hundred
// thousand sessions, each in its own place). Here they come in order, which is
// many times faster, and pages are left with as much room.
const (
	pageFill  = math.Ln2
	fillChunk = 50_000 // records in one transaction
)

// writeStore makes a store in which people are signed in at an origin.
func writeStore(path, origin string, signedIn []person) error {
	made, err := boltstore.Open(path) // the buckets, and the version
	if err != nil {
		return err
	}
	if err := made.Close(); err != nil {
		return err
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return fmt.Errorf("writing sessions: %w", err)
	}
	defer db.Close()
	now := time.Now()
	byAddress := slices.CompactFunc(slices.Clone(signedIn), func(a, b person) bool { return a.address == b.address })
	byKey := slices.SortedFunc(slices.Values(signedIn), func(a, b person) int { return bytes.Compare(a.key[:], b.key[:]) })
	for _, bucket := range []struct {
		name   string
		of     []person
		record func(person) (key, value []byte, err error)
	}{
		{"sessions", byKey, func(p person) ([]byte, []byte, error) {
			value, err := record.Encode(record.PackSession(session.Record{
				Address: p.address, Scope: origin, SignedIn: now, Seen: now, Expires: now.Add(sessionLife), Standing: p.standing,
				Device: session.Device{Browser: "Firefox", System: "Linux", Network: "203.0.113.0/24"},
			}))
			return p.key[:], value, err
		}},
		{"person_sessions", signedIn, func(p person) ([]byte, []byte, error) {
			return append([]byte(string(p.address)+"\x00"), p.key[:]...), []byte{}, nil
		}},
		{"people", byAddress, func(p person) ([]byte, []byte, error) {
			known := people.Person{Added: now, Proven: now, Revision: 1}
			if p.standing != nil {
				known.Standing = *p.standing
			}
			value, err := record.Encode(record.PackPerson(known))
			return []byte(p.address), value, err
		}},
	} {
		for some := range slices.Chunk(bucket.of, fillChunk) {
			err := db.Update(func(tx *bbolt.Tx) error {
				b := tx.Bucket([]byte(bucket.name))
				b.FillPercent = pageFill
				for _, p := range some {
					key, value, err := bucket.record(p)
					if err != nil {
						return err
					}
					if err := b.Put(key, value); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("writing %s: %w", bucket.name, err)
			}
		}
	}
	return db.Sync()
}
