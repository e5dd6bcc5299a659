package passkey

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// algorithms are those with which a passkey may sign, the preferred one first.
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// Options are what a browser needs to sign in with a passkey: JSON of
// PublicKeyCredentialRequestOptions. They name no passkey, so that they are the same for
// everybody.
func (s *Service) Options(p Party, browser signin.Browser) ([]byte, error) {
	challenge, err := s.newChallenge(toSignIn(p, browser), nil)
	if err != nil {
		return nil, fmt.Errorf("making a challenge: %w", err)
	}
	return json.Marshal(protocol.PublicKeyCredentialRequestOptions{
		Challenge: challenge, Timeout: int(ChallengeLife.Milliseconds()), RelyingPartyID: p.ID,
		UserVerification: protocol.VerificationRequired,
	})
}

// CreationOptions are what a browser needs to make a passkey: JSON of
// PublicKeyCredentialCreationOptions. It is for a page of ours that somebody has navigated
// to, and never the answer to a script: a script of the app must not get such a challenge.
// The errors are those of Store.MayChangePasskeys, ErrFull and fault.Unavailable.
func (s *Service) CreationOptions(ctx context.Context, p Party, m signin.Member) ([]byte, error) {
	ring, err := s.Store.MayChangePasskeys(ctx, s.change(p, m, ""))
	switch {
	case err != nil:
		return nil, fault.Store("looking up passkeys", err)
	case len(ring.Passkeys) >= Max:
		return nil, ErrFull
	case ring.Handle == nil:
		ring.Handle = make([]byte, handleSize)
		rand.Read(ring.Handle) // never fails, see crypto/rand
	}
	challenge, err := s.newChallenge(toMake(p, m), ring.Handle)
	if err != nil {
		return nil, fmt.Errorf("making a challenge: %w", err)
	}
	name := protocol.CredentialEntity{Name: string(m.Address)}
	return json.Marshal(protocol.PublicKeyCredentialCreationOptions{
		RelyingParty: protocol.RelyingPartyEntity{CredentialEntity: protocol.CredentialEntity{Name: p.Name}, ID: p.ID},
		User:         protocol.UserEntity{CredentialEntity: name, DisplayName: name.Name, ID: protocol.URLEncodedBase64(ring.Handle)},
		Challenge:    challenge, Timeout: int(ChallengeLife.Milliseconds()), Parameters: algorithms,
		CredentialExcludeList: descriptors(ring.Of(p.ID)),
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
		Attestation: protocol.PreferNoAttestation,
	})
}

func descriptors(list []Passkey) []protocol.CredentialDescriptor {
	named := make([]protocol.CredentialDescriptor, len(list))
	for i, p := range list {
		named[i] = protocol.CredentialDescriptor{Type: protocol.PublicKeyCredentialType, CredentialID: p.Credential}
		for _, transport := range p.Transports {
			named[i].Transport = append(named[i].Transport, protocol.AuthenticatorTransport(transport))
		}
	}
	return named
}
