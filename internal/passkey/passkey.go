// Package passkey signs people in with passkeys (WebAuthn Level 3), and keeps which ones
// they have.
//
// Both ceremonies begin with a challenge that nothing is kept of: it is signed, for five
// minutes, for one browser or session, one origin and one RP ID. What a browser answers is
// checked as far as it can be before the store is asked; the step of the store that
// succeeds uses the challenge up.
package passkey

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// Bounds.
const (
	Max           = 50              // of one person
	MaxBody       = 16 << 10        // of what a browser answers, in bytes
	MaxName       = 64              // of a passkey, in characters
	ChallengeLife = 5 * time.Minute // how long a browser has for its answer
	maxPublicKey  = 1100            // bytes; a key of RSA with 8192 bits has as many
	handleSize    = 32
	maxTransports = 8
)

// Passkey is one that somebody has.
type Passkey struct {
	ID         ID
	Credential []byte // its id in WebAuthn, at most 1023 bytes
	RPID       string
	PublicKey  []byte // as COSE_Key
	Counter    uint32 // of its last use; many have none, which is 0
	Name       string // empty if nothing is known of the device
	Made       time.Time
	Used       time.Time // zero if it never was
	Transports []string  // hints for browsers

	BackupEligible bool // it may be synced to other devices
	BackedUp       bool // it is, as of its last use
}

// ID names a passkey in pages and commands: the beginning of a hash of its credential's
// id, in hex. It is no secret.
type ID string

// ParseID reads an ID that somebody typed.
func ParseID(s string) (ID, bool) {
	raw, err := hex.DecodeString(s)
	return ID(strings.ToLower(s)), err == nil && len(raw) == idSize
}

// idSize is how many bytes of the hash an ID has.
const idSize = 8

// Key is what finds a passkey: the SHA-256 of its credential's id.
type Key [sha256.Size]byte

// KeyOf is the key of a credential's id.
func KeyOf(credential []byte) Key { return sha256.Sum256(credential) }

// ID is that of the passkey.
func (k Key) ID() ID { return ID(hex.EncodeToString(k[:idSize])) }

// Keyring is what somebody has.
type Keyring struct {
	Handle   []byte // by which authenticators know them; random, nil before their first passkey
	Passkeys []Passkey
}

// Of are the passkeys of an RP ID.
func (r Keyring) Of(rpID string) (list []Passkey) {
	for _, p := range r.Passkeys {
		if p.RPID == rpID {
			list = append(list, p)
		}
	}
	return list
}

// Party is where a ceremony takes place.
type Party struct {
	ID     string // the RP ID: a domain
	Origin string // of the page, exactly
	Name   string // that the browser may show
}

// What is refused.
var (
	// ErrMalformed says that a body is not what a browser answers.
	ErrMalformed = fault.New(fault.Invalid, "this is not the answer of a browser about a passkey")
	// ErrRefused says that an answer was not accepted. Only the audit log says why.
	ErrRefused = fault.New(fault.Invalid, "the passkey was not accepted")
	// ErrKnown says that a new passkey is not new.
	ErrKnown = fault.New(fault.Taken, "there is such a passkey already")
	// ErrFull says that a person has Max passkeys.
	ErrFull = fault.New(fault.Invalid, "there are 50 passkeys, and no more can be added; remove one first")
	// ErrUnknown says that a person has no such passkey, or not any more.
	ErrUnknown = fault.New(fault.Unknown, "there is no passkey with that id, or not any more")
	// ErrNoName says that a new name has nothing in it that can be shown.
	ErrNoName = fault.New(fault.Invalid, "the name is empty")
	// ErrNeedsCode says that there is no proof of the last account.FreshProof: a code that is mailed is one.
	ErrNeedsCode = fault.New(fault.Invalid, "a code that is mailed to the address is needed first")
)

// Service is what people do with passkeys. It is safe for concurrent use.
type Service struct {
	Store   Store
	SignIns *signin.Service
	Audit   *audit.Log

	signer session.Signer
	now    func() time.Time
}

// NewService makes a service from its parts and the operator's secrets.
func NewService(ring keys.Ring, parts Service) *Service {
	parts.signer, parts.now = session.NewSigner(ring, keys.Passkey, ChallengeLife), time.Now
	return &parts
}
