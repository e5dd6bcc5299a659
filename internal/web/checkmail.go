package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// resendAfter is how long people should look for the message before they ask again.
const resendAfter = 30 * time.Second

// mailProviders are web mailboxes, by the domain of the address.
var mailProviders = map[string]view.Provider{
	"gmail.com":      {Name: "Gmail", URL: "https://mail.google.com/"},
	"googlemail.com": {Name: "Gmail", URL: "https://mail.google.com/"},
	"outlook.com":    {Name: "Outlook", URL: "https://outlook.live.com/mail/"},
	"hotmail.com":    {Name: "Outlook", URL: "https://outlook.live.com/mail/"},
	"live.com":       {Name: "Outlook", URL: "https://outlook.live.com/mail/"},
	"yahoo.com":      {Name: "Yahoo Mail", URL: "https://mail.yahoo.com/"},
	"icloud.com":     {Name: "iCloud Mail", URL: "https://www.icloud.com/mail/"},
	"me.com":         {Name: "iCloud Mail", URL: "https://www.icloud.com/mail/"},
	"proton.me":      {Name: "Proton Mail", URL: "https://mail.proton.me/"},
	"protonmail.com": {Name: "Proton Mail", URL: "https://mail.proton.me/"},
	"gmx.de":         {Name: "GMX", URL: "https://www.gmx.net/"},
	"gmx.net":        {Name: "GMX", URL: "https://www.gmx.net/"},
	"web.de":         {Name: "WEB.DE", URL: "https://web.de/"},
	"fastmail.com":   {Name: "Fastmail", URL: "https://app.fastmail.com/"},
}

// mailbox is where the mail of an address is read, as far as that is known.
func mailbox(who address.Address) view.Provider {
	p := mailProviders[who.Domain()]
	if p.Name == "Gmail" { // of several accounts it opens the first, unless told which
		p.URL += "?authuser=" + url.QueryEscape(string(who))
	}
	return p
}

// checkMail shows what to do next: look into the mailbox, or type the code. If the
// browser has signed in meanwhile, in another tab, it goes on.
func (d *Door) checkMail(c *call) {
	request, err := d.remembered(c)
	if err != nil {
		d.failed(c, gate.CheckMailPath, err)
		return
	}
	if s, err := c.visit.Session(c.r); err == nil && s != nil && s.Address == request.Address && !s.SignedIn().Before(request.Asked) {
		c.seeOther(d.wants(c, request.To))
		return
	}
	p := d.checkMailPage(c, request)
	if times, err := strconv.Atoi(c.r.URL.Query().Get(againField)); err == nil {
		p.Again = min(max(times, 0), signin.MaxLiveLinks)
	}
	d.show(c, http.StatusOK, p)
}

// remembered returns the request of this browser, zero if it has none.
func (d *Door) remembered(c *call) (signin.Request, error) {
	request, _, err := d.Service.Request(c.r.Context(), d.site(c), d.mark(c).browser)
	return request, err
}

func (d *Door) checkMailPage(c *call, request signin.Request) view.CheckMail {
	wait := resendAfter - c.now.Sub(request.Asked)
	to := d.wants(c, request.To)
	p := view.CheckMail{
		Frame: frame(c), Typed: request.Typed, Meant: string(request.Address.Meant()), To: to, Mailbox: mailbox(request.Address),
		Asked: request.Asked, Until: request.Expires, ResendAfter: max(0, int(wait/time.Second)), ValidFor: d.Service.LinkLife,
	}
	switch {
	case !request.Expires.After(c.now):
		p.Problem = view.CodeTooOld
	case request.Tries >= signin.MaxCodeTries:
		p.Problem = view.CodesEnded
	}
	if s, err := c.visit.Session(c.r); err == nil && s != nil {
		p.Before = signedInAt(s)
	}
	return p
}
