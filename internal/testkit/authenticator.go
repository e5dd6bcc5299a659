package testkit

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// Algorithms of COSE that an Authenticator has.
const (
	ES256 = -7
	EdDSA = -8
	RS256 = -257
)

// Flags of authenticator data.
const (
	UserPresent    = 0x01
	UserVerified   = 0x04
	BackupEligible = 0x08
	BackedUp       = 0x10
	hasCredential  = 0x40
)

// Authenticator makes passkeys and signs with them, as a browser and a device do together.
// It is strict about the options that it is given. The zero Authenticator is empty.
type Authenticator struct {
	Algorithm   int  // of passkeys that it makes; 0: the first one that is offered
	Claims      int  // the algorithm that their public keys name instead; 0: the right one
	Extra       byte // flags beside UserPresent and UserVerified
	Counts      bool // it has a counter of signatures
	Credentials []*Credential

	Format    string // of what it says of its maker; empty: none
	Statement map[string]any
}

// Credential is a passkey that an Authenticator has.
type Credential struct {
	ID, Handle []byte
	RPID       string
	Counter    uint32

	algorithm int
	key       crypto.Signer
}

// Ceremony is what an answer is made of, to be changed before it is signed.
type Ceremony struct {
	Type, Challenge, Origin, TopOrigin string
	CrossOrigin                        bool
	RPID                               string
	Flags                              byte
	Counter                            uint32
	Credential                         []byte // the id
	Handle                             []byte
	Sign                               func(data []byte) []byte
}

// Create makes a passkey for a page with CreationOptions, and returns what the browser
// posts: JSON of RegistrationResponse.
func (a *Authenticator) Create(origin string, options []byte, changes ...func(*Ceremony)) ([]byte, error) {
	var o creationOptions
	if err := readOptions(options, &o); err != nil {
		return nil, err
	}
	handle, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	selection := o.AuthenticatorSelection
	switch {
	case err != nil || len(handle) == 0 || len(handle) > 64:
		return nil, fmt.Errorf("the user handle has %d bytes: %w", len(handle), err)
	case o.RP.Name == "" || o.User.Name == "" || o.User.DisplayName == "":
		return nil, errors.New("a name is missing")
	case selection.ResidentKey != "required" || !selection.RequireResidentKey || selection.UserVerification != "required":
		return nil, fmt.Errorf("the passkey is to be %+v", selection)
	case o.Attestation != "" && o.Attestation != "none":
		return nil, fmt.Errorf("attestation is asked for: %q", o.Attestation)
	}
	if err := checkPlace(origin, o.RP.ID, o.Challenge); err != nil {
		return nil, err
	}
	for _, c := range a.Credentials {
		excluded := func(d descriptor) bool { return d.ID == base64.RawURLEncoding.EncodeToString(c.ID) }
		if c.RPID == o.RP.ID && slices.ContainsFunc(o.ExcludeCredentials, excluded) {
			return nil, errors.New("InvalidStateError: there is a passkey already")
		}
	}
	made := &Credential{ID: make([]byte, 32), Handle: handle, RPID: o.RP.ID, algorithm: a.Algorithm}
	rand.Read(made.ID)
	for _, offered := range o.PubKeyCredParams {
		if made.algorithm == 0 && offered.Type == "public-key" {
			made.algorithm = offered.Alg
		}
	}
	if made.key, err = newKey(made.algorithm); err != nil {
		return nil, err
	}
	a.Credentials = append(slices.DeleteFunc(a.Credentials, func(c *Credential) bool {
		return c.RPID == made.RPID && bytes.Equal(c.Handle, made.Handle)
	}), made)
	c := a.ceremony("webauthn.create", origin, o.Challenge, made, changes)
	public, err := publicKey(made.key.Public(), cmp.Or(a.Claims, made.algorithm))
	if err != nil {
		return nil, err
	}
	attested := slices.Concat(make([]byte, 16), binary.BigEndian.AppendUint16(nil, uint16(len(c.Credential))), c.Credential, public)
	object, err := cbor.Marshal(map[string]any{"fmt": cmp.Or(a.Format, "none"), "attStmt": a.statement(), "authData": c.data(hasCredential, attested)})
	if err != nil {
		return nil, err
	}
	return c.body(map[string]any{
		"clientDataJSON": encoded(c.client()), "attestationObject": encoded(object), "transports": []string{"internal", "hybrid"},
	})
}

// statement is what it says of its maker, which is never missing.
func (a *Authenticator) statement() map[string]any {
	if a.Statement == nil {
		return map[string]any{}
	}
	return a.Statement
}

// Get signs with the last passkey for a page with Options, and returns what the browser
// posts: JSON of AuthenticationResponse.
func (a *Authenticator) Get(origin string, options []byte, changes ...func(*Ceremony)) ([]byte, error) {
	var o requestOptions
	if err := readOptions(options, &o); err != nil {
		return nil, err
	}
	if o.UserVerification != "required" || len(o.AllowCredentials) > 0 {
		return nil, fmt.Errorf("the options are %+v", o)
	}
	if err := checkPlace(origin, o.RPID, o.Challenge); err != nil {
		return nil, err
	}
	for _, used := range slices.Backward(a.Credentials) {
		if used.RPID != o.RPID {
			continue
		}
		if a.Counts {
			used.Counter++
		}
		c := a.ceremony("webauthn.get", origin, o.Challenge, used, changes)
		client, data := c.client(), c.data(0, nil)
		hash := sha256.Sum256(client)
		return c.body(map[string]any{
			"clientDataJSON": encoded(client), "authenticatorData": encoded(data),
			"signature": encoded(c.Sign(append(data, hash[:]...))), "userHandle": encoded(c.Handle),
		})
	}
	return nil, errors.New("NotAllowedError: there is no passkey")
}

func (a *Authenticator) ceremony(kind, origin, challenge string, of *Credential, changes []func(*Ceremony)) *Ceremony {
	c := &Ceremony{
		Type: kind, Challenge: challenge, Origin: origin, RPID: of.RPID, Flags: UserPresent | UserVerified | a.Extra,
		Counter: of.Counter, Credential: of.ID, Handle: of.Handle, Sign: of.sign,
	}
	for _, change := range changes {
		change(c)
	}
	return c
}

func (c *Ceremony) client() []byte {
	said := map[string]any{"type": c.Type, "challenge": c.Challenge, "origin": c.Origin, "crossOrigin": c.CrossOrigin}
	if c.TopOrigin != "" {
		said["topOrigin"] = c.TopOrigin
	}
	raw, _ := json.Marshal(said) // of text it is always possible
	return raw
}

func (c *Ceremony) data(flags byte, attested []byte) []byte {
	hash := sha256.Sum256([]byte(c.RPID))
	return slices.Concat(hash[:], []byte{c.Flags | flags}, binary.BigEndian.AppendUint32(nil, c.Counter), attested)
}

func (c *Ceremony) body(response map[string]any) ([]byte, error) {
	id := encoded(c.Credential)
	return json.Marshal(map[string]any{
		"id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform", "clientExtensionResults": map[string]any{}, "response": response,
	})
}

func encoded(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }
