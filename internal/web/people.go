package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

const (
	peopleOnPage   = 50
	requestsOnPage = 50
)

// admin returns the session of an admin, who has shown a passkey, if any site requires one of
// anybody. If it is nil, the request has been answered: nobody else sees or changes anything here.
func (d *Door) admin(c *call) *session.Session {
	s := d.somebody(c, gate.PeoplePath)
	switch {
	case s == nil:
		return nil
	case !d.IsAdmin(s):
		d.noteNotShown(c, s, "reason", "not an admin", "rule", "admins does not name them")
		d.notAdmitted(c, gate.PeoplePath)
		return nil
	}
	var err error
	if len(d.Requiring("", nil)) > 0 {
		err = d.Account.CheckGuard(c.r.Context(), d.member(c, s))
	}
	switch {
	case errors.Is(err, session.ErrEnded):
		d.noSession(c, gate.PeoplePath)
		return nil
	case err != nil:
		if errors.Is(err, signin.ErrNeedsPasskey) {
			d.noteNotShown(c, s, "proof", "passkey", "reason", signin.ErrNeedsPasskey.Error())
		}
		d.failed(c, gate.PeoplePath, err)
		return nil
	}
	c.r = c.r.WithContext(audit.WithActor(c.r.Context(), s.Address.Mask()))
	return s
}

// noteNotShown tells the audit log of somebody who is refused here, once in an hour.
func (d *Door) noteNotShown(c *call, s *session.Session, args ...any) {
	log := d.Service.Audit
	if log.IsFirstRefusal(s.Address, d.Origins.All()[0].String()+gate.PeoplePath) {
		log.Record(audit.WithRequest(c.r.Context(), c.client), audit.Refused, s.Address, append(args, "site", c.origin.String())...)
	}
}

// people shows admins the access requests and the known people, or one person.
func (d *Door) people(c *call) {
	s := d.admin(c)
	if s == nil {
		return
	}
	query := c.r.URL.Query()
	if who := query.Get("who"); who != "" {
		d.showPerson(c, s, who)
		return
	}
	d.showPeople(c, query, view.People{})
}

func (d *Door) showPeople(c *call, query url.Values, p view.People) {
	d.showPeopleWith(c, http.StatusOK, query, p)
}

func (d *Door) showPeopleWith(c *call, status int, query url.Values, p view.People) {
	ctx := c.r.Context()
	after, afterProgram := query.Get("after"), query.Get("program")
	p.Frame, p.Search = frame(c), firstRunes(strings.TrimSpace(query.Get("search")), address.MaxLength)
	p.Later, p.LaterPrograms = after != "", afterProgram != ""
	found, err := d.searchedToken(ctx, p.Search)
	if err == nil && !p.Later {
		err = d.listPrograms(ctx, &p, found, afterProgram)
	}
	if err == nil && !p.Later && !p.LaterPrograms {
		err = d.listRequests(ctx, &p)
	}
	if err == nil && !p.LaterPrograms {
		search := strings.ToLower(p.Search)
		if found != nil && found.IsPersonal() {
			search = string(found.Owner)
		}
		err = d.listPeople(ctx, &p, people.Query{Search: search, After: address.Address(after), Max: peopleOnPage})
	}
	if err != nil {
		d.failed(c, gate.PeoplePath, err)
		return
	}
	d.show(c, status, p)
}

func (d *Door) listRequests(ctx context.Context, p *view.People) error {
	requests, _, err := d.Access.Open(ctx, "", requestsOnPage)
	for _, r := range requests {
		p.Requests = append(p.Requests, accessRequest(r))
	}
	return err
}

func (d *Door) listPeople(ctx context.Context, p *view.People, q people.Query) error {
	page, err := d.Admin.List(ctx, q)
	if err != nil {
		return err
	}
	seen, err := d.Admin.LastSeen(ctx, page.People)
	if err != nil {
		return err
	}
	for i, who := range page.People {
		p.People = append(p.People, view.PeopleRow{
			Email: string(who.Address), Disabled: who.Disabled, Proven: who.Proven, Seen: seen[i], Groups: d.GroupsOf(who.Address, &who.Standing),
		})
	}
	if page.Next != "" {
		p.NextPage = url.Values{"search": {p.Search}, "after": {string(page.Next)}}.Encode()
	}
	return nil
}

