package passkey

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
)

// The answer that is right, to a challenge of 16 zeros. It is always the same, so that a
// target that is fuzzed by several processes is one.
const (
	rightPublicKey = "pQECAyYgASFYIMeanc9uzMU5nIYhDIO8Sw3qFoBqQwwxjVVCqPAQ5KuzIlggmiRJHeb1kk0NJ1E38WbkfB4a1pCuX8bLW5yTnHTUcLk"
	rightAnswer    = `{"authenticatorAttachment":"platform","clientExtensionResults":{},"id":"LJ4wY3NdxRQQ-seL77S557_EFC-eBG9D6FMIXfEbnuU","rawId":"LJ4wY3NdxRQQ-seL77S557_EFC-eBG9D6FMIXfEbnuU","response":{"authenticatorData":"o3mm9u6vuaVeN4wRgDTidR5oL6ufLTCrE9ISVYbOGUcFAAAAAA","clientDataJSON":"eyJjaGFsbGVuZ2UiOiJBQUFBQUFBQUFBQUFBQUFBQUFBQUFBIiwiY3Jvc3NPcmlnaW4iOmZhbHNlLCJvcmlnaW4iOiJodHRwczovL2FwcC5leGFtcGxlLmNvbSIsInR5cGUiOiJ3ZWJhdXRobi5nZXQifQ","signature":"MEQCIHLs35w9yLecJcL2A7RUfw3_F_rDD3iIcepHDVqGscOuAiB-WP-adujtu2swEogEc9vXK4G-88b7MuKKFmUoNvTelQ","userHandle":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},"type":"public-key"}`
)

var rightPlace = Party{ID: "example.com", Origin: "https://app.example.com", Name: "App"}

// accepted reports whether an answer is one of the passkey with the right public key.
func accepted(t testing.TB, body []byte) bool {
	publicKey, err := base64.RawURLEncoding.DecodeString(rightPublicKey)
	if err != nil {
		t.Fatal(err)
	}
	parsed, why := readAssertion(body, rightPlace)
	return why == Fine && isSigned(parsed, rightPlace, publicKey)
}

func FuzzNoAnswerIsAcceptedButTheRightOne(f *testing.F) {
	if !accepted(f, []byte(rightAnswer)) {
		f.Fatal("the right answer is not accepted")
	}
	f.Add([]byte(rightAnswer))
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		readCreation(body, rightPlace) // of which nothing is signed; it is not to panic
		if !accepted(t, body) {
			return
		}
		var got, want struct {
			RawID    protocol.URLEncodedBase64 // which has several spellings
			Response struct{ ClientDataJSON, AuthenticatorData, Signature protocol.URLEncodedBase64 }
		}
		if json.Unmarshal(body, &got) != nil || json.Unmarshal([]byte(rightAnswer), &want) != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is accepted", body)
		}
	})
}
