package adminapi

import "time"

// UsersOrder asks for a page of those who are known, in the order of addresses.
type UsersOrder struct {
	Page
	Search string `json:"search,omitempty"` // part of an address
}

// Users is such a page.
type Users struct {
	Users []User `json:"users"`
	Next  string `json:"next,omitempty"`
}

// UserOrder names the person that a request is about.
type UserOrder struct {
	Address string   `json:"address"`
	Groups  []string `json:"groups,omitempty"` // to add them to, or take them out of
}

// Whom is the address of the person.
func (o UserOrder) Whom() string { return o.Address }

// MoveOrder gives a person another address.
type MoveOrder struct {
	Address string `json:"address"`
	To      string `json:"to"`
}

// Whom is the address that the person has now.
func (o MoveOrder) Whom() string { return o.Address }

// User is what is known of a person.
type User struct {
	Address       string    `json:"address"`
	Added         time.Time `json:"added"`
	FirstSignedIn time.Time `json:"first_signed_in,omitzero"`
	Disabled      bool      `json:"disabled"`
	Groups        []string  `json:"groups"`        // that they are in, by the configuration or by the store
	StoredGroups  []string  `json:"stored_groups"` // that the store has put them into; those that the configuration does not have count for nothing
	Grants        []Grant   `json:"grants"`
	Recovery      string    `json:"recovery,omitempty"`
	Sessions      []Session `json:"sessions,omitzero"` // the last used first; left out in lists
}

// Grant is a site that an owner lets a person into.
type Grant struct {
	Site  string    `json:"site"`
	Until time.Time `json:"until,omitzero"` // left out: for good
}

// RemoveReport says that a person is not known any more.
type RemoveReport struct {
	Address string `json:"address"`
	Removed bool   `json:"removed"`
}
