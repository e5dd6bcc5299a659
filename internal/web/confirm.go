package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/token"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// maxCode is how many bytes of what was typed for a code are shown again.
const maxCode = 250

// confirmChange makes the change that this session has proposed, if the codes are right.
func (d *Door) confirmChange(c *call, fields url.Values) {
	s := d.somebody(c, gate.AccountPath)
	if s == nil {
		return
	}
	change := d.pending(c, s)
	if change == nil {
		return
	}
	member := d.member(c, s)
	if member.Mark == (signin.Browser{}) {
		member.Mark = signin.NewBrowser()
	}
	result, made := d.tryCodes(c, d.confirmPage(c, *change), fields, func(code, newCode string) (account.Result, error) {
		return d.Account.Confirm(c.r.Context(), d.site(c), member, code, newCode)
	})
	if made {
		d.changed(c, result, member.Mark)
	}
}

// tryCodes makes the change that a page is about, if the codes are right. What cannot be
// a code costs no try. If it is not made, the request has been answered.
func (d *Door) tryCodes(c *call, p view.ConfirmChange, fields url.Values, confirm func(code, newCode string) (account.Result, error)) (result account.Result, made bool) {
	code, newCode := fields.Get("code"), fields.Get("new_code")
	p.Typed, p.NewTyped = code[:min(len(code), maxCode)], newCode[:min(len(newCode), maxCode)]
	if p.Present && !signin.IsCode(code) {
		p.Problem = view.CodeMalformed
	}
	if p.New != "" && !signin.IsCode(newCode) {
		p.NewProblem = view.CodeMalformed
	}
	if p.Problem != "" || p.NewProblem != "" {
		d.show(c, http.StatusUnprocessableEntity, p)
		return
	}
	result, err := confirm(code, newCode)
	if err != nil {
		d.notConfirmed(c, p, fields, err)
		return result, false
	}
	switch result.Outcome {
	case account.Made:
		return result, true
	case account.WrongCode:
		p.TriesLeft = result.TriesLeft
		if result.Wrong {
			p.Problem = view.CodeWrong
		}
		if result.WrongNew {
			p.NewProblem = view.CodeWrong
		}
		d.show(c, http.StatusUnprocessableEntity, p)
	case account.Over:
		d.show(c, http.StatusUnprocessableEntity, view.NotChanged{Frame: frame(c), Why: view.TooManyWrongCodes})
	default:
		d.show(c, http.StatusGone, view.NotChanged{Frame: frame(c), Why: view.NothingToConfirm})
	}
	return result, false
}

// notConfirmed says why a change was not made although the codes may be right.
func (d *Door) notConfirmed(c *call, p view.ConfirmChange, fields url.Values, err error) {
	switch {
	case errors.Is(err, account.ErrTaken):
		d.show(c, http.StatusConflict, view.NotChanged{Frame: frame(c), Why: view.AddressTaken, Email: p.New})
	case errors.Is(err, account.ErrNotAdmitted):
		d.show(c, http.StatusForbidden, view.NotChanged{Frame: frame(c), Why: view.AddressDenied, Email: p.New})
	case errors.Is(err, session.ErrEnded), errors.Is(err, people.ErrUnknown):
		d.noSession(c, p.Back())
	case errors.Is(err, token.ErrFull):
		if s := d.somebody(c, p.Back()); s != nil {
			d.showAccount(c, http.StatusConflict, s, view.Account{NewToken: view.TokenField{Typed: fields.Get(nameField), Problem: view.TokenTooMany}})
		}
	case errors.Is(err, signin.ErrNeedsPasskey): // proposed before there was one
		d.failed(c, gate.AccountPath, err)
	default:
		d.failed(c, p.Action(), err)
	}
}

// changedField is a field of the account's query, with what was just changed: a
// view.AccountNotice, which says what is so, whatever the link says.
const changedField = "changed"

// accountWith is the account with what was just changed.
func accountWith(n view.AccountNotice) string {
	return gate.AccountPath + "?" + changedField + "=" + string(n)
}

// changed answers that a change was made.
func (d *Door) changed(c *call, result account.Result, here signin.Browser) {
	switch result.Change.Kind {
	case account.Leave:
		d.forgetSession(c)
		d.show(c, http.StatusOK, view.DeletedMe{Frame: frame(c)})
	case account.Move:
		if !d.setSession(c, result.Renewed) {
			d.problem(c, http.StatusInternalServerError)
			return
		}
		d.setMark(c, mark{browser: here, familiar: true})
		c.seeOther(accountWith(view.AccountMoved))
	default:
		c.seeOther(accountWith(view.AccountRecovery))
	}
}

// forgetSession clears the session cookie, and with it the pages of the app that the
// browser kept, which are not shown to the next person.
func (d *Door) forgetSession(c *call) {
	http.SetCookie(c.w, c.visit.Cookie().Clear())
	if d.leadsToPortal() {
		c.setHop(hop{}, 0)
	}
	c.clearStrays(c.r.URL.EscapedPath())
	c.w.Header().Set("Clear-Site-Data", `"cache"`)
}
