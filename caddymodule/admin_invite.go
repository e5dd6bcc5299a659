package caddymodule

import (
	"net/http"
	"time"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// invite sends somebody a first link.
func invite(a *App, rt *runningApp, w http.ResponseWriter, r *http.Request) error {
	var order adminapi.InviteOrder
	if err := readOrder(w, r, &order, `{"address": "<address>", "groups": ["<name>"], "for": "<duration>", "site": "<origin>"}`); err != nil {
		return err
	}
	who, err := readAddress(order.Address)
	if err != nil {
		return err
	}
	life, err := readDuration(order.For)
	if err != nil {
		return err
	}
	if order.For == "" {
		life = access.DefaultInvitation
	}
	s, origin, err := a.siteFor(order.Site)
	if err != nil {
		return err
	}
	if err := rt.roster.CheckGroups(order.Groups); err != nil {
		return serviceError(err)
	}
	answer := adminapi.InviteReport{Address: string(who), Site: origin, Groups: orNone(order.Groups)}
	until := time.Now().Add(life)
	answer.Reason, err = rt.access.Invite(audited(r), signin.Site{Origin: origin, Name: s.name(), Rules: s.rules()}, who, order.Groups, life)
	switch {
	case err != nil:
		return serviceError(err)
	case answer.Reason == signin.NotSilent:
		answer.Sent, answer.Expires = true, until.UTC().Truncate(time.Second)
	case answer.Reason == signin.SilentNotAllowed:
		answer.Groups = []string{}
		p, err := rt.lookUp(r.Context(), who)
		if err != nil {
			return err
		}
		standing := people.Standing{Groups: append(p.Groups, order.Groups...), Grants: p.Grants}
		answer.Disabled, answer.Barred = p.Disabled, string(p.Barred)
		for _, b := range s.handlers {
			answer.Blocks = append(answer.Blocks, b.explain(who, &standing))
		}
	}
	return writeJSON(w, http.StatusOK, answer)
}
