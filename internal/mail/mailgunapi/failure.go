package mailgunapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/mailgun/mailgun-go/v4"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// failure turns an error of the library into a SendError. It never passes the error
// itself on: its text may repeat the request.
func (c *Client) failure(ctx context.Context, call *exchange, err error) *mail.SendError {
	f := &mail.SendError{Mailer: c.Name(), RetryAfter: call.retryAfter}
	if call.heldBack != nil {
		f.Temporary, f.Err = true, call.heldBack
		return f
	}
	var advice string
	switch status := call.status; {
	case status == 0:
		f.Temporary = true
		if call.begun.Load() {
			f.PossibleCopies = 1 // all may have been sent, and the answer is missing
		}
		advice = "see whether this machine can reach it"
	case status >= 200 && status < 300:
		f.Temporary, f.PossibleCopies = true, 1
		advice = "it took the message but the answer cannot be read; check api_base"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		f.Unauthorized = true
		advice = "check api_key, and that domain and region belong to it"
	case status == http.StatusPaymentRequired:
		f.Unauthorized = true
		advice = "check the account at Mailgun"
	case status == http.StatusNotFound, status >= 300 && status < 400:
		f.Unauthorized = true
		advice = "check domain, region and api_base"
	case status == http.StatusBadRequest && aboutUs.MatchString(said(err)):
		f.Unauthorized = true
		advice = "check domain and from, and the account at Mailgun"
	case status == http.StatusGatewayTimeout:
		f.Temporary, f.PossibleCopies = true, 1 // something in between gave up waiting
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		f.Temporary = true
	}
	f.Err = fmt.Errorf("calling %s: %w", c.host, c.reason(ctx, call, err))
	if advice != "" {
		f.Err = fmt.Errorf("%w; %s", f.Err, advice)
	}
	return f
}

// reason is the cause of a failure, fit for a log.
func (c *Client) reason(ctx context.Context, call *exchange, err error) error {
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	if _, ok := errors.AsType[*mailgun.UnexpectedResponseError](err); !ok {
		return mail.RedactError(err, c.key)
	}
	if words := said(err); words != "" {
		return fmt.Errorf("answer %d: %s", call.status, mail.Redact(words, c.key))
	}
	return fmt.Errorf("answer %d", call.status)
}

// aboutUs are the words of a 400 that is not about the message: of a domain that may not send
// (yet, or to this recipient), or of the sender.
var aboutUs = regexp.MustCompile(`(?i)^(?:domain \S+ is )?not allowed to send|^sandbox subdomains|^'?from'? parameter`)

// said is the message of an answer, empty if there is none.
func said(err error) string {
	answer, ok := errors.AsType[*mailgun.UnexpectedResponseError](err)
	var body struct{ Message string }
	if !ok || json.Unmarshal(answer.Data, &body) != nil {
		return ""
	}
	return body.Message
}
