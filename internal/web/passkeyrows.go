package web

import (
	"encoding/base64"
	"encoding/json"

	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// passkeyRows are a person's passkeys as pages show them, and what their browser is told
// of those that are good here.
func (d *Door) passkeyRows(c *call, s *session.Session) (rows []view.Passkey, accepted string, err error) {
	party, possible := d.party(c)
	if !possible {
		return nil, "", nil
	}
	ring, err := d.Passkeys.List(c.r.Context(), d.member(c, s))
	if err != nil {
		return nil, "", err
	}
	for _, p := range ring.Passkeys {
		row := view.Passkey{ID: string(p.ID), Name: p.Name, Made: p.Made, Used: p.Used, Synced: p.BackedUp}
		if p.RPID != party.ID {
			row.Host = p.RPID
		}
		rows = append(rows, row)
	}
	return rows, signals(ring, party, s), nil
}

// signals is what a browser is told of the passkeys of somebody, so that it offers no others
// and shows the present address (WebAuthn Level 3, section 5.1.10); empty for nothing.
func signals(ring passkey.Keyring, party passkey.Party, s *session.Session) string {
	if ring.Handle == nil {
		return ""
	}
	said := struct {
		RPID     string   `json:"rpId"`
		Handle   string   `json:"userId"`
		Accepted []string `json:"allAcceptedCredentialIds"`
		Name     string   `json:"name"`
		Shown    string   `json:"displayName"`
	}{party.ID, base64.RawURLEncoding.EncodeToString(ring.Handle), []string{}, string(s.Address), string(s.Address)}
	for _, p := range ring.Of(party.ID) {
		said.Accepted = append(said.Accepted, base64.RawURLEncoding.EncodeToString(p.Credential))
	}
	encoded, err := json.Marshal(said)
	if err != nil {
		return ""
	}
	return string(encoded)
}
