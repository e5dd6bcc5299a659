package mail

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
)

// addressInText finds what may be an address in an answer of a mail server,
// plain, in angle brackets or with the @ percent-encoded.
var addressInText = regexp.MustCompile(`[^\s<>"'(),;:=]+(?:@|%40)[^\s<>"'(),;:]+`)

// linkInText finds what may be a link or the secret at the end of one.
var linkInText = regexp.MustCompile(`\S*(?:://|#|%23)\S*`)

// maxDetail is how much of a foreign text goes into an error, in bytes.
const maxDetail = 200

// Redact makes a text that came from outside (an answer of a mail server, an
// error of a library) fit for an error or a log: the secrets, links and
// addresses in it are replaced, it is one line, and at most 200 bytes long.
func Redact(s string, secrets ...string) string {
	for _, secret := range secrets {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, "***")
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

// RedactError is an error with the text of err after Redact. errors.Is still
// sees what err was; the text of err itself cannot be reached through it, so
// it cannot reach a log either.
func RedactError(err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	return redactedError{text: Redact(err.Error(), secrets...), cause: err}
}

type redactedError struct {
	text  string
	cause error
}

func (e redactedError) Error() string { return e.text }

func (e redactedError) Is(target error) bool { return errors.Is(e.cause, target) }
