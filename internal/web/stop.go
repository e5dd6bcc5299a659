package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// stopForm is where a message leads somebody who did not ask for it. Opening it does
// nothing, as for landing, and it never goes on by itself.
func (d *Door) stopForm(c *call) {
	d.show(c, http.StatusOK, view.Stop{Frame: frame(c), Mute: d.Service.Mute})
}

// stop ends the link of a message, and keeps strangers from causing another message.
// It needs the token only: who has it can read the mailbox.
func (d *Door) stop(c *call, fields url.Values) {
	stopped, err := d.Service.Stop(c.r.Context(), d.site(c), pastedToken(fields.Get("token")))
	switch {
	case err != nil:
		d.failed(c, gate.StopPath, err)
	case stopped:
		d.show(c, http.StatusOK, view.Stopped{Frame: frame(c), Mute: d.Service.Mute})
	default:
		d.show(c, http.StatusUnprocessableEntity, view.Stop{Frame: frame(c), Mute: d.Service.Mute, Unknown: true})
	}
}

// pastedToken is the token in what a person pasted, which may be the whole link.
func pastedToken(pasted string) string {
	_, token, isLink := strings.Cut(pasted, "#")
	if !isLink {
		token = pasted
	}
	return strings.TrimSpace(token)
}
