package web

import (
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/gate"
)

// challenge is the answer to a program when nobody is signed in, or by too weak a proof (RFC
// 9110, section 15.5.2). It is the same for all programs at one origin. Its scheme is unknown to
// browsers, so that they do not ask for a password.
type challenge struct {
	authenticate string // the value of WWW-Authenticate
	body         []byte // never written to
}

// challengeDetails are what a program is told, by what is asked for of somebody who is signed
// in, see againAnyhow; "" for nobody.
var challengeDetails = map[string]string{
	"":             "nobody is signed in; a person signs in at sign_in_url",
	againAnyhow:    "the sign-in is too long ago for this; a person signs in again at sign_in_url",
	againByPasskey: "this takes a passkey; a person signs in with theirs at sign_in_url",
}

func newChallenge(o gate.Origin, again string) *challenge {
	signIn := o.String() + gate.SignInPath
	if again != "" {
		signIn += "?" + againField + "=" + again
	}
	body := encode(problemDetails{
		Type: "about:blank", Title: http.StatusText(http.StatusUnauthorized), Status: http.StatusUnauthorized,
		Detail: challengeDetails[again], SignInURL: signIn,
	})
	return &challenge{authenticate: `Doorpost sign_in_url="` + signIn + `"`, body: body}
}

// challenge is the one of the origin that a call came to. For a host that a wildcard
// stands for, and for somebody who is signed in, it is made anew.
func (d *Door) challenge(c *call, again string) *challenge {
	if known := d.challenges[c.origin]; known != nil && again == "" {
		return known
	}
	return newChallenge(c.origin, again)
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

// signInRequired answers to a program that nobody is signed in, or has to be so again.
func (d *Door) signInRequired(c *call, again string) {
	ch := d.challenge(c, again)
	c.share()
	secure(c.w.Header(), noPagePolicy, field{"Content-Type", problemType}, unnamed, field{"Www-Authenticate", ch.authenticate})
	if offersBasic(c) {
		c.w.Header().Add("WWW-Authenticate", basicChallenge)
	}
	c.finish(http.StatusUnauthorized, ch.body)
}
