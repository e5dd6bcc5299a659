package mailgunapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"
)

// maxAnswer is how much of an answer is read, in bytes, headers and body each;
// Mailgun's own have a few hundred.
const maxAnswer = 64 << 10

// maxRetryAfter bounds the wait that a service may ask for, in case the header is
// nonsense.
const maxRetryAfter = 24 * time.Hour

// exchange has what the library does not report about a call of the API.
type exchange struct {
	before     func() error // called before anything is sent, if set; after an error nothing is sent
	heldBack   error        // what before returned
	begun      atomic.Bool  // at least the head of the request was written
	status     int          // zero if there was no answer
	retryAfter time.Duration
}

type exchangeKey struct{}

// in makes the guard record what happens to calls with the context.
func (e *exchange) in(ctx context.Context) context.Context {
	ctx = context.WithValue(ctx, exchangeKey{}, e)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// The event for the whole request may come after its answer, so this one
		// counts for both: one retry too few is better than one copy too many.
		WroteHeaders: func() { e.begun.Store(true) },
	})
}

// guard sends requests to one host only, and passes on a bounded part of the
// answers.
type guard struct {
	scheme, host string
	next         *http.Transport
}

// RoundTrip refuses a request to another host before anything of it is sent.
// There is one for each call of the API: redirects are not followed.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != g.scheme || req.URL.Host != g.host {
		return nil, errors.New("refusing to call a host other than the configured one")
	}
	e, noted := req.Context().Value(exchangeKey{}).(*exchange)
	if noted && e.before != nil {
		if e.heldBack = e.before(); e.heldBack != nil {
			return nil, e.heldBack
		}
	}
	resp, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if noted {
		e.status = resp.StatusCode
		e.retryAfter = parseRetryAfter(resp.Header.Get("Retry-After"), time.Now())
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections through.
func (g *guard) CloseIdleConnections() { g.next.CloseIdleConnections() }

// parseRetryAfter reads seconds or a date (RFC 9110, section 10.2.3); zero for
// anything else, and for a date in the past.
func parseRetryAfter(value string, now time.Time) time.Duration {
	var d time.Duration
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		d = date.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}
