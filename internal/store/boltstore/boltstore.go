// Package boltstore keeps everything in one file, with bbolt: durable, nothing
// to install, one process.
package boltstore

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/doorpost-auth/doorpost/internal/store/txstore"
	"go.etcd.io/bbolt"
)

// fillInOrder is how full a page is left where no new keys come between those
// that it has. There is room for a record that gains a little.
const fillInOrder = 0.9

type engine struct {
	db      *bbolt.DB
	changes *batcher
}

// Open opens the store in a file, made if it does not exist, readable by the
// owner only. It fails within seconds if another process has the file open,
// and on a file that is damaged, which it leaves as it is.
func Open(path string) (*txstore.Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the store: %w", err)
	}
	db, err := openFile(path)
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range txstore.Buckets() {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return fmt.Errorf("making bucket %s: %w", name, err)
			}
		}
		return nil
	})
	var store *txstore.Store
	if err == nil {
		store, err = txstore.Open(&engine{db: db, changes: newBatcher(db)})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the store %s: %w", path, err), db.Close())
	}
	return store, nil
}

// View implements txstore.Engine.
func (e *engine) View(f func(txstore.Tx) error) error {
	return e.db.View(func(tx *bbolt.Tx) error { return f(transaction{tx}) })
}

// Update implements txstore.Engine. Changes that come at the same time share a
// write to disk.
func (e *engine) Update(f func(txstore.Tx) error) error {
	return e.changes.update(func(tx *bbolt.Tx) error { return f(transaction{tx}) })
}

// Close implements txstore.Engine.
func (e *engine) Close() error { return e.db.Close() }

type transaction struct{ tx *bbolt.Tx }

// Get implements txstore.Tx.
func (t transaction) Get(b txstore.Bucket, key []byte) []byte {
	return t.tx.Bucket([]byte(b)).Get(key)
}

// Put implements txstore.Tx.
func (t transaction) Put(b txstore.Bucket, key, value []byte) error {
	bucket := t.tx.Bucket([]byte(b))
	if b.InOrder() {
		bucket.FillPercent = fillInOrder
	}
	if err := bucket.Put(key, value); err != nil {
		return fmt.Errorf("writing to bucket %s: %w", b, err)
	}
	return nil
}

// Delete implements txstore.Tx.
func (t transaction) Delete(b txstore.Bucket, key []byte) error {
	if err := t.tx.Bucket([]byte(b)).Delete(key); err != nil {
		return fmt.Errorf("deleting from bucket %s: %w", b, err)
	}
	return nil
}

// Scan implements txstore.Tx.
func (t transaction) Scan(b txstore.Bucket, prefix, from []byte, f func(key, value []byte) bool) {
	start := prefix
	if bytes.Compare(from, prefix) > 0 {
		start = from
	}
	cursor := t.tx.Bucket([]byte(b)).Cursor()
	for key, value := cursor.Seek(start); key != nil && bytes.HasPrefix(key, prefix); key, value = cursor.Next() {
		if !f(key, value) {
			return
		}
	}
}

// Before implements txstore.Tx.
func (t transaction) Before(b txstore.Bucket, key []byte) (found, value []byte) {
	cursor := t.tx.Bucket([]byte(b)).Cursor()
	if key == nil {
		return cursor.Last()
	}
	if after, _ := cursor.Seek(key); after == nil {
		return cursor.Last()
	}
	return cursor.Prev()
}
