package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/token"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

const programsOnPage = 50

// searchedToken is the token, of anybody, whose id is searched for; nil for none.
func (d *Door) searchedToken(ctx context.Context, search string) (*token.Record, error) {
	id, ok := token.ParseID(search)
	if !ok {
		return nil, nil
	}
	r, err := d.Admin.Token(ctx, id)
	if errors.Is(err, token.ErrUnknown) {
		return nil, nil
	}
	return &r, err
}

// listPrograms adds the tokens of services, or of them the one that was found, and the sites
// that take them.
func (d *Door) listPrograms(ctx context.Context, p *view.People, found *token.Record, after string) error {
	for _, origin := range d.Admin.TokenSites().All() {
		if !origin.IsWildcard() {
			p.TokenSites = append(p.TokenSites, view.SiteLink{Host: origin.Host(), URL: origin.String()})
		}
	}
	if found != nil && !found.IsPersonal() {
		p.Programs = tokenRows([]token.Record{*found})
		return nil
	}
	page, err := d.Admin.Services(ctx, token.Query{Search: strings.ToLower(p.Search), After: after, Max: programsOnPage})
	p.Programs = tokenRows(page.Tokens)
	if page.Next != "" {
		p.NextPrograms = url.Values{"search": {p.Search}, "program": {page.Next}}.Encode()
	}
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
