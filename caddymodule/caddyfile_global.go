package caddymodule

import (
	"encoding/json"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

func init() {
	httpcaddyfile.RegisterGlobalOption("doorpost", readGlobal)
	httpcaddyfile.RegisterDirective("doorpost", readSite)
	// Before everything that produces content; before encode, so that pages of
	// ours are not compressed; before request_header, which can use our
	// placeholders.
	httpcaddyfile.RegisterDirectiveOrder("doorpost", httpcaddyfile.After, "forward_auth")
}

func readGlobal(d *caddyfile.Dispenser, existing any) (any, error) {
	if existing != nil {
		return nil, d.Err("the global option doorpost is given twice; put all of it into one block")
	}
	a := new(App)
	if err := a.UnmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "doorpost", Value: caddyconfig.JSON(a, nil)}, nil
}

// UnmarshalCaddyfile reads the global option:
//
//	doorpost {
//		secret   <key>…
//		store    bolt [<path>] | memory
//		mailer   mailgun { … } | smtp <host:port> { … } | console
//		from     <address>
//		link_ttl <duration>
//		session { idle <d>; absolute <d>; grace <d>; cookie_domain <domain> }
//		group    <name> <who>…
//		admins   <who>…
//		limit    address|client|total <n> <window>
//		brand { name, logo, accent, support }
//	}
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return d.Errf("the global option doorpost takes no argument such as %q; its options stand in a block", d.Val())
	}
	return readBlock(d, "the global option doorpost",
		option{name: "secret", read: values(&a.Secrets, checkSecret)},
		option{name: "store", read: a.readStore, nested: true},
		option{name: "mailer", read: a.readMailer, nested: true, many: true},
		option{name: "from", read: a.readFrom},
		option{name: "link_ttl", read: duration(&a.LinkTTL, checkLinkTTL)},
		option{name: "session", read: a.readSession, nested: true},
		option{name: "group", read: a.readGroup, many: true},
		option{name: "admins", read: values(&a.Admins, people.CheckWho)},
		option{name: "limit", read: a.readLimits, many: true},
		option{name: "brand", read: a.readBrand, nested: true},
	)
}

// checkSecret checks a secret that is written out; one that a placeholder
// names is checked when the configuration loads.
func checkSecret(given string) error {
	if isPlaceholder(given) {
		return nil
	}
	_, err := keys.ParseSecret(given)
	return err
}

func isPlaceholder(given string) bool { return len(given) > 2 && given[0] == '{' }

// readStore reads the name of a store and what its module makes of the rest.
func (a *App) readStore(d *caddyfile.Dispenser) error {
	raw, err := readGuest(d, "store", "doorpost.stores.", "bolt", "memory")
	a.StoreRaw = raw
	return err
}

func (a *App) readMailer(d *caddyfile.Dispenser) error {
	raw, err := readGuest(d, "mailer", "doorpost.mailers.", "mailgun", "smtp", "console")
	a.MailersRaw = append(a.MailersRaw, raw)
	return err
}

func readGuest(d *caddyfile.Dispenser, what, namespace string, known ...string) (json.RawMessage, error) {
	if !d.NextArg() {
		return nil, d.Errf("%s needs a kind: one of %v", what, known)
	}
	name := d.Val()
	if !slices.Contains(known, name) {
		return nil, d.Errf("there is no %s %q; there are %v", what, name, known)
	}
	module, err := caddyfile.UnmarshalModule(d, namespace+name)
	if err != nil {
		return nil, err
	}
	return caddyconfig.JSONModuleObject(module, "module", name, nil), nil
}

func (a *App) readFrom(d *caddyfile.Dispenser) error {
	if err := oneValue(&a.From)(d); err != nil {
		return d.Err(`from takes one value; a name and an address stand in quotes: from "Example <sign-in@example.com>"`)
	}
	if isPlaceholder(a.From) {
		return nil
	}
	if _, err := mail.ParseMailbox(a.From); err != nil {
		return d.Errf("from: %v", err)
	}
	return nil
}

func (a *App) readSession(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.Errf("session takes no argument such as %q; its options stand in a block", d.Val())
	}
	var grace caddy.Duration
	err := readBlock(d, "session",
		option{name: "idle", read: duration(&a.Session.Idle, nil)},
		option{name: "absolute", read: duration(&a.Session.Absolute, nil)},
		option{name: "grace", read: func(d *caddyfile.Dispenser) error {
			a.Session.Grace = &grace
			return duration(&grace, nil)(d)
		}},
		option{name: "cookie_domain", read: func(d *caddyfile.Dispenser) error {
			if err := oneValue(&a.Session.CookieDomain)(d); err != nil {
				return err
			}
			if _, err := parseCookieDomain(a.Session.CookieDomain); err != nil {
				return d.Errf("%v", err)
			}
			return nil
		}},
	)
	if err != nil {
		return err
	}
	completed := a.Session
	if err := completed.complete(); err != nil {
		return d.Errf("session: %v", err)
	}
	return nil
}

func (a *App) readGroup(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) < 2 {
		return d.Err("group takes a name and its members, for instance group staff alice@example.com *@example.org")
	}
	if a.Groups == nil {
		a.Groups = make(map[string][]string)
	}
	if _, exists := a.Groups[args[0]]; exists {
		return d.Errf("group %s is given twice; put all members on one line", args[0])
	}
	if _, err := people.NewGroups(map[string][]string{args[0]: args[1:]}); err != nil {
		return d.Errf("%v", err)
	}
	a.Groups[args[0]] = args[1:]
	return nil
}

func (a *App) readLimits(d *caddyfile.Dispenser) error {
	limits := map[string]**LimitConfig{"address": &a.Limits.Address, "client": &a.Limits.Client, "total": &a.Limits.Total}
	args := d.RemainingArgs()
	if len(args) == 0 || limits[args[0]] == nil {
		return d.Err("limit is one of limit address, limit client, limit total, each with a number and a duration: limit address 5 15m")
	}
	to := limits[args[0]]
	if *to != nil {
		return d.Errf("limit %s is given twice; keep one", args[0])
	}
	read, err := readLimit(d, args[0], args[1:])
	*to = read
	return err
}

func (a *App) readBrand(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.Errf("brand takes no argument such as %q; its options stand in a block", d.Val())
	}
	checked := func(to *string, brand func(string) view.Brand) func(*caddyfile.Dispenser) error {
		return func(d *caddyfile.Dispenser) error {
			name := d.Val()
			if err := oneValue(to)(d); err != nil {
				return err
			}
			if _, err := view.New(brand(*to)); err != nil {
				return d.Errf("brand %s: %v", name, err)
			}
			return nil
		}
	}
	return readBlock(d, "brand",
		option{name: "name", read: checked(&a.Brand.Name, func(v string) view.Brand { return view.Brand{Name: v} })},
		option{name: "logo", read: checked(&a.Brand.Logo, func(v string) view.Brand { return view.Brand{Logo: v} })},
		option{name: "accent", read: checked(&a.Brand.Accent, func(v string) view.Brand { return view.Brand{Accent: v} })},
		option{name: "support", read: checked(&a.Brand.Support, func(v string) view.Brand { return view.Brand{Support: v} })},
	)
}

var _ caddyfile.Unmarshaler = (*App)(nil)