func (d *Door) showPerson(c *call, admin *session.Session, named string) {
	who, err := address.Parse(named)
	if err != nil {
		d.problem(c, http.StatusNotFound)
		return
	}
	person, sessions, err := d.Admin.Show(c.r.Context(), who)
	if err != nil {
		d.failed(c, gate.PeoplePath, err)
		return
	}
	passkeys, err := d.Admin.PasskeysOf(c.r.Context(), who)
	if err != nil {
		d.failed(c, gate.PeoplePath, err)
		return
	}
	tokens, err := d.Admin.TokensOf(c.r.Context(), who)
	if err != nil {
		d.failed(c, gate.PeoplePath, err)
		return
	}
	p := view.Person{
		Frame: frame(c), Email: string(who), Tokens: tokenRows(tokens), Disabled: person.Disabled, Added: person.Added, Proven: person.Proven,
		Groups: d.GroupsOf(who, &person.Standing), Recovery: string(person.Recovery),
		Sessions: sessionRows(sessions, admin.Key), Passkeys: len(passkeys) > 0, Yourself: who == admin.Address,
	}
	for _, g := range person.Grants {
		p.Grants = append(p.Grants, view.PersonGrant{Host: host(g.Origin), Until: g.Until})
	}
	d.show(c, http.StatusOK, p)
}

// changePeople decides about an access request, or changes a person once that is
// confirmed.
func (d *Door) changePeople(c *call, fields url.Values) {
	s := d.admin(c)
	if s == nil {
		return
	}
	change := d.changeOfPeople(c, s, fields)
	switch {
	case change == nil:
		d.problem(c, http.StatusBadRequest)
	case d.mayAdminister(c, s, fields):
		change()
	}
}

// changeOfPeople is what a form of the people page does, nil for a form that is not
// one of them.
func (d *Door) changeOfPeople(c *call, s *session.Session, fields url.Values) func() {
	if fields.Has("request") {
		choice, chosen := readChoice(fields.Get("decision"))
		if !chosen {
			return nil
		}
		return func() { d.decideAccessAsAdmin(c, s, fields.Get("request"), choice) }
	}
	if change := d.changeOfTokens(c, fields); change != nil {
		return change
	}
	who, err := address.Parse(fields.Get("who"))
	key, isOne := session.ParseKey(fields.Get("session"))
	act, known := d.actions(c, key, isOne)[fields.Get("action")]
	if err != nil || !known || fields.Has("session") && !isOne {
		return nil
	}
	if fields.Get("confirm") == "yes" {
		return func() { d.changePerson(c, who, act) }
	}
	return func() {
		d.show(c, http.StatusOK, view.ConfirmPerson{
			Frame: frame(c), Email: string(who), Action: fields.Get("action"), Session: fields.Get("session"), Yourself: who == s.Address,
		})
	}
}

func (d *Door) changePerson(c *call, who address.Address, act action) {
	if err := act.do(who); err != nil {
		d.failed(c, gate.PeoplePath, err)
		return
	}
	d.showPeople(c, url.Values{}, view.People{Notice: act.notice, NoticeAddress: string(who)})
}

// action is something that an admin may do to a person.
type action struct {
	notice string
	do     func(address.Address) error
}

func (d *Door) actions(c *call, key session.Key, isOne bool) map[string]action {
	ctx := c.r.Context()
	return map[string]action{
		"end": {"ended", func(who address.Address) error {
			if isOne {
				return d.Admin.EndSession(ctx, who, key)
			}
			return d.Admin.EndSessionsOf(ctx, who)
		}},
		"disable": {"disabled", func(who address.Address) error { _, err := d.Admin.Disable(ctx, who); return err }},
		"enable":  {"enabled", func(who address.Address) error { _, err := d.Admin.Enable(ctx, who); return err }},
		"reset":   {"reset", func(who address.Address) error { _, err := d.Admin.ResetPasskeys(ctx, who); return err }},
		"remove":  {"removed", func(who address.Address) error { return d.Admin.Remove(ctx, who) }},
	}
}

func (d *Door) decideAccessAsAdmin(c *call, admin *session.Session, id string, choice access.Choice) {
	request, first, err := d.Access.Decide(c.r.Context(), id, admin.Address, choice)
	notice := map[access.State]string{access.Granted: "approved", access.Refused: "refused"}[request.State]
	if !first {
		notice = "decided"
	}
	if err != nil {
		d.failed(c, gate.PeoplePath, err)
		return
	}
	d.showPeople(c, url.Values{}, view.People{Notice: notice, NoticeAddress: string(request.Address)})
}
