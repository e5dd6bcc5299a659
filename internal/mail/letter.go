package mail

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// Letter is what a message of any kind says. Each has the fields down to StopLink;
// the others are for the kinds that are named.
type Letter struct {
	Kind outbox.Kind

	// ID is the ID of the message, the same for every copy of it that is sent; see
	// Message. Empty: a new one is made.
	ID string
	To string // canonical address of the reader

	SiteName string // as people know the site; empty: Host takes its place
	Host     string // where the link leads, such as app.example.com
	Accent   string // colour of the button as #rrggbb; anything else means a calm default
	Support  string // where to ask for help: an address, a URL or words; may be empty

	// LogoURL is the operator's logo: an https URL, or a path on Host. Only
	// templates of the operator's own show it. The built-in letter shows the
	// site's name instead and loads nothing from elsewhere: fetching an image
	// would tell when and where the message is read, and many programs block it.
	LogoURL string

	Link     string        // absolute http or https URL, with the token if the kind has one; it appears byte for byte. Empty for kinds without
	ValidFor time.Duration // how long link and code work, from AskedAt; shown in minutes, hours or days, rounded up

	// StopLink is where somebody who did not ask stops such messages: an
	// absolute http or https URL. Empty: the letter does not mention it.
	StopLink string

	// For all but Invite: the request that led to the letter, or what it tells of.
	AskedAt         time.Time // shown in UTC
	Browser, System string    // that it came from, such as "Firefox" and "Windows"; may be empty
	Network         string    // for Approve; may be empty

	Code    string    // for SignIn, Confirm and Proof, as it is shown and typed, such as ABCD-2345; empty for Invite and Approved
	TypedAt string    // with a Code: the name of the host where it is typed; browsers fill it in nowhere else
	Welcome bool      // for SignIn: this is the first message to the address
	Until   time.Time // for Approved: when the access ends; zero: never

	Person string // for Approve: canonical address of who asks; for Proof: of the account
	Words  string // for Approve: what the person typed; at most 500 characters are quoted; may be empty

	Change account.Kind // for Confirm, Proof and Changed
	New    string       // the canonical address that such a change is about; empty for those without
}

// safeLink has the characters of a URL (RFC 3986, section 2) that survive HTML
// and mail programs unchanged, and does not end in punctuation that programs
// leave out when they find a link in plain text.
var safeLink = regexp.MustCompile(`^https?://[A-Za-z0-9._~:/?#\[\]@!$&*+,;=%-]*[A-Za-z0-9/=_~-]$`)

// safeCode is a code as it is shown.
var safeCode = regexp.MustCompile(`^[A-Z0-9]+(-[A-Z0-9]+)*$`)

// hostName is a name of a host, or an IP address, without a port.
var hostName = regexp.MustCompile(`^[A-Za-z0-9._:-]+$`)

// boundCode is the last line of a text part with a code. Mail programs and browsers that
// know this form of the web's "origin-bound one-time codes" fill the code in at that host,
// and at no false page elsewhere. Empty without a code.
func (l Letter) boundCode() string {
	if l.Code == "" {
		return ""
	}
	return "@" + l.TypedAt + " #" + l.Code + "\n"
}

// check checks what every letter has.
func (l Letter) check() error {
	switch {
	case l.Link != "" && !safeLink.MatchString(l.Link):
		return errors.New("its link is not an absolute http or https URL of plain characters")
	case l.StopLink != "" && !safeLink.MatchString(l.StopLink):
		return errors.New("its link to stop messages is not an absolute http or https URL of plain characters")
	case l.Host == "":
		return errors.New("the host is missing")
	case l.ValidFor <= 0:
		return errors.New("the time that its link or code lasts is not positive")
	case l.Code != "" && !safeCode.MatchString(l.Code):
		return errors.New("its code has characters other than A-Z, 0-9 and dashes")
	case l.Code != "" && !hostName.MatchString(l.TypedAt):
		return errors.New("the host where its code is typed is not the name of a host")
	}
	return nil
}

// Write writes a letter in a language. It fails on a letter that could not be sent
// or would not work; the error has neither its link nor its code nor an address.
func (c *Composer) Write(l Letter, lang *text.Language) (Message, error) {
	m, err := c.write(l, lang)
	if err != nil {
		return Message{}, fmt.Errorf("writing a message of the kind %s: %w", l.Kind, err)
	}
	return m, nil
}

func (c *Composer) write(l Letter, lang *text.Language) (Message, error) {
	kind, ok := KindOf(l.Kind)
	if !ok {
		return Message{}, errors.New("this version does not know the kind")
	}
	if err := cmp.Or(l.check(), kind.check(l)); err != nil {
		return Message{}, err
	}
	return c.compose(l, kind.template, newWords(l, kind, lang))
}
