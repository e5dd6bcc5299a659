package redisstore

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// decodePerson reads what is kept of somebody; nothing of one who is not known.
func decodePerson(who address.Address, raw string) (people.Person, error) {
	stored, err := decodeRecord[record.Person](raw)
	return stored.Unpack(who), err
}

// encodeRecord writes what is kept in JSON.
func encodeRecord(stored any) (string, error) {
	encoded, err := json.Marshal(stored)
	if err != nil {
		return "", fmt.Errorf("writing a record: %w", err)
	}
	return string(encoded), nil
}

// decodeRecord reads what is kept in JSON; the zero value of what is not there.
func decodeRecord[T any](raw string) (stored T, err error) {
	if raw == "" {
		return stored, nil
	}
	if err := json.Unmarshal([]byte(raw), &stored); err != nil {
		return stored, fmt.Errorf("reading a record of redis: %w", err)
	}
	return stored, nil
}

// standing appends groups and grants, which end the record of a session. Of
// nearly everybody that is nothing.
func (p packed) standing(s *people.Standing) packed {
	if s.IsEmpty() {
		return p
	}
	var grants packed
	for _, g := range s.Grants {
		grants = grants.text(g.Site).when(g.Until)
	}
	return p.text(strings.Join(s.Groups, ","), string(grants))
}

func (u *unpacking) standing() *people.Standing {
	groups, grants := u.text(), unpacking{rest: u.text()}
	if groups == "" && grants.rest == "" {
		return nil
	}
	s := &people.Standing{}
	if groups != "" {
		s.Groups = strings.Split(groups, ",")
	}
	for grants.rest != "" && !grants.damaged {
		s.Grants = append(s.Grants, people.Grant{Site: grants.text(), Until: grants.when()})
	}
	u.damaged = u.damaged || grants.damaged
	return s
}
