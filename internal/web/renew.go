package web

import (
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// renew is a small window that an app opens when its session has ended: somebody signs in
// there, it tells the page that opened it, and closes. At a site that asks for a recent
// proof, an older one is not enough.
func (d *Door) renew(c *call) {
	c.renews = true
	s := d.somebody(c, gate.RenewPath)
	switch {
	case s == nil:
	case d.Proof.Judge(s) != gate.Pass: // that may be what the app was refused for
		d.proveAgain(c, gate.RenewPath, d.Proof.Judge(s))
	default:
		d.show(c, http.StatusOK, view.Renewed{Frame: frame(c)})
	}
}

// sessionScript is for pages of the app. It shows when the session has ended, and opens
// that window.
func (d *Door) sessionScript(c *call) {
	body := view.SessionScript(c.lang)
	header := c.w.Header()
	secure(header, noPagePolicy)
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	header.Set("Cache-Control", "private, max-age=3600")
	header.Add("Vary", "Accept-Language")
	c.write(http.StatusOK, body)
}
