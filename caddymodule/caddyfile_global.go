package caddymodule

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/people"
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
		d.Next()
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
//		store    bolt [<path>] | memory | redis <url>… { … }
//		mailer   mailgun { … } | smtp <host:port> { … } | console
//		from     <address>
//		link_ttl <duration>
//		session { idle <d>; absolute <d>; grace <d>; cache <sessions>; cookie_domain <domain> }
//		group    <name> <who>…
//		admins   <who>…
//		limit    address|client|total <n> <window>
//		mute     <duration>
//		brand { name, logo, accent, support }
//		templates <folder>
//	}
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	here := at(d)
	if d.NextArg() {
		return d.Errf("the global option doorpost does not take a value such as %q; its options stand in a block", d.Val())
	}
	err := readBlock(d, "the global option doorpost",
		option{name: "secret", read: values(&a.Secrets, "{env.DOORPOST_SECRET}", checkSecret)},
		option{name: "store", read: a.readStore, nested: true},
		option{name: "mailer", read: a.readMailer, nested: true, many: true},
		option{name: "from", read: a.readFrom},
		option{name: "link_ttl", read: duration(&a.LinkTTL, "10m", checkLinkTTL)},
		option{name: "session", read: a.readSession, nested: true},
		option{name: "group", read: a.readGroup, many: true},
		option{name: "admins", read: values(&a.Admins, "alice@example.com", people.CheckWho)},
		option{name: "limit", read: a.readLimits, many: true},
		option{name: "mute", read: func(d *caddyfile.Dispenser) error {
			a.Mute = new(caddy.Duration)
			return duration(a.Mute, "24h", checkMute)(d)
		}},
		option{name: "brand", read: a.readBrand, nested: true},
		option{name: "templates", read: oneValue(&a.Templates, "/etc/doorpost/templates")},
	)
	if err != nil {
		return err
	}
	if a.From == "" && slices.ContainsFunc(a.MailersRaw, sendsMail) {
		return here.Err(errNoFrom.Error())
	}
	if err := a.checkGroups("admins", a.Admins); err != nil {
		return here.WrapErr(err)
	}
	return nil
}

// checkSecret checks a secret that is written out; one that a placeholder
// names is checked when the configuration loads.
func checkSecret(given string) error {
	if hasPlaceholder(given) {
		return nil
	}
	_, err := keys.ParseSecret(given)
	return err
}

// readStore reads the name of a store and what its module makes of the rest.
func (a *App) readStore(d *caddyfile.Dispenser) error {
	raw, err := readGuest(d, "store", "doorpost.stores")
	a.StoreRaw = raw
	return err
}

func (a *App) readMailer(d *caddyfile.Dispenser) error {
	raw, err := readGuest(d, "mailer", "doorpost.mailers")
	a.MailersRaw = append(a.MailersRaw, raw)
	return err
}

// readGuest reads the name of a module in a namespace and what the module
// makes of the rest.
func readGuest(d *caddyfile.Dispenser, what, namespace string) (json.RawMessage, error) {
	var known []string
	for _, module := range caddy.GetModules(namespace) {
		known = append(known, module.ID.Name())
	}
	slices.Sort(known)
	if !d.NextArg() {
		return nil, d.Errf("%s: say which one; there are: %s", what, strings.Join(known, ", "))
	}
	name := d.Val()
	if !slices.Contains(known, name) {
		return nil, d.Errf("there is no %s %q; there are: %s", what, name, strings.Join(known, ", "))
	}
	module, err := caddyfile.UnmarshalModule(d, namespace+"."+name)
	if err != nil {
		return nil, err
	}
	return caddyconfig.JSONModuleObject(module, "module", name, nil), nil
}

// sendsMail reports whether a mailer sends messages to people rather than
// printing them.
func sendsMail(mailer json.RawMessage) bool {
	var named struct {
		Module string `json:"module"`
	}
	return json.Unmarshal(mailer, &named) == nil && named.Module != "console"
}

