package boltstore

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
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
func openFile(path string) (*bbolt.DB, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("opening the store: %w", err)
	case info.Size() == 0 && info.Mode().IsRegular():
		return nil, damaged(path, errors.New("the file is empty"))
	default:
		if err := checkFile(path); err != nil {
			return nil, err
		}
	}
	return openBolt(path, bbolt.Options{})
}

func openBolt(path string, options bbolt.Options) (*bbolt.DB, error) {
	options.Timeout, options.FreelistType = lockTimeout, bbolt.FreelistMapType
	// The list of free pages is made anew from the content: bbolt believes one
	// in the file, and would write over pages in use if it were damaged.
	options.NoFreelistSync = true
	var db *bbolt.DB
	err := withoutPanic(func() (err error) {
		db, err = bbolt.Open(path, 0o600, &options)
		return err
	})
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

// checkFile finds damage that bbolt answers with a panic, now or on the day
// that it meets it. It opens the file to read: bbolt looks at next to nothing
// then, so that the file can be closed again whatever is found. A panic while
// bbolt opens a file would leave it locked.
func checkFile(path string) error {
	db, err := openBolt(path, bbolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	if err = withoutPanic(func() error { return db.View(check) }); err != nil {
		err = damaged(path, err)
	}
	return errors.Join(err, db.Close())
}

// withoutPanic makes an error of a panic, and of the fault of a page that lies
// outside of the file.
func withoutPanic(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if damage := recover(); damage != nil {
			err = fmt.Errorf("%v", damage)
		}
	}()
	return f()
}

// check looks at all pages and all keys: the values are checked when they are
// read. That takes some tenths of a second for a hundred thousand sessions.
func check(tx *bbolt.Tx) error {
	info, err := os.Stat(tx.DB().Path())
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return fmt.Errorf("the file was cut short: it has %d of %d bytes", info.Size(), tx.Size())
	}
	// A page that claims to be many would later be taken at its word.
	stats := tx.Cursor().Bucket().Stats()
	pages := stats.BranchPageN + stats.BranchOverflowN + stats.LeafPageN + stats.LeafOverflowN
	if limit := tx.Size() / int64(tx.DB().Info().PageSize); int64(pages) > limit {
		return fmt.Errorf("%d pages of %d are in use", pages, limit)
	}
	return tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
		if bucket == nil {
			return fmt.Errorf("%q is no bucket", name)
		}
		return checkKeys(name, bucket)
	})
}

// checkKeys makes sure that the keys are in order and that each is found from
// the top.
func checkKeys(name []byte, bucket *bbolt.Bucket) error {
	var last []byte
	top := bucket.Cursor()
	return bucket.ForEach(func(key, _ []byte) error {
		if last != nil && bytes.Compare(last, key) >= 0 {
			return fmt.Errorf("the keys of bucket %q are out of order", name)
		}
		if found, _ := top.Seek(key); !bytes.Equal(found, key) {
			return fmt.Errorf("a key of bucket %q is not found", name)
		}
		last = key
		return nil
	})
}

func damaged(path string, cause error) error {
	return fmt.Errorf("the store %s is damaged or is no store: put a backup in its place, or move it away to begin anew (everybody has to sign in again): %w", path, cause)
}
