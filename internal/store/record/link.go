package record

import (
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/registry"
)

// PackPromised makes the record of a link that no browser asked for.
func PackPromised(l registry.Link) Link {
	return Link{
		Expires: Millis(l.Expires), Address: l.Address, Site: l.Site, To: l.To, Asked: Millis(l.Asked),
		Policy: l.Policy, Purpose: l.Purpose, Subject: l.Subject, Revision: l.Revision,
	}
}

// Unpack is the link that the record is of, without what belongs to the request
// of a browser, and whether it was used.
func (l Link) Unpack(key signin.LinkKey) registry.Link {
	return registry.Link{
		Link:   signin.Link{Key: key, Purpose: l.Purpose, Address: l.Address, Site: l.Site, Subject: l.Subject, Expires: Time(l.Expires)},
		Policy: l.Policy, To: l.To, Asked: Time(l.Asked), Revision: l.Revision,
	}
}