func (a *App) readFrom(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) != 1 {
		return d.Err(`from takes one value; a name and an address stand in quotes together: from "Example <sign-in@example.com>"`)
	}
	a.From = args[0]
	if hasPlaceholder(a.From) {
		return nil
	}
	if _, err := mail.ParseMailbox(a.From); err != nil {
		return d.Errf("from: %v", err)
	}
	return nil
}

func (a *App) readSession(d *caddyfile.Dispenser) error {
	here := at(d)
	if d.NextArg() {
		return d.Errf("session does not take a value such as %q; its options stand in a block", d.Val())
	}
	var grace caddy.Duration
	err := readBlock(d, "session",
		option{name: "idle", read: duration(&a.Session.Idle, "7d", checkIdle)},
		option{name: "absolute", read: duration(&a.Session.Absolute, "30d", checkAbsolute)},
		option{name: "grace", read: func(d *caddyfile.Dispenser) error {
			a.Session.Grace = &grace
			return duration(&grace, "5m", checkGrace)(d)
		}},
		option{name: "cache", read: number(&a.Session.Cache, "100000", checkCache)},
		option{name: "cookie_domain", read: checkedValue(&a.Session.CookieDomain, "example.com", func(given string) error {
			_, err := parseCookieDomain(given)
			return err
		})},
	)
	if err != nil {
		return err
	}
	completed := a.Session
	if err := completed.complete(); err != nil {
		return here.Errf("session %v", err)
	}
	return nil
}

func (a *App) readGroup(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) == 0 {
		return d.Err("group takes a name and its members, for example group staff alice@example.com *@example.org; without members it has those that doorpost users add puts into it")
	}
	if a.Groups == nil {
		a.Groups = make(map[string][]string)
	}
	if _, exists := a.Groups[args[0]]; exists {
		return d.Errf("group %s is given twice; put all members on one line", args[0])
	}
	if err := people.CheckGroupName(args[0]); err != nil {
		return d.Errf("group: %v", err)
	}
	if _, err := people.NewGroups(map[string][]string{args[0]: args[1:]}); err != nil {
		return d.WrapErr(err)
	}
	a.Groups[args[0]] = args[1:]
	return nil
}

func (a *App) readLimits(d *caddyfile.Dispenser) error {
	limits := map[string]**LimitConfig{"address": &a.Limits.Address, "client": &a.Limits.Client, "total": &a.Limits.Total}
	args := d.RemainingArgs()
	if len(args) == 0 || limits[args[0]] == nil {
		return d.Err("limit must be limit address, limit client or limit total, with a number and a duration: limit address 5 15m")
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
		return d.Errf("brand does not take a value such as %q; its options stand in a block", d.Val())
	}
	read := func(name, example string, to *string, brand func(string) BrandConfig) option {
		return option{name: name, read: func(d *caddyfile.Dispenser) error {
			if name == "accent" && d.CountRemainingArgs() == 0 {
				return d.Err(`accent has no value; a word that begins with # is a comment unless it stands in quotes: accent "#0066cc"`)
			}
			if err := oneValue(to, example)(d); err != nil {
				return err
			}
			if err := brand(*to).check(); err != nil {
				return d.WrapErr(err)
			}
			return nil
		}}
	}
	return readBlock(d, "brand",
		read("name", `"Example Ltd"`, &a.Brand.Name, func(v string) BrandConfig { return BrandConfig{Name: v} }),
		read("logo", "/logo.svg", &a.Brand.Logo, func(v string) BrandConfig { return BrandConfig{Logo: v} }),
		read("accent", `"#0066cc"`, &a.Brand.Accent, func(v string) BrandConfig { return BrandConfig{Accent: v} }),
		read("support", "help@example.com", &a.Brand.Support, func(v string) BrandConfig { return BrandConfig{Support: v} }),
	)
}

var _ caddyfile.Unmarshaler = (*App)(nil)
