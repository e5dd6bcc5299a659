package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"github.com/doorpost-auth/doorpost/internal/store/boltstore"
	"go.etcd.io/bbolt"
)

// boltVisits is how many sign-ins one round makes.
const boltVisits = 4_000

// measureBolt compares the steps of the store, each durable when it returns,
// with as many bare transactions that write one record.
func (s *stand) measureBolt() (section, error) {
	store, err := boltstore.Open(s.path("steps.db"))
	if err != nil {
		return section{}, err
	}
	defer store.Close()
	db, err := bbolt.Open(s.path("bare.db"), 0o600, &bbolt.Options{NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return section{}, fmt.Errorf("opening a file of bbolt: %w", err)
	}
	defer db.Close()
	db.MaxBatchDelay = time.Millisecond // as long as the store waits at most
	bucket := []byte("bare")
	if err := db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucketIfNotExists(bucket); return err }); err != nil {
		return section{}, fmt.Errorf("making a bucket: %w", err)
	}
	n := s.size(boltVisits)
	value := make([]byte, recordLength)
	var signIn, bare series // seconds for one step
	for round := -1; round < s.rounds; round++ {
		first := (round + 1) * n
		took, err := inParallel(storeClients, n, func(i int) error { return newVisit(first+i).signIn(s.ctx, store) })
		if err != nil {
			return section{}, err
		}
		tookBare, err := inParallel(storeClients, steps*n, func(int) error {
			key := make([]byte, 16)
			rand.Read(key)
			return db.Batch(func(tx *bbolt.Tx) error { return tx.Bucket(bucket).Put(key, value) })
		})
		if err != nil {
			return section{}, err
		}
		if round >= 0 {
			signIn, bare = append(signIn, took.Seconds()/float64(steps*n)), append(bare, tookBare.Seconds()/float64(steps*n))
		}
	}
	return section{rows: []row{{
		what: "ask for a link and redeem it with bolt: steps per second against bare `Batch`", measured: bare.over(signIn), verb: "%.2f", target: atLeast(0.6),
		note: fmt.Sprintf("%.0f sign-ins, %.0f bare transactions a second, %d clients", 1/(steps*signIn.median()), 1/bare.median(), storeClients),
	}}}, nil
}

// million makes a million sessions, once.
func (s *stand) million() (made crowd, err error) {
	if s.crowd.n == 0 {
		s.crowd, err = s.newCrowd(setup{}, s.size(1_000_000))
	}
	return s.crowd, err
}

// maxStarts bounds how often a start is measured.
const maxStarts = 5

func (s *stand) measureMillion() (section, error) {
	c, err := s.million()
	if err != nil {
		return section{}, err
	}
	info, err := os.Stat(c.store)
	if err != nil {
		return section{}, fmt.Errorf("looking at the store: %w", err)
	}
	cookie, err := firstLine(c.cookies)
	if err != nil {
		return section{}, err
	}
	probe := order{Headers: append([]string{"Cookie: " + cookie}, navigation...), Status: 200}
	var ready series
	for range min(s.rounds, maxStarts) {
		g, err := s.start(c.place, setup{gated: true, behind: respond, store: "bolt " + c.store}, probe)
		if err != nil {
			return section{}, err
		}
		ready = append(ready, g.ready.Seconds())
		g.stop()
	}
	perSession := float64(info.Size()) / float64(c.n)
	return section{rows: []row{
		{
			what: fmt.Sprintf("%d sessions in bolt: start until the first answer to one of them", c.n), measured: ready, verb: "%.2f s", target: atMost(1),
			note: "the file is in the page cache",
		},
		{
			what: "the same: file size for a session", measured: series{perSession}, verb: "%.0f bytes", target: atMost(500),
			note: fmt.Sprintf("%.0f MiB", float64(info.Size())/(1<<20)),
		},
	}}, nil
}
