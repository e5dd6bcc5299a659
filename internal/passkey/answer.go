package passkey

import (
	"crypto/sha256"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// checkClient checks what the browser says of the ceremony.
func checkClient(c protocol.CollectedClientData, ceremony protocol.CeremonyType, p Party) Reason {
	switch {
	case c.Type != ceremony:
		return WrongCeremony
	// A frame of another site does not get that far: our pages are not shown in frames.
	case c.Origin != p.Origin, c.CrossOrigin, c.TopOrigin != "":
		return WrongOrigin
	}
	return Fine
}

// checkAuthenticator checks what the authenticator says of itself and its user.
func checkAuthenticator(a protocol.AuthenticatorData, p Party) Reason {
	hash := sha256.Sum256([]byte(p.ID))
	switch {
	case string(a.RPIDHash) != string(hash[:]):
		return WrongRPID
	case !a.Flags.UserPresent():
		return NotPresent
	case !a.Flags.UserVerified():
		return NotVerified
	case a.Flags.HasBackupState() && !a.Flags.HasBackupEligible():
		return WrongFlags
	}
	return Fine
}

// readAssertion reads the answer to Options: JSON of AuthenticationResponse.
func readAssertion(body []byte, p Party) (*protocol.ParsedCredentialAssertionData, Reason) {
	if len(body) > MaxBody {
		return nil, Malformed
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(body)
	if err != nil {
		return nil, Malformed
	}
	if why := checkClient(parsed.Response.CollectedClientData, protocol.AssertCeremony, p); why != Fine {
		return nil, why
	}
	if why := checkAuthenticator(parsed.Response.AuthenticatorData, p); why != Fine {
		return nil, why
	}
	if len(parsed.Response.UserHandle) != handleSize {
		return nil, WrongHandle
	}
	return parsed, Fine
}

// unknownKey is a public key to check the signature of a passkey by that is not known: the
// base point of P-256, whose private key is 1. What it verifies is refused all the same.
var unknownKey = []byte("\xa5\x01\x02\x03\x26\x20\x01" +
	"\x21\x58\x20\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96" +
	"\x22\x58\x20\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5")

// isSigned verifies an assertion, with all else that WebAuthn wants to be checked.
func isSigned(a *protocol.ParsedCredentialAssertionData, p Party, publicKey []byte) bool {
	return a.Verify(a.Response.CollectedClientData.Challenge, p.ID, "", []string{p.Origin}, nil, nil,
		protocol.TopOriginExplicitVerificationMode, false, true, true, publicKey, protocol.SignaturePolicy{}) == nil
}

// readCreation reads the answer to CreationOptions: JSON of RegistrationResponse.
func readCreation(body []byte, p Party) (*protocol.ParsedCredentialCreationData, Reason) {
	if len(body) > MaxBody {
		return nil, Malformed
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(body)
	if err != nil {
		return nil, Malformed
	}
	if why := checkClient(parsed.Response.CollectedClientData, protocol.CreateCeremony, p); why != Fine {
		return nil, why
	}
	authenticator := parsed.Response.AttestationObject.AuthData
	if why := checkAuthenticator(authenticator, p); why != Fine {
		return nil, why
	}
	return parsed, checkNew(parsed, p)
}

// checkNew checks the key of a new passkey. Who made the authenticator is not asked for, and
// what one says of that unasked is not looked at.
func checkNew(c *protocol.ParsedCredentialCreationData, p Party) Reason {
	object := &c.Response.AttestationObject
	object.Format, object.AttStatement, object.SubStatements = string(protocol.AttestationFormatNone), nil, nil
	publicKey := object.AuthData.AttData.CredentialPublicKey
	key, err := webauthncose.ParsePublicKey(publicKey)
	switch {
	case err != nil, len(publicKey) > maxPublicKey:
		return WrongKey
	case !isOffered(key):
		return WrongAlgorithm
	}
	_, err = c.Verify(c.Response.CollectedClientData.Challenge, p.ID, []string{p.Origin}, nil, nil,
		protocol.TopOriginExplicitVerificationMode, false, true, true, nil, algorithms, protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
	if err != nil {
		return Malformed // its ids differ
	}
	return Fine
}

// isOffered reports whether a key is for an algorithm of ours.
func isOffered(key any) bool {
	var algorithm int64
	switch key := key.(type) {
	case webauthncose.EC2PublicKeyData:
		algorithm = key.Algorithm
	case webauthncose.OKPPublicKeyData:
		algorithm = key.Algorithm
	case webauthncose.RSAPublicKeyData:
		algorithm = key.Algorithm
	}
	for _, offered := range algorithms {
		if algorithm == int64(offered.Algorithm) {
			return true
		}
	}
	return false
}

// transports are those of a list that a browser could have named.
func transports(named []protocol.AuthenticatorTransport) (list []string) {
	for _, transport := range named {
		name := string(transport)
		if len(list) < maxTransports && len(name) <= 16 && name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") == "" {
			list = append(list, name)
		}
	}
	return list
}
