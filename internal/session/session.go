// Package session knows who is signed in: it finds sessions by their cookie, extends
// them while they are used, and ends them.
//
// A session is a record in the store. Its cookie has a random id and a signature,
// nothing else; the store has a hash of the id only. A session that is not in the store
// does not exist.
package session

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// ID is what the cookie carries: 128 bits that nobody can guess.
type ID [16]byte

// Key is what the store knows of an ID: the first half of its SHA-256. Nobody can sign
// in with it, so people and operators may see it.
type Key [16]byte

// NewID makes the id of a new session.
func NewID() ID {
	var id ID
	rand.Read(id[:]) // never fails, see crypto/rand
	return id
}

// Key is the name of the session in the store.
func (id ID) Key() Key {
	sum := sha256.Sum256(id[:])
	return Key(sum[:16])
}

// String is the key in hex, as pages and commands show it.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Short begins as String does. Logs have it of sessions that go on: with the secrets a
// ticket of the portal can be made of the whole of it, and of this nothing.
func (k Key) Short() string { return k.String()[:8] }

// ParseKey reads what String wrote.
func ParseKey(s string) (Key, bool) {
	var k Key
	if len(s) != hex.EncodedLen(len(k)) {
		return Key{}, false
	}
	_, err := hex.Decode(k[:], []byte(s))
	return k, err == nil
}

// Device says where a request came from, in words that the person recognizes.
type Device struct {
	Browser string // "Firefox", empty if unknown
	System  string // "Android", empty if unknown
	Network string // "203.0.113.0/24", empty if unknown
}

// NetworkOf is the network of a client as people and operators see it: too coarse to identify
// an address. It is invalid for one that is not known.
func NetworkOf(client netip.Addr) netip.Prefix {
	bits := 48
	if client = client.Unmap().WithZone(""); client.Is4() {
		bits = 24
	}
	n, _ := client.Prefix(bits)
	return n
}

// Method is how somebody proved who they are.
type Method string

// The methods.
const (
	ByMail     Method = ""         // a message to their address
	ByRecovery Method = "recovery" // a message to their recovery address
	ByPasskey  Method = "passkey"
	ByToken    Method = "token" // a program, with a token
)

// methods are all of them. One that this version does not know is taken for the
// first.
var methods = [...]Method{ByMail, ByRecovery, ByPasskey, ByToken}

// references are what apps are told of each method: our word, and what RFC 8176 has for it.
// Of a passkey the authenticator has verified its user, by PIN or biometrics. Whether its
// key can leave a device, which hwk and swk would tell, is not known of a session.
var references = map[Method][]string{
	ByMail:     {"mail", "otp"},
	ByRecovery: {"recovery", "otp"},
	ByPasskey:  {"passkey", "pop", "user", "mfa"},
}

// Word is the method as operators and apps know it.
func (m Method) Word() string { return cmp.Or(string(m), "mail") }

// References are what an app is told of it as amr: the word, and the values of RFC 8176
// for it. The caller does not change them.
func (m Method) References() []string {
	if known := references[m]; known != nil {
		return known
	}
	return []string{m.Word()}
}

// ErrEnded says that the session in which somebody wants to change something has ended.
var ErrEnded = fault.New(fault.Unknown, "the session has ended")

// Record is what the store keeps of a session.
type Record struct {
	Address  address.Address
	Scope    string    // the origin that the session is good for, or the cookie domain
	SignedIn time.Time // when the address was proven
	Seen     time.Time // last use, within the interval at which uses are written
	Expires  time.Time // when the session ends unless it is used after Seen
	Device   Device
	Method   Method           // of the proof
	Passkey  string           // the passkey.ID of the one that made it, which may be gone; empty for one of a version that did not keep it
	Subject  people.Subject   // of the person
	Standing *people.Standing // of the person, updated with theirs; nil for none
	Parent   Key              // the session at the portal that it came of; zero for one that a proof made
	Used     time.Time        // with Parent: as Seen, of this session alone; Seen is of all that are one
}

// Entry is a record with its key.
type Entry struct {
	Key Key
	Record
	Sites []string // the scopes of the sessions that came of it
}

// Store keeps sessions. All methods are safe for concurrent use, honour ctx,
// and return an error only if the store cannot do its work: a session that is missing
// or over is not an error.
//
// A session and those that came of it are one: what is done to any of them is done to
// all, and lists have the first of them.
type Store interface {
	// Session returns the record of a session; found is false for one that never
	// existed, has ended, or is over at the given time.
	Session(ctx context.Context, key Key, now time.Time) (record Record, found bool, err error)

	// Touch moves Seen and Expires of a session forward. It never moves them back and
	// never restores a session that has ended.
	Touch(ctx context.Context, key Key, seen, expires time.Time) error

	// Sessions lists the sessions of a person that are not over at the given time, in
	// no order.
	Sessions(ctx context.Context, who address.Address, now time.Time) ([]Entry, error)

	// AllSessions lists about max sessions that are not over at the given time, person
	// by person in the order of addresses, starting behind the address after. The
	// sessions of one person are never divided, so there may be more than max by
	// those of the last person. next is the last person that was read, empty at the
	// end; there may be fewer than max sessions, or none, before the end.
	AllSessions(ctx context.Context, after address.Address, max int, now time.Time) (list []Entry, next address.Address, err error)

	// End ends one session of a person. When it returns, the session is gone. It does
	// nothing to a session of another person.
	End(ctx context.Context, who address.Address, key Key) error

	// EndAll ends all sessions of a person except keep, which may be the zero Key.
	EndAll(ctx context.Context, who address.Address, keep Key) error

	// Token and UseToken are those of token.Store.
	Token(ctx context.Context, id token.ID, now time.Time) (r token.Record, found bool, err error)
	UseToken(ctx context.Context, id token.ID, network string, now time.Time) (first bool, err error)

	// OnEnd calls ended with the key of each session that any instance ends early, or
	// gives to another address, from now on until cancel is called. If this instance
	// ends it, ended returns before the call that ends the session does. ended must
	// not call the store.
	OnEnd(ended func(Key)) (cancel func())

	// OnChange does the same for each session that got another Standing.
	OnChange(changed func(Key)) (cancel func())
}
