package mail

import (
	"errors"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// addressInText finds what may be an address in an answer of a mail server,
// plain, in angle brackets or with the @ percent-encoded.
var addressInText = regexp.MustCompile(`[^\s<>"'(),;:=]+(?:@|%40)[^\s<>"'(),;:]+`)

// linkInText finds what may be a link, or the secret at its end.
var linkInText = regexp.MustCompile(`\S*(?:://|#|%23)\S*`)

// maxDetail is how much of a foreign text goes into an error, in bytes.
const maxDetail = 200

// Redact makes a text from outside (an answer of a mail server, an error of a library)
// fit for an error or a log: secrets, links and addresses are replaced, and the result
// is one line of at most 200 bytes.
func Redact(s string, secrets ...string) string {
	longestFirst := func(a, b string) int { return len(b) - len(a) } // one may begin as another does
	for _, secret := range slices.SortedFunc(slices.Values(secrets), longestFirst) {
		if secret != "" {
			quoted := strconv.Quote(secret) // as errors quote what they tell
			s = strings.ReplaceAll(strings.ReplaceAll(s, secret, "***"), quoted[1:len(quoted)-1], "***")
		}
	}
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	s = linkInText.ReplaceAllString(s, "(link)")
	s = addressInText.ReplaceAllString(s, "(address)")
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxDetail {
		s = strings.ToValidUTF8(s[:maxDetail], "") + "…"
	}
	return s
}

// RedactError is an error with the text of err after Redact. errors.Is works as for
// err, but the original text cannot be reached, so it cannot get into a log.
func RedactError(err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if reply, ok := errors.AsType[*textproto.Error](err); ok { // quotes what the server said, in which lines may end
		text = strings.ReplaceAll(text, strconv.Quote(reply.Msg), reply.Msg)
	}
	return redactedError{text: Redact(text, secrets...), cause: err}
}

type redactedError struct {
	text  string
	cause error
}

func (e redactedError) Error() string { return e.text }

func (e redactedError) Is(target error) bool { return errors.Is(e.cause, target) }
