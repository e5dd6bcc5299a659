package codec

import (
	"slices"

	"github.com/doorpost-auth/doorpost/internal/passkey"
)

// Keyring is a passkey.Keyring. It stays when the last passkey of somebody is removed, so
// that the next one takes its place in the authenticator.
type Keyring struct {
	Handle   []byte    `cbor:"2,keyasint"`
	Passkeys []Passkey `cbor:"3,keyasint,omitempty"` // those of a place together, see Add
}

// Passkey is a passkey.Passkey.
type Passkey struct {
	Credential []byte   `cbor:"2,keyasint"`
	RPID       string   `cbor:"3,keyasint"`
	PublicKey  []byte   `cbor:"4,keyasint"`
	Counter    uint32   `cbor:"5,keyasint,omitempty"`
	Name       string   `cbor:"6,keyasint,omitempty"`
	Made       int64    `cbor:"7,keyasint"`
	Used       int64    `cbor:"8,keyasint,omitempty"`
	Transports []string `cbor:"9,keyasint,omitempty"`

	BackupEligible bool `cbor:"10,keyasint,omitempty"`
	BackedUp       bool `cbor:"11,keyasint,omitempty"`
}

// PackPasskey makes the record of a passkey.
func PackPasskey(p passkey.Passkey) Passkey {
	return Passkey{
		Credential: p.Credential, RPID: p.RPID, PublicKey: p.PublicKey, Counter: p.Counter, Name: p.Name,
		Made: Millis(p.Made), Used: someMillis(p.Used), Transports: p.Transports, BackupEligible: p.BackupEligible, BackedUp: p.BackedUp,
	}
}

// Key is what finds the passkey.
func (p Passkey) Key() passkey.Key { return passkey.KeyOf(p.Credential) }

// Unpack is the passkey that the record is of.
func (p Passkey) Unpack() passkey.Passkey {
	return passkey.Passkey{
		ID: p.Key().ID(), Credential: p.Credential, RPID: p.RPID, PublicKey: p.PublicKey, Counter: p.Counter, Name: p.Name,
		Made: Time(p.Made), Used: someTime(p.Used), Transports: p.Transports, BackupEligible: p.BackupEligible, BackedUp: p.BackedUp,
	}
}

// Unpack is the keyring that the record is of.
func (r Keyring) Unpack() passkey.Keyring {
	unpacked := passkey.Keyring{Handle: r.Handle}
	for _, p := range r.Passkeys {
		unpacked.Passkeys = append(unpacked.Passkeys, p.Unpack())
	}
	return unpacked
}

// Add adds a passkey behind those of its RP ID, or behind all if it is the first one. So the
// RP IDs stand in the order in which somebody came to have passkeys of them, whichever of
// several is removed: who takes a new device in place of the old one loses no rank.
func (r *Keyring) Add(p Passkey) {
	at := len(r.Passkeys)
	for i := range r.Passkeys {
		if r.Passkeys[i].RPID == p.RPID {
			at = i + 1
		}
	}
	r.Passkeys = slices.Insert(r.Passkeys, at, p)
}

// Find is where a passkey stands; -1 for one that is not there.
func (r Keyring) Find(key passkey.Key) int {
	return slices.IndexFunc(r.Passkeys, func(p Passkey) bool { return p.Key() == key })
}

// FindID is where the passkey with an id stands; -1 for none.
func (r Keyring) FindID(id passkey.ID) int {
	return slices.IndexFunc(r.Passkeys, func(p Passkey) bool { return p.Key().ID() == id })
}

// Has reports whether there is a passkey of an RP ID.
func (r Keyring) Has(rpID string) bool {
	return slices.ContainsFunc(r.Passkeys, func(p Passkey) bool { return p.RPID == rpID })
}
