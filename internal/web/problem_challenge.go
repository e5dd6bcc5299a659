package web

import (
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/gate"
)

// challenge tells a program that nobody is signed in (RFC 9110, section
// 15.5.2). It is the same for all programs at one origin. The scheme is one
// that no browser asks a password for.
type challenge struct {
	authenticate string // the value of WWW-Authenticate
	body         []byte // never written to
}

func newChallenge(o gate.Origin) challenge {
	signIn := o.String() + gate.SignInPath
	body := encode(problemDetails{
		Type: "about:blank", Title: http.StatusText(http.StatusUnauthorized), Status: http.StatusUnauthorized,
		Detail: "nobody is signed in; a person signs in at sign_in_url", SignInURL: signIn,
	})
	return challenge{authenticate: `Doorpost sign_in_url="` + signIn + `"`, body: body}
}

// challenge is that of the origin that a call came to.
func (d *Door) challenge(c *call) *challenge { return &d.challenges[c.visit.OriginNumber()] }

// signInRequired answers a program that nobody is signed in.
func (d *Door) signInRequired(c *call) {
	ch := d.challenge(c)
	secure(c.w.Header(), noPagePolicy, field{"Content-Type", problemType}, field{"Www-Authenticate", ch.authenticate})
	c.finish(http.StatusUnauthorized, ch.body)
}
