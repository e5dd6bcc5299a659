package testkit

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"math/big"

	"github.com/fxamacker/cbor/v2"
)

func newKey(algorithm int) (crypto.Signer, error) {
	switch algorithm {
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case EdDSA:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	case RS256:
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return nil, fmt.Errorf("NotSupportedError: no algorithm %d", algorithm)
}

// publicKey is a key as COSE_Key.
func publicKey(key crypto.PublicKey, algorithm int) ([]byte, error) {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil {
			return nil, err
		}
		return cbor.Marshal(map[int]any{1: 2, 3: algorithm, -1: 1, -2: point[1:33], -3: point[33:]})
	case ed25519.PublicKey:
		return cbor.Marshal(map[int]any{1: 1, 3: algorithm, -1: 6, -2: []byte(key)})
	case *rsa.PublicKey:
		return cbor.Marshal(map[int]any{1: 3, 3: algorithm, -1: key.N.Bytes(), -2: big.NewInt(int64(key.E)).Bytes()})
	}
	return nil, fmt.Errorf("no key of COSE is a %T", key)
}

// sign signs as the algorithm of the passkey says.
func (c *Credential) sign(data []byte) []byte {
	if c.algorithm == EdDSA {
		signature, _ := c.key.Sign(rand.Reader, data, crypto.Hash(0)) // fails for other options only
		return signature
	}
	sum := sha256.Sum256(data)
	signature, err := c.key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		panic("signing with a passkey: " + err.Error())
	}
	return signature
}
