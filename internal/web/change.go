package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// proposeAddress asks for another address in place of the present one.
func (d *Door) proposeAddress(c *call, fields url.Values) {
	s := d.somebody(c, gate.AccountPath)
	if s == nil {
		return
	}
	who, field := newAddress(fields.Get("email"), s)
	if field.Problem == "" {
		field.Problem = d.propose(c, s, account.Move, who)
	}
	d.showAddressProblem(c, s, view.Account{NewAddress: field}, field.Problem)
}

// proposeRecovery asks for another recovery address, or for none.
func (d *Door) proposeRecovery(c *call, fields url.Values) {
	s := d.somebody(c, gate.AccountPath)
	if s == nil {
		return
	}
	if fields.Get("remove") == "yes" {
		d.propose(c, s, account.Drop, "")
		return
	}
	who, field := newAddress(fields.Get("email"), s)
	if field.Problem == "" {
		field.Problem = d.propose(c, s, account.Recovery, who)
	}
	d.showAddressProblem(c, s, view.Account{NewRecovery: field}, field.Problem)
}

// deleteForm asks whether somebody wants to be forgotten.
func (d *Door) deleteForm(c *call) {
	if s := d.somebody(c, gate.DeleteAccountPath); s != nil {
		d.show(c, http.StatusOK, view.DeleteMe{Frame: frame(c), Email: string(s.Address)})
	}
}

// proposeLeaving asks for a code before everything about somebody is forgotten.
func (d *Door) proposeLeaving(c *call, _ url.Values) {
	if s := d.somebody(c, gate.AccountPath); s != nil {
		d.propose(c, s, account.Leave, "")
	}
}

// newAddress reads an address that is to be new to somebody.
func newAddress(typed string, s *session.Session) (address.Address, view.AddressField) {
	who, field := readAddress(typed)
	if who == s.Address {
		field.Problem = view.AddressSame
	}
	return who, field
}

// propose proposes a change, and goes on to the page that asks for its codes. The
// answer is the same for every new address. If there is a problem with the address,
// the request has not been answered.
func (d *Door) propose(c *call, s *session.Session, kind account.Kind, to address.Address) view.AddressProblem {
	_, wait, err := d.Account.Propose(c.r.Context(), d.site(c), d.member(c, s), kind, to)
	switch {
	case errors.Is(err, account.ErrTooMany):
		return view.AddressTooMany
	case errors.Is(err, session.ErrEnded):
		d.noSession(c, gate.AccountPath)
	case err != nil:
		d.failed(c, gate.AccountPath, err)
	case wait > 0:
		d.throttled(c, view.Throttled{RetryAfter: wait, To: gate.AccountPath})
	default:
		c.seeOther(gate.ConfirmChangePath)
	}
	return ""
}

// showAddressProblem shows the account with what is wrong with an address, if
// anything is.
func (d *Door) showAddressProblem(c *call, s *session.Session, p view.Account, problem view.AddressProblem) {
	switch problem {
	case "":
	case view.AddressTooMany:
		d.showAccount(c, http.StatusTooManyRequests, s, p)
	default:
		d.showAccount(c, http.StatusUnprocessableEntity, s, p)
	}
}

// member is somebody who is signed in, as changes of their account know them.
func (d *Door) member(c *call, s *session.Session) signin.Member {
	m := signin.Member{
		Session: s.Key, Address: s.Address, SignedIn: s.SignedIn(), Method: s.Method(),
		Network: network(c.client), Language: c.chosenLanguage(), Device: device(c), Mark: d.mark(c).browser,
	}
	m.Guard = d.guard(c, s.Address, s.Standing())
	return m
}

// guard says which passkeys guard the account of somebody who is here.
func (d *Door) guard(c *call, who address.Address, standing *people.Standing) (g signin.Guard) {
	if d.Passkeys == nil {
		return g
	}
	party, _ := d.party(c) // a site without passkeys of its own is no way round those of others
	g.RPID = party.ID
	for _, place := range d.Requiring(who, standing) {
		g.Required = append(g.Required, d.rpID(place.Origin))
	}
	return g
}

// confirmForm shows what this session has proposed, with fields for the codes.
func (d *Door) confirmForm(c *call) {
	s := d.somebody(c, gate.ConfirmChangePath)
	if s == nil {
		return
	}
	if change := d.pending(c, s); change != nil {
		d.show(c, http.StatusOK, d.confirmPage(c, *change))
	}
}

// pending is what a session has proposed for its own account: a proof by code goes with the
// form that wants it. If it is nil, the request has been answered.
func (d *Door) pending(c *call, s *session.Session) *account.Change {
	change, found, err := d.Account.Pending(c.r.Context(), d.member(c, s))
	switch {
	case err != nil:
		d.failed(c, gate.ConfirmChangePath, err)
		return nil
	case !found || change.Kind.IsProof():
		d.show(c, http.StatusGone, view.NotChanged{Frame: frame(c), Why: view.NothingToConfirm})
		return nil
	}
	return &change
}

func (d *Door) confirmPage(c *call, change account.Change) view.ConfirmChange {
	return view.ConfirmChange{
		Frame: frame(c), Kind: change.Kind, Email: string(change.Person), New: string(change.Address), Present: change.Present,
		ValidFor: d.Service.LinkLife,
	}
}
