package caddymodule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/mail"
)

// advice is what can be said of the configuration by itself: things that load,
// and that an operator should know. It needs no store and no network.
func (a *App) advice() []adminapi.Finding {
	found := append([]adminapi.Finding{a.adviseOnSecret()}, a.adviseOnSites()...)
	found = append(found, a.adviseOnPeople()...)
	found = append(found, a.adviseOnOwners()...)
	found = append(found, a.found...)
	for _, module := range a.mailModules {
		switch m := module.(type) {
		case *ConsoleMailer:
			found = append(found, adminapi.NewFinding("mailer console", adminapi.Warning, "it prints messages where the server runs, and sends them to nobody",
				`configure another, for example mailer smtp smtp.example.com:587, and from "Example <sign-in@example.com>"`))
		case *MailgunMailer:
			found = append(found, a.adviseOnAlignment(m), a.adviseOnWebhook(m))
		}
	}
	return found
}

func (a *App) adviseOnSecret() adminapi.Finding {
	found := "it is configured"
	switch n := len(a.secrets); {
	case n == 0:
		found = "generated at the first start, and kept in Caddy's storage: if that is lost, everybody is signed out"
	case n > 1:
		found = fmt.Sprintf("%d are configured: the first signs, all are accepted", n)
	}
	return adminapi.NewFinding("secret", adminapi.Fine, found, "")
}

// adviseOnSites says where links lead.
func (a *App) adviseOnSites() (found []adminapi.Finding) {
	if len(a.sites) == 0 {
		return []adminapi.Finding{adminapi.NewFinding("site", adminapi.Warning, "no site has the directive doorpost: nothing is guarded", "add doorpost { allow … } to a site")}
	}
	of, advice := "", "for people elsewhere, give the site an https address, or say with url https://app.example.com how they reach it"
	if a.portal != (gate.Origin{}) {
		of, advice = ", the portal of "+a.originList(), "for people elsewhere, give the portal and the sites https addresses"
	}
	for _, origin := range a.linkOrigins() {
		switch {
		case origin.IsWildcard():
			found = append(found, adminapi.NewFinding("site", adminapi.Fine, "links lead to the host that asked, one of "+origin.String(), ""))
		case !origin.IsLoopback():
			found = append(found, adminapi.NewFinding("site", adminapi.Fine, "links lead to "+origin.String()+of, ""))
		default:
			found = append(found, adminapi.NewFinding("site", adminapi.Warning, fmt.Sprintf("links lead to %s, which works only on this machine%s", origin, of), advice))
		}
	}
	return found
}

// linkOrigins are the origins that have the pages of sign-in: the portal, or else each site.
func (a *App) linkOrigins() []gate.Origin {
	if a.portal != (gate.Origin{}) {
		return []gate.Origin{a.portal}
	}
	return a.origins()
}

// adviseOnLogo says when the picture of pages stands where they are not.
func (a *App) adviseOnLogo(brand BrandConfig, lines Lines) []adminapi.Finding {
	if a.portal == (gate.Origin{}) || !strings.HasPrefix(brand.Logo, "/") {
		return nil
	}
	return []adminapi.Finding{lines.warning("brand", "brand logo",
		fmt.Sprintf("pages are served at the portal %s, where no app is that has the path %s", a.portal, brand.Logo),
		"give the address of the picture in full, for example logo https://www.example.com/logo.svg")}
}

// adviseOnPeople says when there are admins and no page for them.
func (a *App) adviseOnPeople() []adminapi.Finding {
	if a.admins == nil || a.portalSite != nil {
		return nil
	}
	for _, s := range a.sites {
		if s.servesPeople() {
			return nil
		}
	}
	return []adminapi.Finding{a.Lines.warning("admins", "admins", "no site says people, so their page is served nowhere",
		"add the line people to doorpost { … } of a site whose app may share its origin with "+gate.PeoplePath)}
}

// adviseOnPeopleAt says when a block wants that page and the portal has it.
func (a *App) adviseOnPeopleAt(s *site, h *Handler) []adminapi.Finding {
	if a.portal == (gate.Origin{}) || !h.People {
		return nil
	}
	return []adminapi.Finding{h.Lines.warning("people", "site "+s.name(),
		fmt.Sprintf("people has no effect: with a portal the page of the admins is served there, at %s%s", a.portal, gate.PeoplePath), "leave people out")}
}

// advise keeps findings for doctor, and logs them now.
func (a *App) advise(found []adminapi.Finding) {
	a.found = append(a.found, found...)
	a.warn(found)
}

// warn logs findings.
func (a *App) warn(found []adminapi.Finding) {
	for _, f := range found {
		line := ""
		if f.Where != "" {
			line = f.Where + ": "
		}
		a.logger.Warn(line + f.Check + ": " + f.Found + "; " + f.Advice)
	}
}

// origins are those of all sites, in the order of the alphabet. Behind https_port and
// http_port a host has two; that without the port, which the world sees if the usual
// port is passed on, is left out.
func (a *App) origins() (sorted []gate.Origin) {
	for _, s := range a.sites {
		for i, origin := range s.origins.All() {
			if !slices.ContainsFunc(s.origins.All()[:i], func(o gate.Origin) bool { return o.Host() == origin.Host() && o.IsSecure() == origin.IsSecure() }) {
				sorted = append(sorted, origin)
			}
		}
	}
	slices.SortFunc(sorted, func(a, b gate.Origin) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(sorted)
}

// adviseOnAlignment compares the domain that signs with the one that readers see.
func (a *App) adviseOnAlignment(m *MailgunMailer) adminapi.Finding {
	sending, err := resolve("domain", m.Domain)
	if err != nil {
		return adminapi.NewFinding("from", adminapi.Warning, "the sending domain is not known any more: "+err.Error(), "")
	}
	from := a.from.Domain()
	if mail.AreAligned(from, sending) {
		return adminapi.NewFinding("from", adminapi.Fine, fmt.Sprintf("%s and the sending domain %s belong together", from, sending), "")
	}
	return adminapi.NewFinding("from", adminapi.Warning,
		fmt.Sprintf("messages come from %s, and Mailgun signs them for %s: receivers that follow DMARC put them into spam or refuse them", from, sending),
		fmt.Sprintf("let from be an address of %s, or register a domain of %s with Mailgun", sending, from))
}

func (a *App) adviseOnWebhook(m *MailgunMailer) adminapi.Finding {
	if m.WebhookKey != "" {
		return adminapi.NewFinding("webhook", adminapi.Fine, "Mailgun's reports of bounces and complaints are accepted", "")
	}
	advice := "set webhook_key {env.MAILGUN_WEBHOOK_KEY} in mailer mailgun, the HTTP webhook signing key of the account, and add webhooks to the domain at Mailgun"
	for _, origin := range a.linkOrigins() {
		switch {
		case origin.IsWildcard():
			advice += fmt.Sprintf(", to %s%s at one host of %s", gate.PathPrefix, mailgunHook, origin)
		case !origin.IsLoopback():
			advice += fmt.Sprintf(", to %s%s%s", origin, gate.PathPrefix, mailgunHook)
		}
	}
	return adminapi.NewFinding("webhook", adminapi.Warning, "without webhook_key the server is not told of messages that bounce after Mailgun took them", advice)
}
