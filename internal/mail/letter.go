package mail

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// SignInLetter is what a message with a link to sign in says, and with a code
// unless nobody has asked for it in a browser.
type SignInLetter struct {
	Site string // name of the site as people know it; Host stands in where it is empty
	Host string // where the link leads, such as app.example.com
	To   string // canonical address of the reader

	// ID is that of the message, the same for every copy that is sent of it;
	// see Message. One is made where it is empty.
	ID string

	Link string // absolute http or https URL, with the token; it appears byte for byte
	Code string // as it is shown and typed, such as ABCD-2345; only with Approved or Invited it may be empty

	// StopLink is where somebody who did not ask stops such messages: an
	// absolute http or https URL. The letter says nothing of it if it is empty.
	StopLink string

	ValidFor time.Duration // life of link and code, from AskedAt; told in minutes or hours, rounded up
	AskedAt  time.Time     // told in UTC, but to somebody who is Invited
	Browser  string        // that asked, such as "Firefox"; may be empty
	System   string        // that it runs on, such as "Windows"; may be empty

	Welcome  bool      // true for the first message an address gets
	Invited  bool      // the operator asked for it, not the reader
	Approved bool      // the reader asked to be let in, and is
	Until    time.Time // how long that holds, with Approved; zero: for good

	Accent  string // colour of the button as #rrggbb; a calm default where it is anything else
	Support string // where to turn for help: an address, a URL or words; may be empty

	// LogoURL is the operator's logo: an https URL, or a path on Host. Only
	// templates of the operator's own show it. The built-in letter shows the
	// site's name instead and loads nothing from elsewhere: fetching an image
	// would tell when and where the message is read, and many programs block it.
	LogoURL string
}

// safeLink has the characters of a URL (RFC 3986, section 2) that survive HTML
// and mail programs unchanged, and does not end in punctuation that programs
// leave out when they find a link in plain text.
var safeLink = regexp.MustCompile(`^https?://[A-Za-z0-9._~:/?#\[\]@!$&*+,;=%-]*[A-Za-z0-9/=_~-]$`)

// safeCode is a code as it is shown.
var safeCode = regexp.MustCompile(`^[A-Z0-9]+(-[A-Z0-9]+)*$`)

func (l SignInLetter) check() error {
	switch {
	case !safeCode.MatchString(l.Code) && (l.Code != "" || !l.Invited && !l.Approved):
		return errors.New("its code has characters other than A-Z, 0-9 and dashes")
	case l.AskedAt.IsZero() && !l.Invited:
		return errNoTime
	}
	return checkLinks(l.Host, l.Link, l.StopLink, l.ValidFor)
}

var errNoTime = errors.New("the time of the request is missing")

// checkLinks checks what every letter has: a link that works for some time, and
// another that may be empty.
func checkLinks(host, link, stopLink string, validFor time.Duration) error {
	switch {
	case !safeLink.MatchString(link):
		return errors.New("its link is not an absolute http or https URL of plain characters")
	case stopLink != "" && !safeLink.MatchString(stopLink):
		return errors.New("its link to stop messages is not an absolute http or https URL of plain characters")
	case host == "":
		return errors.New("the host is missing")
	case validFor <= 0:
		return errors.New("the time that its link lasts is not positive")
	}
	return nil
}

// notice is what the letter shares with all others.
func (l SignInLetter) notice() Notice {
	return Notice{ID: l.ID, Site: l.Site, Host: l.Host, To: l.To, Accent: l.Accent, LogoURL: l.LogoURL, Support: l.Support}
}

// SignIn writes the message with a link and a code, in the given language. It
// fails on a letter that could not be sent or would not work; the error holds
// neither link nor code nor address.
func (c *Composer) SignIn(l SignInLetter, lang *text.Language) (Message, error) {
	if err := l.check(); err != nil {
		return Message{}, fmt.Errorf("writing a sign-in message: %w", err)
	}
	m, err := c.write(signInKind, l.notice(), newSignInWords(l, lang))
	if err != nil {
		return Message{}, fmt.Errorf("writing a sign-in message: %w", err)
	}
	return m, nil
}
