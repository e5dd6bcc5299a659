package codec

import (
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// PackPromised makes the record of a link that no browser asked for. revision is
// that of its person.
func PackPromised(p signin.Promised, revision uint64) Link {
	return Link{
		Expires: Millis(p.Link.Expires), Address: p.Link.Address, Origin: p.Link.Origin, To: p.To, Asked: Millis(p.Now),
		Policy: p.Policy, Purpose: p.Link.Purpose, Subject: p.Link.Subject, Revision: revision,
		Invitation: p.Message.Kind == outbox.Invite,
	}
}

// Unpack is the link that the record is of, without what belongs to the request
// of a browser.
func (l Link) Unpack(key signin.LinkKey) signin.Link {
	return signin.Link{Key: key, Purpose: l.Purpose, Address: l.Address, Origin: l.Origin, Subject: l.Subject, To: l.To, Expires: Time(l.Expires)}
}
