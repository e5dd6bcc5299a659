package adminapi

import "time"

// PasskeyOrder names the passkey of a person that a request is about.
type PasskeyOrder struct {
	Address string `json:"address"`
	ID      string `json:"id"`
}

// Whom is the address of the person.
func (o PasskeyOrder) Whom() string { return o.Address }

// Passkeys are those of a person, in the order in which they made them; after a removal
// those that are gone.
type Passkeys struct {
	Address      string    `json:"address"`
	Passkeys     []Passkey `json:"passkeys"`
	AppPasswords []Token   `json:"app_passwords"` // that the person has, which work on without passkeys
}

// Passkey is one of a person.
type Passkey struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	RPID     string    `json:"rp_id"` // the domain at which it works
	Made     time.Time `json:"made"`
	LastUsed time.Time `json:"last_used,omitzero"`
	Syncable bool      `json:"syncable"`
	Synced   bool      `json:"synced"` // as of its last use
}
