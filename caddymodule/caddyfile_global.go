package caddymodule

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/mail/records"
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

// UnmarshalCaddyfile reads the global option, as docs/options.md has it.
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	a.Lines.noteDirective(d)
	var admins, portal *caddyfile.Dispenser // where they are: what they name, or do not go with, may come later
	check := func() error { return a.checkRead(admins, portal) }
	return inBlock("the global option doorpost", check, a.Lines.noted(
		option{name: "secret", read: values(&a.Secrets, "{env.DOORPOST_SECRET}", checkSecret)},
		option{name: "store", read: a.readStore, nested: true},
		option{name: "mailer", read: a.readMailer, nested: true, many: true},
		option{name: "from", read: a.readFrom},
		option{name: "dkim_selector", read: checkedValue(&a.DKIMSelector, "k1", records.CheckSelector)},
		option{name: "link_ttl", read: duration(&a.LinkTTL, "10m", checkLinkTTL)},
		option{name: "session", read: a.readSession, nested: true},
		option{name: "group", read: a.readGroup, many: true},
		option{name: "admins", read: func(d *caddyfile.Dispenser) error {
			admins = at(d)
			return values(&a.Admins, "alice@example.com", people.CheckWho)(d)
		}},
		option{name: "portal", read: func(d *caddyfile.Dispenser) error {
			portal = at(d)
			return checkedValue(&a.Portal, "https://login.example.com", parses(parsePortal))(d)
		}},
		option{name: "limit", read: a.readLimit, many: true},
		option{name: "mute", read: func(d *caddyfile.Dispenser) error {
			a.Mute = new(caddy.Duration)
			return duration(a.Mute, "24h", checkMute)(d)
		}},
		option{name: "passkeys", read: onOrOff(&a.Passkeys)},
		option{name: "notify_new_browser", read: onOrOff(&a.NotifyNewBrowser)},
		option{name: "brand", read: a.Brand.read, nested: true},
		option{name: "templates", read: oneValue(&a.Templates, "/etc/doorpost/templates")},
	)...)(d)
}

// checkRead checks what more than one option says. admins and portal are where these
// stand, if they are given.
func (a *App) checkRead(admins, portal *caddyfile.Dispenser) error {
	if a.From == "" && slices.ContainsFunc(a.MailersRaw, sendsMail) {
		return errNoFrom
	}
	if a.Portal != "" && a.Session.CookieDomain != "" {
		return placed{portal.WrapErr(errPortalAndDomain)}
	}
	groups, err := people.NewGroups(a.Groups) // each was checked where it stands
	if err != nil {
		return err
	}
	if err := groups.Check(a.Admins); err != nil {
		return placed{admins.WrapErr(wrong("admins", err))}
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

func (a *App) readStore(d *caddyfile.Dispenser) (err error) {
	a.StoreRaw, err = readGuest(d, "store", "doorpost.stores")
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
	known := each(caddy.GetModules(namespace), func(m caddy.ModuleInfo) string { return m.ID.Name() }) // sorted
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
	s := &a.Session
	checkTogether := func() error {
		completed := *s
		return completed.complete()
	}
	return inBlock("session", checkTogether,
		option{name: "idle", read: duration(&s.Idle, "7d", checkIdle)},
		option{name: "absolute", read: duration(&s.Absolute, "30d", checkAbsolute)},
		option{name: "grace", read: func(d *caddyfile.Dispenser) error {
			s.Grace = new(caddy.Duration)
			return duration(s.Grace, "5m", checkGrace)(d)
		}},
		option{name: "cache", read: number(&s.Cache, "100000", checkCache)},
		option{name: "cookie_domain", read: checkedValue(&s.CookieDomain, "example.com", parses(parseCookieDomain))},
	)(d)
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

// readLimit reads "address|client|total <n> <window>".
func (a *App) readLimit(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	var to **LimitConfig
	if len(args) > 0 {
		to = map[string]**LimitConfig{"address": &a.Limits.Address, "client": &a.Limits.Client, "total": &a.Limits.Total}[args[0]]
	}
	switch {
	case to == nil:
		return d.Err("limit must be limit address, limit client or limit total, with a number and a duration: limit address 5 15m")
	case *to != nil:
		return d.Errf("limit %s is given twice; keep one", args[0])
	case len(args) != 3:
		return d.Errf("limit %s takes a number and a duration, for example limit %s 5 15m", args[0], args[0])
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return d.Errf("limit %s: %q is not a whole number; write for example 5", args[0], args[1])
	}
	window, err := caddy.ParseDuration(args[2])
	if err != nil {
		return d.Errf("limit %s: %q is not a duration; write for example 15m or 1h", args[0], args[2])
	}
	*to = &LimitConfig{Max: n, Window: caddy.Duration(window)}
	if err := (*to).check(); err != nil {
		return d.Errf("limit %s: %v", args[0], err)
	}
	return nil
}

var _ caddyfile.Unmarshaler = (*App)(nil)
