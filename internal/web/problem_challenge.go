package web

import (
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/gate"
)

// challenge is the answer to a program when nobody is signed in (RFC 9110, section
// 15.5.2). It is the same for all programs at one origin. Its scheme is unknown to
// browsers, so that they do not ask for a password.
type challenge struct {
	authenticate string // the value of WWW-Authenticate
	body         []byte // never written to
}

func newChallenge(o gate.Origin) *challenge {
	signIn := o.String() + gate.SignInPath
	body := encode(problemDetails{
		Type: "about:blank", Title: http.StatusText(http.StatusUnauthorized), Status: http.StatusUnauthorized,
		Detail: "nobody is signed in; a person signs in at sign_in_url", SignInURL: signIn,
	})
	return &challenge{authenticate: `Doorpost sign_in_url="` + signIn + `"`, body: body}
}

// challenge is the one of the origin that a call came to. For a host that a wildcard
// stands for it is made anew.
func (d *Door) challenge(c *call) *challenge {
	if known := d.challenges[c.origin]; known != nil {
		return known
	}
	return newChallenge(c.origin)
}

// share lets a page of another origin read the answer, if the site has it in cors.
func (c *call) share() {
	if origin := c.r.Header.Get("Origin"); c.visit.SharesWith(origin) {
		header := c.w.Header()
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true")
		header.Add("Vary", "Origin")
	}
}

// signInRequired answers to a program that nobody is signed in.
func (d *Door) signInRequired(c *call) {
	ch := d.challenge(c)
	c.share()
	secure(c.w.Header(), noPagePolicy, field{"Content-Type", problemType}, field{"Www-Authenticate", ch.authenticate})
	if offersBasic(c) {
		c.w.Header().Add("WWW-Authenticate", basicChallenge)
	}
	c.finish(http.StatusUnauthorized, ch.body)
}
