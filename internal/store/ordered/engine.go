// Package ordered runs the steps of a store on any engine that has ordered keys
// and transactions. The engines add nothing but where the bytes lie.
package ordered

import "github.com/doorpost-auth/doorpost/internal/store/steps"

// Bucket is a set of ordered keys.
type Bucket string

// waiting is the bucket beside the tables of package steps, which are named as those
// are: when a message that waits was made, and its id.
const waiting Bucket = "waiting"

// Buckets lists all buckets, for engines that have to make them.
func Buckets() []Bucket {
	buckets := []Bucket{waiting}
	for _, table := range steps.Tables() {
		buckets = append(buckets, Bucket(table))
	}
	return buckets
}

// Engine runs transactions. It is safe for concurrent use.
type Engine interface {
	// View runs f on a consistent state that f does not change.
	View(f func(Tx) error) error

	// Update runs f alone. If f returns an error nothing of what it did stays;
	// otherwise all of it does, for good, when Update returns. f may be run
	// more than once.
	Update(f func(Tx) error) error

	// Close releases what the engine holds. Transactions fail afterwards.
	Close() error
}

// Tx is a transaction. What it returns is valid until it ends, and is not to
// be changed.
type Tx interface {
	Get(b Bucket, key []byte) []byte // nil if there is none
	Put(b Bucket, key, value []byte) error
	Delete(b Bucket, key []byte) error

	// Scan calls f with the keys that are not less than from, in order, until f
	// returns false. f must not change the bucket.
	Scan(b Bucket, from []byte, f func(key, value []byte) bool)
}
