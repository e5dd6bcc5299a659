// Package txstore keeps requests, links, sessions and people in any engine
// that has ordered keys and transactions. What must be one step is one
// transaction; the engines add nothing but where the bytes lie.
package txstore

// Bucket is a set of ordered keys.
type Bucket string

// The buckets, and the form of their keys.
const (
	links          Bucket = "links"           // LinkKey
	usedLinks      Bucket = "used_links"      // end of the link, LinkKey
	requests       Bucket = "requests"        // BrowserKey
	addressLinks   Bucket = "address_links"   // address NUL LinkKey
	sessions       Bucket = "sessions"        // session.Key
	personSessions Bucket = "person_sessions" // address NUL session.Key
	persons        Bucket = "people"          // address
	recoveries     Bucket = "recoveries"      // recovery address; the value is whose it is
	otherLinks     Bucket = "other_links"     // as address_links, of purposes that are not bounded
	counters       Bucket = "counters"        // kind NUL window NUL name
	outboxMessages Bucket = "outbox"          // end, id
	outboxIDs      Bucket = "outbox_ids"      // id, of those that do not wait
	outboxWaiting  Bucket = "outbox_waiting"  // end, id
	muted          Bucket = "muted"           // address
	blocked        Bucket = "blocked"         // address
	happened       Bucket = "happened"        // name of what may happen once
	applications   Bucket = "applications"    // id of an application
	meta           Bucket = "meta"            // "version"

	oldestApplications Bucket = "oldest_applications" // time of asking, id
)

// Buckets lists all buckets, for engines that have to make them.
func Buckets() []Bucket {
	return []Bucket{
		links, usedLinks, requests, addressLinks, otherLinks, sessions, personSessions, persons, recoveries, counters,
		outboxMessages, outboxIDs, outboxWaiting, muted, blocked, happened, applications, oldestApplications, meta,
	}
}

// InOrder tells whether new keys come after those that are there, or nearly so:
// what is before them can be packed tightly.
func (b Bucket) InOrder() bool {
	switch b {
	case usedLinks, outboxMessages, outboxWaiting, oldestApplications:
		return true
	}
	return false
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

	// Scan calls f with the keys that begin with prefix, and are not less than
	// from, in order, until f returns false. f must not change the bucket.
	Scan(b Bucket, prefix, from []byte, f func(key, value []byte) bool)

	// Before returns what has the greatest key less than the one given, nil for
	// the end; found is nil if there is none.
	Before(b Bucket, key []byte) (found, value []byte)
}
