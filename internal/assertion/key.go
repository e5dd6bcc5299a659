package assertion

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/go-jose/go-jose/v4"
)

// Record is a key as a store keeps it.
type Record struct {
	ID     string    // RFC 7638
	Since  time.Time // it signs from then on, until the next one does
	Sealed []byte    // the private half
}

// key is one that was opened.
type key struct {
	Record
	public jose.JSONWebKey
	signer jose.Signer
}

// newKey makes a key that signs from a time on.
func newKey(sealer keys.Sealer, since time.Time) (key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return key{}, fmt.Errorf("making a key: %w", err)
	}
	raw, err := private.Bytes()
	if err != nil {
		return key{}, fmt.Errorf("making a key: %w", err)
	}
	id, err := (&jose.JSONWebKey{Key: private.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		return key{}, fmt.Errorf("making a key: %w", err)
	}
	r := Record{ID: base64.RawURLEncoding.EncodeToString(id), Since: since.Truncate(time.Millisecond)}
	r.Sealed = sealer.Seal(raw, r.belongsTo())
	return keyOf(r, private)
}

// open opens a key; false for one that was sealed with none of the secrets in force, or
// was changed.
func (r Record) open(sealer keys.Sealer) (key, bool) {
	raw, ok := sealer.Open(r.Sealed, r.belongsTo())
	if !ok {
		return key{}, false
	}
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	if err != nil {
		return key{}, false
	}
	k, err := keyOf(r, private)
	return k, err == nil
}

// belongsTo is what a sealed key is bound to: who writes the store cannot have a former
// key sign again, or one under the name of another.
func (r Record) belongsTo() string {
	return r.ID + "\x00" + strconv.FormatInt(r.Since.UnixMilli(), 10)
}

func keyOf(r Record, private *ecdsa.PrivateKey) (key, error) {
	options := new(jose.SignerOptions).WithType(Type)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: private, KeyID: r.ID}}, options)
	if err != nil {
		return key{}, fmt.Errorf("making a signer: %w", err)
	}
	public := jose.JSONWebKey{Key: private.Public(), KeyID: r.ID, Algorithm: string(jose.ES256), Use: "sig"}
	return key{r, public, signer}, nil
}

// sign signs claims, as the compact form of a JWS has them.
func (k key) sign(payload []byte) (string, error) {
	made, err := k.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing an assertion: %w", err)
	}
	token, err := made.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("signing an assertion: %w", err)
	}
	return token, nil
}
