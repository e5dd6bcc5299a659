package view

import "github.com/doorpost-auth/doorpost/internal/gate"

// SignIn asks for an email address.
type SignIn struct {
	Frame
	To         string // where the person wants to go
	Field      AddressField
	SignedInAs string // set if this browser is signed in already

	// Again asks SignedInAs to prove their address again, because the last proof is
	// too old for what they want to see.
	Again bool

	Passkeys bool   // people may sign in by passkey here
	Options  string // PublicKeyCredentialRequestOptionsJSON; empty: the script asks for them
}

func (p SignIn) about() about {
	return about{template: "sign-in", title: p.Heading(), failed: p.Field.Problem != "", form: newForm(gate.SignInPath, "email", "to"), reload: gate.SignInFor(p.To)}
}

// Heading is the key of the words that say what the page asks for.
func (p SignIn) Heading() string {
	if p.Again {
		return "signin.again_title"
	}
	return "signin.title"
}

var _ = samples([]Sample{
	{"sign-in", SignIn{Frame: sampleFrame, To: sampleTo, Passkeys: true, Options: "{}"}},
	{"sign-in-malformed", SignIn{Frame: sampleFrame, To: sampleTo, Field: AddressField{"ada lovelace@example.com", AddressMalformed}}},
	{"sign-in-no-at", SignIn{Frame: sampleFrame, To: sampleTo, Field: AddressField{"ada.lovelace", AddressNoAt}}},
	{"sign-in-several", SignIn{Frame: sampleFrame, To: sampleTo, Field: AddressField{"ada@example.com, bob@example.com", AddressSeveral}}},
	{"sign-in-no-dot", SignIn{Frame: sampleFrame, To: sampleTo, Field: AddressField{"ada.lovelace@example", AddressNoDot}}},
	{"sign-in-not-ascii", SignIn{Frame: sampleFrame, To: sampleTo, Field: AddressField{"ada@exämple.com", AddressNotASCII}}},
	{"sign-in-signed-in", SignIn{Frame: sampleFrame, To: sampleTo, SignedInAs: sampleAddress}},
	{"sign-in-again", SignIn{Frame: sampleFrame, To: sampleTo, SignedInAs: sampleLongAddress, Again: true}},
})
