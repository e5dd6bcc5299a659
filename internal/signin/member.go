package signin

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// Member is somebody who is signed in, in one browser.
type Member struct {
	Session  session.Key
	Address  address.Address
	SignedIn time.Time
	Method   session.Method // by which they signed in
	Network  string         // what counts as one client
	Language string         // BCP 47; empty if the browser names none
	Device   session.Device
	Mark     Browser // of their browser; may be zero
	Guard    Guard
}
