// Package keys derives keys from the operator's secrets, different ones for each
// purpose, so that a signature for one purpose is worthless for another.
package keys

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// MinSecretLength is the least number of bytes of a secret.
const MinSecretLength = 32

// Purpose says what a key is for. The words are part of the derivation: a change
// invalidates everything that was signed for the purpose.
type Purpose string

// The purposes, one for each kind of thing that is signed.
const (
	SessionCookie Purpose = "doorpost session cookie v1"
	RequestCookie Purpose = "doorpost request cookie v1"
	LinkToken     Purpose = "doorpost link token v1"
	Code          Purpose = "doorpost code v1"
	Confirmation  Purpose = "doorpost confirmation v1"
	Ticket        Purpose = "doorpost portal ticket v1"
	SiteSession   Purpose = "doorpost site session v1"
	Passkey       Purpose = "doorpost passkey challenge v1"
	Outbox        Purpose = "doorpost outbox v1"
	SigningKey    Purpose = "doorpost signing key v1"
	RefreshToken  Purpose = "doorpost refresh token v1"
	AuditSubject  Purpose = "doorpost audit subject v1"

	fingerprint Purpose = "doorpost fingerprint v1"
)

// Ring has the operator's secrets in their order. The first signs, all verify, so that
// an operator can put a new one first and drop the old one later.
type Ring struct{ secrets [][]byte }

// NewRing makes a ring of at least one secret of at least 32 bytes each.
func NewRing(secrets ...[]byte) (Ring, error) {
	if len(secrets) == 0 {
		return Ring{}, errors.New("at least one secret is needed")
	}
	for i, secret := range secrets {
		if len(secret) < MinSecretLength {
			return Ring{}, fmt.Errorf("secret %d has %d bytes, at least %d are needed; make one with: openssl rand -base64 32",
				i+1, len(secret), MinSecretLength)
		}
		if isConstant(secret) {
			return Ring{}, fmt.Errorf("secret %d is one byte repeated; make one with: openssl rand -base64 32", i+1)
		}
	}
	return Ring{secrets: secrets}, nil
}

func isConstant(secret []byte) bool {
	for _, b := range secret {
		if b != secret[0] {
			return false
		}
	}
	return true
}

// Generate makes a new random secret of 32 bytes.
func Generate() []byte {
	secret := make([]byte, MinSecretLength)
	rand.Read(secret) // never fails, see crypto/rand
	return secret
}

// ParseSecret reads a secret in hex or base64 (standard or URL alphabet, with
// or without padding). Its error repeats nothing of the secret.
func ParseSecret(encoded string) ([]byte, error) {
	encoded = strings.TrimSpace(encoded)
	if raw, err := hex.DecodeString(encoded); err == nil {
		return checkLength(raw)
	}
	unpadded := strings.TrimRight(encoded, "=")
	for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if raw, err := alphabet.DecodeString(unpadded); err == nil {
			return checkLength(raw)
		}
	}
	return nil, errors.New("the secret is neither hex nor base64; make one with: openssl rand -base64 32")
}

func checkLength(raw []byte) ([]byte, error) {
	if len(raw) < MinSecretLength {
		return nil, fmt.Errorf("the secret has %d bytes, at least %d are needed; make one with: openssl rand -base64 32",
			len(raw), MinSecretLength)
	}
	return raw, nil
}

// Fingerprint differs between rings with different secrets. It reveals nothing of them:
// it is derived like a key.
func (r Ring) Fingerprint() string {
	sum := sha256.New()
	for _, key := range r.For(fingerprint) {
		sum.Write(key)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// For derives the keys for a purpose with HKDF-SHA256 (RFC 5869), 32 bytes
// each, in the order of the secrets.
func (r Ring) For(purpose Purpose) [][]byte {
	derived := make([][]byte, len(r.secrets))
	for i, secret := range r.secrets {
		key, err := hkdf.Key(sha256.New, secret, nil, string(purpose), sha256.Size)
		if err != nil {
			// Only a key length out of range fails, and ours is fixed.
			panic("deriving a key: " + err.Error())
		}
		derived[i] = key
	}
	return derived
}
