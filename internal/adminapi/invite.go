package adminapi

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/signin"
)

// InviteOrder says who gets a first link.
type InviteOrder struct {
	Address string   `json:"address"`
	Groups  []string `json:"groups,omitempty"`
	For     string   `json:"for,omitempty"`  // a duration, 1h to 30d; empty: 7d
	Site    string   `json:"site,omitempty"` // an origin; empty where there is one site
}

// Whom is the address of the person.
func (o InviteOrder) Whom() string { return o.Address }

// InviteReport says whether it is sent.
type InviteReport struct {
	Address string              `json:"address"`
	Site    string              `json:"site"`
	Groups  []string            `json:"groups"` // that they were put into
	Sent    bool                `json:"sent"`
	Expires time.Time           `json:"expires,omitzero"` // of the link, if it is sent
	Reason  signin.SilentReason `json:"reason,omitempty"` // why nothing is sent

	// Set if the reason is that the person is not admitted:
	Disabled bool    `json:"disabled,omitempty"`
	Barred   string  `json:"barred_by,omitempty"` // as in WhyReport
	Blocks   []Block `json:"blocks,omitempty"`    // none of them admits the person
}
