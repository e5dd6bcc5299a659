package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockTimeout is how long to wait for another process to let go of the file.
const lockTimeout = 2 * time.Second

// openFile opens a file once it is known to be whole. An empty one was
// something else before, for instance a backup that found no room: taking it
// for a new store would forget who was let in and who was not.
func openFile(path string) (db *bbolt.DB, isNew bool, err error) {
	_, err = os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		db, err := openBolt(path, bbolt.Options{})
		if err != nil && !errors.Is(err, bolterrors.ErrTimeout) {
			_ = os.Remove(path) // if it was made at all, it is no store: the disk may be full
		}
		return db, true, err
	case err != nil:
		return nil, false, fmt.Errorf("opening the store: %w", err)
	}
	if err := Check(path); err != nil {
		return nil, false, err
	}
	db, err = openBolt(path, bbolt.Options{})
	return db, false, err
}

func openBolt(path string, options bbolt.Options) (*bbolt.DB, error) {
	options.Timeout, options.FreelistType = lockTimeout, bbolt.FreelistMapType
	// A list of free pages in the file would be one more thing to be damaged:
	// it is made anew from what is in use.
	options.NoFreelistSync = true
	db, err := bbolt.Open(path, 0o600, &options)
	var ofSystem syscall.Errno
	switch {
	case err == nil:
		return db, nil
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("opening %s: another process has it open; to change the configuration of a running server use its reload command, to run several servers use store redis: %w", path, err)
	case errors.As(err, &ofSystem):
		return nil, fmt.Errorf("opening the store %s: %w", path, err)
	}
	// What is left is what bbolt does not like about the content.
	return nil, damaged(path, err)
}

// Check makes sure that a file is a whole store, which nobody writes. It looks for damage before
// bbolt does, which answers it with a panic, now or on the day that it meets it.
func Check(path string) error {
	if info, err := os.Stat(path); err == nil && info.Size() == 0 && info.Mode().IsRegular() {
		return damaged(path, errors.New("the file is empty"))
	}
	db, err := openBolt(path, bbolt.Options{ReadOnly: true}) // nobody writes meanwhile
	if err != nil {
		return err
	}
	if err = db.View(checkPages); err != nil {
		err = damaged(path, err)
	}
	return errors.Join(err, db.Close())
}

// DamagedError is of a file that is no whole store.
type DamagedError struct {
	path string
	what error
}

func damaged(path string, what error) error { return &DamagedError{path, what} }

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the store %s is damaged or is not a store: put a backup in its place, or move it away to begin anew (everybody has to sign in again): %v", e.path, e.what)
}

// Unwrap is what is wrong with it.
func (e *DamagedError) Unwrap() error { return e.what }
