package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/token"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// programsOnPage is how many tokens are looked through for those of services.
const programsOnPage = 500

// programs are the tokens of services, and the sites that take them, for admins.
func (d *Door) programs(ctx context.Context, p *view.People) error {
	for _, origin := range d.Admin.TokenSites().All() {
		if !origin.IsWildcard() {
			p.TokenSites = append(p.TokenSites, view.SiteLink{Host: origin.Host(), URL: origin.String()})
		}
	}
	list, _, err := d.Admin.ListTokens(ctx, "", programsOnPage)
	services := slices.DeleteFunc(list, func(r token.Record) bool { return r.IsPersonal() })
	p.Programs = tokenRows(services)
	return err
}

// changeOfTokens is what a form about tokens does, nil for one that is none of them.
func (d *Door) changeOfTokens(c *call, fields url.Values) func() {
	ctx, id := c.r.Context(), token.ID(fields.Get("token"))
	replaces := fields.Get("action") == "replace-token"
	confirmed := fields.Get("confirm") == "yes"
	switch act := fields.Get("action"); {
	case act == "add-token":
		return func() { d.addToken(c, fields) }
	case act != "remove-token" && !replaces:
		return nil
	case !confirmed:
		return func() {
			r, err := d.Admin.Token(ctx, id)
			if err != nil {
				d.failed(c, gate.PeoplePath, err)
				return
			}
			d.show(c, http.StatusOK, view.ConfirmToken{Frame: frame(c), ID: string(id), Name: r.Name, Replaces: replaces})
		}
	case replaces:
		return func() {
			r, text, err := d.Admin.RotateToken(ctx, id, token.UsualOverlap)
			d.madeToken(c, r, text, err)
		}
	}
	return func() {
		r, err := d.Admin.EndToken(ctx, id, "")
		if err != nil {
			d.failed(c, gate.PeoplePath, err)
			return
		}
		notice := "program"
		if r.IsPersonal() {
			notice = "token"
		}
		d.showPeople(c, url.Values{}, view.People{Notice: notice})
	}
}

// addToken makes a token of a service, as an admin wants it. For one that is good at several
// sites there is a command.
func (d *Door) addToken(c *call, fields url.Values) {
	name := strings.TrimSpace(fields.Get(nameField))
	life, ok := readLife(fields)
	if !ok {
		d.problem(c, http.StatusBadRequest)
		return
	}
	again := func(status int, problem view.TokenProblem) {
		d.showPeopleWith(c, status, url.Values{}, view.People{NewToken: view.TokenField{
			Typed: name, Problem: problem,
			Paths: fields.Get("paths"), Methods: fields.Get("methods"), Networks: fields.Get("networks"), Groups: fields.Get("groups"),
		}})
	}
	t, err := limitedToken(fields)
	t.Name, t.Sites = name, []string{fields.Get("site")}
	var r token.Record
	var text string
	if err == nil {
		r, text, err = d.Admin.MakeToken(c.r.Context(), t, life)
	}
	switch {
	case name == "":
		again(http.StatusUnprocessableEntity, view.TokenUnnamed)
	case token.CheckServiceName(name) != nil:
		again(http.StatusUnprocessableEntity, view.TokenNameWrong)
	case errors.Is(err, token.ErrInvalid):
		again(http.StatusUnprocessableEntity, view.TokenLimits)
	case errors.Is(err, token.ErrNameTaken):
		again(http.StatusConflict, view.TokenNameTaken)
	default:
		d.madeToken(c, r, text, err)
	}
}

// limitedToken has what the fields say about paths, methods, networks and groups.
func limitedToken(fields url.Values) (t token.Token, err error) {
	each := func(name string) []string {
		return strings.FieldsFunc(fields.Get(name), func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	}
	t.Paths, t.Methods, t.Groups = each("paths"), each("methods"), each("groups")
	for i, method := range t.Methods {
		t.Methods[i] = strings.ToUpper(method)
	}
	t.Networks, err = token.ParseNetworks(each("networks"))
	return t, err
}

// madeToken shows the text of a token, this once.
func (d *Door) madeToken(c *call, r token.Record, text string, err error) {
	switch {
	case errors.Is(err, token.ErrInvalid): // the token of a person, for which no page has a button
		d.problem(c, http.StatusBadRequest)
		return
	case err != nil:
		d.failed(c, gate.PeoplePath, err)
		return
	}
	d.show(c, http.StatusOK, view.MadeToken{Frame: frame(c), Name: r.Name, Host: strings.Join(hosts(r.Sites), ", "), Text: text, Back: gate.PeoplePath})
}
