// Package storetest holds every store to what the interfaces of Store promise.
// It knows nothing of how a store is built, shares no address, browser or network
// between two tests, and takes the time from arguments, so that all tests can run
// at once on one server.
package storetest

import (
	"context"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/assertion"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/portal"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// Store is what is tested.
type Store interface {
	signin.Store
	session.Store
	outbox.Store
	people.Store
	access.Store
	account.Store
	portal.Store
	passkey.Store
	assertion.Store
	token.Store

	// of mail/oauth, which stands on the floor of the stores
	TurnRefreshToken(ctx context.Context, grant []byte, turn func(sealed []byte) ([]byte, error)) error
}

// promise is one thing that a store promises.
type promise struct {
	name string
	keep func(*fixture)
}

// Run holds the stores that open returns to all promises. It calls open once
// for each; open closes what it made with t.Cleanup, and shares no messages
// with another one.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, group := range []struct {
		name     string
		promises []promise
	}{
		{"Ask", askPromises},
		{"Limits", limitPromises},
		{"KindsOfMessages", kindPromises},
		{"Redeem", redeemPromises},
		{"Codes", codePromises},
		{"SignIn", signInPromises},
		{"Races", racePromises},
		{"Sessions", sessionPromises},
		{"OnEnd", onEndPromises},
		{"AllSessions", allSessionsPromises},
		{"Portal", portalPromises},
		{"Familiar", familiarPromises},
		{"NewBrowser", newBrowserPromises},
		{"Stop", stopPromises},
		{"Outbox", outboxPromises},
		{"People", peoplePromises},
		{"Barring", barringPromises},
		{"Standing", standingPromises},
		{"Offers", offerPromises},
		{"Promised", promisedPromises},
		{"Uses", usePromises},
		{"AccessRequests", accessPromises},
		{"Shares", sharePromises},
		{"Decisions", decisionPromises},
		{"Proposals", proposalPromises},
		{"Changes", changePromises},
		{"Administer", administerPromises},
		{"Moves", movePromises},
		{"Recovery", recoveryPromises},
		{"Subjects", subjectPromises},
		{"Passkeys", passkeyPromises},
		{"PasskeyChanges", passkeyChangePromises},
		{"SigningKeys", signingKeyPromises},
		{"RefreshTokens", refreshTokenPromises},
		{"Guard", guardPromises},
		{"Tokens", tokenPromises},
		{"EndsOfTokens", tokenEndPromises},
		{"NamesOfTokens", tokenNamePromises},
		{"TokensOfOnesOwn", ownTokenPromises},
		{"Context", contextPromises},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, p := range group.promises {
				t.Run(p.name, func(t *testing.T) {
					t.Parallel()
					p.keep(newFixture(t, open(t)))
				})
			}
		})
	}
}
