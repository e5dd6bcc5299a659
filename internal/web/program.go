package web

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/limit"
)

// Tokens counts requests with tokens that are not good, see token.Store.
type Tokens interface {
	CountRefusal(ctx context.Context, client limit.Use, now time.Time) (wait time.Duration, err error)
}

// tokenAnswer is what a program is told whose token is not good.
type tokenAnswer struct {
	status int
	detail string
	counts bool // against the limit of a client: the store was asked
}

var tokenAnswers = map[gate.TokenProblem]tokenAnswer{
	gate.TwoTokens:      {http.StatusBadRequest, "the request has several tokens; send one, in Authorization or in Doorpost-Token", false},
	gate.TokenInURL:     {http.StatusBadRequest, "the URL has a token, which logs and histories keep; end that token or rotate it, and send the new one as Authorization: Bearer", false},
	gate.TokenMalformed: {http.StatusUnauthorized, "this is not a whole token: it was cut short or mistyped; copy it again, all of it", false},
	gate.TokenUnknown:   {http.StatusUnauthorized, "this token is not good: it never was, or it was ended or rotated", true},
	gate.TokenOver:      {http.StatusUnauthorized, "this token has expired; whoever made it can rotate it, or make another one", true},
	gate.TokensOff:      {http.StatusForbidden, "no tokens are taken here; the operator lets programs in with the option tokens", false},
	gate.PersonalOff:    {http.StatusForbidden, "the tokens of people are not taken here, only those of services", true},
	gate.TokenSite:      {http.StatusForbidden, "this token is for another site", true},
	gate.TokenPath:      {http.StatusForbidden, "this token is for other paths of this site", true},
	gate.TokenMethod:    {http.StatusForbidden, "this token is for other methods", true},
	gate.TokenNetwork:   {http.StatusForbidden, "this token may not be used from this network", true},
}

// refuseProgram answers a program that has a token and does not pass. It gets no page, no
// redirect and no cookie, whatever it accepts.
func (d *Door) refuseProgram(c *call, verdict gate.Verdict) {
	c.share()
	switch verdict {
	case gate.NotAdmitted:
		d.writeProblem(c, http.StatusForbidden, "the person whose token this is has no access here")
		return
	case gate.Unavailable:
		_, err := c.visit.Session(c.r)
		d.failed(c, "/", err)
		return
	}
	problem := c.visit.Problem()
	answer := tokenAnswers[problem]
	if answer.counts {
		wait, err := d.Tokens.CountRefusal(c.r.Context(), limit.Use{Name: network(c.client), Rule: d.Service.Limits.Client}, time.Now())
		switch {
		case err != nil:
			d.Logger.Warn("counting a refused token", "error", err)
		case wait > 0:
			c.w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
			d.writeProblem(c, http.StatusTooManyRequests, "too many tokens from this network were not good; Retry-After says when to try again")
			return
		}
	}
	d.noteRefusedToken(c, problem)
	if answer.status == http.StatusUnauthorized {
		c.w.Header().Set("WWW-Authenticate", tokenChallenge(c))
	}
	d.writeProblem(c, answer.status, answer.detail)
}

// noteRefusedToken tells the audit log, of each token once in an hour for each reason.
func (d *Door) noteRefusedToken(c *call, problem gate.TokenProblem) {
	id, whole := c.visit.TokenID()
	subject := string(id)
	if !whole {
		subject = network(c.client)
	}
	if !d.Audit.IsFirstRefusal(address.Address(subject), c.origin.String()+" "+string(problem)) {
		return
	}
	args := []any{"site", c.origin.String(), "reason", string(problem)}
	if whole {
		args = append(args, "token", string(id))
	}
	d.Audit.Record(audit.WithRequest(c.r.Context(), c.client), audit.TokenRefused, "", args...)
}

// tokenChallenge asks for a token in the way in which the one that is not good was sent.
func tokenChallenge(c *call) string {
	if c.visit.AsPassword() && !opensPasswordBox(c) {
		return basicChallenge
	}
	return `Bearer realm="Doorpost", error="invalid_token"`
}

// basicChallenge asks git, DAV clients and others for a token as a password: they send none
// before they are asked (RFC 7617).
const basicChallenge = `Basic realm="Doorpost: any user name, and a token as the password", charset="UTF-8"`

// offersBasic reports whether a request that has no session is told of Basic.
func offersBasic(c *call) bool { return c.visit.TakesTokens() && !opensPasswordBox(c) }

// opensPasswordBox reports whether a request is a browser's, which opens a box for a password
// where it is told of Basic. Browsers say with each request what it is for (Fetch Metadata).
func opensPasswordBox(c *call) bool {
	for name := range c.r.Header {
		if strings.HasPrefix(name, "Sec-Fetch-") {
			return true
		}
	}
	return false
}
