// Package boltstore keeps everything in one file, with bbolt: durable, nothing
// to install, one process.
package boltstore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/doorpost-auth/doorpost/internal/store/ordered"
	"go.etcd.io/bbolt"
)

// batchDelay is how long a change waits at most for others to share its write to
// disk with.
const batchDelay = 2 * time.Millisecond

// Store is a store in one file.
type Store struct {
	*ordered.Store
	db *bbolt.DB
}

// engine implements ordered.Engine.
type engine struct{ db *bbolt.DB }

// Open opens the store in a file, made if it does not exist, readable by the
// owner only. It fails within seconds if another process has the file open,
// and on a file that is damaged, which it leaves as it is.
func Open(path string) (*Store, error) { return OpenCopy(path, "") }

// OpenCopy is Open for a store into which another one is copied, see steps.EnterFormat.
func OpenCopy(path, of string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the store: %w", err)
	}
	db, isNew, err := openFile(path)
	if err != nil {
		return nil, err
	}
	db.MaxBatchDelay = batchDelay
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range ordered.Buckets() {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return fmt.Errorf("making bucket %s: %w", name, err)
			}
		}
		return nil
	})
	var store *ordered.Store
	if err == nil {
		store, err = ordered.OpenCopy(&engine{db}, of)
	}
	if err != nil {
		err = errors.Join(fmt.Errorf("opening the store %s: %w", path, err), db.Close())
		if isNew {
			err = errors.Join(err, os.Remove(path))
		}
		return nil, err
	}
	return &Store{store, db}, nil
}

// Backup writes a copy of the file as it is at one moment, while it is in use. begin is
// told how many bytes follow. Until the copy is written, pages of the file that are freed
// are not used again.
func (s *Store) Backup(to io.Writer, begin func(size int64)) error {
	err := s.db.View(func(tx *bbolt.Tx) error {
		begin(tx.Size())
		_, err := tx.WriteTo(to)
		return err
	})
	if err != nil {
		return fmt.Errorf("copying the store: %w", err)
	}
	return nil
}

func (e *engine) View(f func(ordered.Tx) error) error {
	return e.db.View(func(tx *bbolt.Tx) error { return f(transaction{tx}) })
}

// Update has changes that come at the same time share a write to disk.
func (e *engine) Update(f func(ordered.Tx) error) error {
	return e.db.Batch(func(tx *bbolt.Tx) error { return f(transaction{tx}) })
}

func (e *engine) Close() error { return e.db.Close() }

// transaction is an ordered.Tx.
type transaction struct{ tx *bbolt.Tx }

func (t transaction) Get(b ordered.Bucket, key []byte) []byte {
	return t.tx.Bucket([]byte(b)).Get(key)
}

func (t transaction) Put(b ordered.Bucket, key, value []byte) error {
	if err := t.tx.Bucket([]byte(b)).Put(key, value); err != nil {
		return fmt.Errorf("writing to bucket %s: %w", b, err)
	}
	return nil
}

func (t transaction) Delete(b ordered.Bucket, key []byte) error {
	if err := t.tx.Bucket([]byte(b)).Delete(key); err != nil {
		return fmt.Errorf("deleting from bucket %s: %w", b, err)
	}
	return nil
}

func (t transaction) Scan(b ordered.Bucket, from []byte, f func(key, value []byte) bool) {
	cursor := t.tx.Bucket([]byte(b)).Cursor()
	for key, value := cursor.Seek(from); key != nil; key, value = cursor.Next() {
		if !f(key, value) {
			return
		}
	}
}
