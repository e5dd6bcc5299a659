package acceptance

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// authenticator keeps the passkeys of a tab, and uses them without asking anybody.
type authenticator struct {
	tab *tab
	id  webauthn.AuthenticatorID
}

// authenticator gives a tab a platform authenticator, whose user is verified.
func (b *tab) authenticator() *authenticator {
	b.t.Helper()
	a := &authenticator{tab: b}
	do(b, webauthn.Enable, webauthn.EnableParams{})
	a.id = do(b, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}}).AuthenticatorID
	return a
}

// withoutAutofill has the pages of a tab offer passkeys by their button only. A virtual
// authenticator answers to the field at once, as if somebody chose a passkey there.
func (b *tab) withoutAutofill() {
	b.t.Helper()
	do(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: "PublicKeyCredential.isConditionalMediationAvailable = async () => false",
	})
}

// passkeys are those that it has.
func (a *authenticator) passkeys() []*webauthn.Credential {
	a.tab.t.Helper()
	return do(a.tab, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: a.id}).Credentials
}

// do calls a method of the browser.
func do[P, R any](b *tab, method cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.Context, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, method, params)
	if err != nil {
		b.t.Fatal(err)
	}
	return result
}
