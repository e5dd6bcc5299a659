package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Hook checks and stores a report of a service. body is the JSON that the service sent;
// only a signature in it proves that it is genuine, and the hook checks that. When it
// returns nil the service forgets the report, so it must be stored by then. It returns
// one of the errors below, or wraps one, for a report that must not be sent again; any
// other error means that the report could not be stored just now. now is when the
// request came. A hook is called for several reports at the same time.
type Hook func(ctx context.Context, body []byte, now time.Time) error

// Why a report is refused for good.
var (
	ErrHookForged    = errors.New("the signature of the report is wrong")
	ErrHookReplayed  = errors.New("the report was received before, or is too old")
	ErrHookMalformed = errors.New("the report cannot be read")
)

// hookRefusals are the answers to reports that are refused for good. Mailgun sends a
// report again for hours unless the answer is 200 or 406.
var hookRefusals = []struct {
	reason error
	status int
}{
	{ErrHookForged, http.StatusForbidden},
	{ErrHookReplayed, http.StatusNotAcceptable},
	{ErrHookMalformed, http.StatusBadRequest},
}

// maxReport bounds a report, in bytes. Mailgun's reports have a few thousand.
const maxReport = 16 << 10

// hookRetry is the Retry-After for a report that could not be stored.
const hookRetry = 30 * time.Second

// reportProblems say what is wrong with a request for a hook.
var reportProblems = map[int]string{
	http.StatusBadRequest:            "the body ended too early, or came too slowly",
	http.StatusRequestEntityTooLarge: "a report has at most 16 KiB",
	http.StatusUnsupportedMediaType:  "a report is sent as application/json",
	http.StatusTooEarly:              problemKinds[http.StatusTooEarly].detail,
}

// receiveReport is the page of a hook. A report does not come from a browser: instead
// of its origin its signature is checked, and cookies do not matter.
func (d *Door) receiveReport(hook Hook) func(*call) {
	return func(c *call) {
		body, status := readBody(c, "application/json", maxReport)
		if status != 0 {
			d.writeProblem(c, status, reportProblems[status])
			return
		}
		err := hook(c.r.Context(), body, c.now)
		if err == nil {
			secure(c.w.Header(), noPagePolicy)
			c.write(http.StatusOK, nil)
			return
		}
		for _, refusal := range hookRefusals {
			if errors.Is(err, refusal.reason) {
				d.Logger.Warn("a report of the mail service is refused", "path", c.r.URL.Path, "error", err)
				d.writeProblem(c, refusal.status, refusal.reason.Error())
				return
			}
		}
		d.Logger.Error("a report of the mail service could not be stored; the service will send it again", "path", c.r.URL.Path, "error", err)
		c.w.Header().Set("Retry-After", strconv.Itoa(int(hookRetry/time.Second)))
		d.writeProblem(c, http.StatusServiceUnavailable, "the report cannot be stored just now; send it again")
	}
}
