package post

import (
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/outbox"
)

// kind is what differs between the kinds of messages, but for their words.
type kind struct {
	words   string // for operators, followed by the site
	path    string // of the page to which the link leads; empty: there is no link
	mayStop bool   // the message has a link to stop such messages, too
}

// kinds has every kind of message that there is.
var kinds = map[outbox.Kind]kind{
	outbox.SignIn:   {"a link to sign in at", gate.LinkPath, true},
	outbox.Invite:   {"an invitation to", gate.LinkPath, true},
	outbox.Approved: {"a link for somebody that an owner let in at", gate.LinkPath, true},
	outbox.Offer:    {"an offer to ask to be let in at", gate.RequestAccessPath, true},
	outbox.Approve:  {"a request to be decided by an owner of", gate.DecideAccessPath, false},

	outbox.Confirm:   {"a code to confirm a change of an account at", "", true},
	outbox.Proof:     {"a code to confirm another address at", "", true},
	outbox.Changed:   {"notice of a change of an account at", "", false},
	outbox.Recovered: {"notice of a sign-in by the recovery address at", "", false},
}

// Words says for operators what a message is, to be followed by its site: "a
// link to sign in at". A kind that is not known is said as it is spelt.
func Words(of outbox.Kind) string {
	if k, known := kinds[of]; known {
		return k.words
	}
	return string(of)
}
