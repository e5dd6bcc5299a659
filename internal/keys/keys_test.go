package keys

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

func TestParseSecretReadsHexAndEveryBase64(t *testing.T) {
	secret := bytes.Repeat([]byte{0xfb, 0xff, 1, 2}, 8)
	for _, encoded := range []string{
		hex.EncodeToString(secret),
		strings.ToUpper(hex.EncodeToString(secret)),
		base64.StdEncoding.EncodeToString(secret) + "\n",
		base64.RawStdEncoding.EncodeToString(secret),
		base64.URLEncoding.EncodeToString(secret),
		base64.RawURLEncoding.EncodeToString(secret),
	} {
		got, err := ParseSecret(encoded)
		if err != nil || !bytes.Equal(got, secret) {
			t.Errorf("ParseSecret(%q) = %x, %v", encoded, got, err)
		}
	}
}

func TestWeakSecretsAreRefusedWithoutBeingRepeated(t *testing.T) {
	for _, encoded := range []string{"", "c2hvcnQ=", "not a secret at all, with spaces in it", strings.Repeat("ab", 31)} {
		if _, err := ParseSecret(encoded); err == nil {
			t.Errorf("ParseSecret(%q) was accepted", encoded)
		} else if encoded != "" && strings.Contains(err.Error(), encoded) {
			t.Errorf("the error repeats the secret: %v", err)
		}
	}
	if _, err := NewRing(); err == nil {
		t.Error("a ring without a secret was accepted")
	}
	if _, err := NewRing(make([]byte, 32)); err == nil {
		t.Error("a secret of zeros was accepted")
	}
	if _, err := NewRing(Generate(), Generate()[:5]); err == nil {
		t.Error("a secret of five bytes was accepted")
	}
}

func TestKeysDifferByPurposeAndBySecret(t *testing.T) {
	ring, err := NewRing(Generate(), Generate())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, purpose := range []Purpose{SessionCookie, RequestCookie, LinkToken, Code, Confirmation} {
		for _, key := range ring.For(purpose) {
			if len(key) != 32 || seen[string(key)] {
				t.Fatalf("key for %q is short or stands twice", purpose)
			}
			seen[string(key)] = true
		}
		if !bytes.Equal(ring.For(purpose)[0], ring.For(purpose)[0]) {
			t.Fatal("derivation is not stable")
		}
	}
}
