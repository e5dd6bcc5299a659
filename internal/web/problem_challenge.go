package web

import (
	"maps"
	"net/http"
	"sync/atomic"

	"github.com/doorpost-auth/doorpost/internal/gate"
)

// challenge tells a program that nobody is signed in (RFC 9110, section
// 15.5.2). It is the same for all programs at one origin. The scheme is one
// that no browser asks a password for.
type challenge struct {
	authenticate string // the value of WWW-Authenticate
	body         []byte // never written to
}

func newChallenge(o gate.Origin) *challenge {
	signIn := o.String() + gate.PathPrefix + "/sign-in"
	body := encode(problemDetails{
		Type: "about:blank", Title: http.StatusText(http.StatusUnauthorized), Status: http.StatusUnauthorized,
		Detail: "nobody is signed in; a person signs in at sign_in_url", SignInURL: signIn,
	})
	return &challenge{authenticate: `Doorpost sign_in_url="` + signIn + `"`, body: body}
}

// challenges are those that were needed so far: one for each origin of the site
// at most. The map is replaced, never changed.
type challenges struct {
	made atomic.Pointer[map[gate.Origin]*challenge]
}

// at is the challenge at an origin of the site. One that two requests make at
// the same time may be lost again; the next that needs it makes it once more.
func (cs *challenges) at(o gate.Origin) *challenge {
	made := cs.made.Load()
	if made != nil {
		if ch := (*made)[o]; ch != nil {
			return ch
		}
	}
	more := make(map[gate.Origin]*challenge)
	if made != nil {
		maps.Copy(more, *made)
	}
	more[o] = newChallenge(o)
	cs.made.Store(&more)
	return more[o]
}

// signInRequired answers a program that nobody is signed in.
func (d *Door) signInRequired(c *call) {
	ch := d.challenges.at(c.origin)
	secure(c.w.Header(), noPagePolicy, field{"Content-Type", problemType}, field{"Www-Authenticate", ch.authenticate})
	c.finish(http.StatusUnauthorized, ch.body)
}
