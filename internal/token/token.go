package token

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/people"
)

// Bounds of tokens.
const (
	UsualLife   = 90 * 24 * time.Hour
	MaxLife     = 400 * 24 * time.Hour
	MaxPersonal = 20 // tokens of a person that have not expired

	// UsualOverlap is how long the text before a rotation is good, too.
	UsualOverlap = 24 * time.Hour
	MaxOverlap   = 30 * 24 * time.Hour

	maxName     = 64
	maxPart     = 32 // sites, paths, methods, networks and groups each
	maxNetworks = 16 // that it was used from, the last ones
)

// KeptFor is how long a token stays in lists after its end, so that who has it can be told
// that it is over.
const KeptFor = 30 * 24 * time.Hour

// Token says what a token is good for. It does not change.
type Token struct {
	ID    ID
	Name  string
	Owner address.Address // the person whose it is; empty: a service's

	Sites    []string       // origins, at least one
	Paths    []string       // as patterns of public; none: all
	Methods  []string       // none: all
	Networks []netip.Prefix // that it may come from; none: any
	Groups   []string       // of a service

	Made    time.Time
	Expires time.Time // zero: never
}

// Record is what the store has of a token.
type Record struct {
	Token

	// Sum is that of the text. Until FormerUntil that of the one before is good, too.
	Sum, Former Sum
	FormerUntil time.Time
	Rotated     time.Time // when it got its text; zero: when it was made

	Used     time.Time // to the hour; zero: never
	UsedFrom []string  // networks, the last one last

	Subject  people.Subject   // of the owner; zero for a service
	Standing *people.Standing // of the owner; nil for none
}

// Life is how long the text is good from the day on which it was made; 0 for ever.
func (r *Record) Life() time.Duration {
	begun := r.Rotated
	switch {
	case r.Expires.IsZero():
		return 0
	case begun.IsZero():
		begun = r.Made
	}
	return r.Expires.Sub(begun)
}

// IsPersonal reports whether it is a person's.
func (t *Token) IsPersonal() bool { return t.Owner != "" }

// IsOver reports whether it has expired.
func (t *Token) IsOver(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }

// ServiceSubject is who a service is, as apps are told it by an assertion: one for each token,
// whatever its name.
func (t *Token) ServiceSubject() people.Subject {
	sum := sha256.Sum256([]byte("token " + t.ID))
	return people.Subject(sum[:len(people.Subject{})])
}

// User is who an app takes the program for: the owner, or the service.
func (t *Token) User() string {
	if t.IsPersonal() {
		return string(t.Owner)
	}
	return "service:" + t.Name
}

// Limit is a bound that a request with a token may cross.
type Limit string

// The limits.
const (
	WithinLimits Limit = ""
	OtherSite    Limit = "site"
	OtherPath    Limit = "path"
	OtherMethod  Limit = "method"
	OtherNetwork Limit = "network"
)

// Request is what a token's limits are asked about.
type Request struct {
	Origin string
	Path   string // decoded; empty for one that can be read in two ways
	Method string // empty for one that can be read in two ways
	Client netip.Addr
}

// Crosses is the first limit that a request does not keep to.
func (t *Token) Crosses(r Request) Limit {
	switch {
	case !slices.Contains(t.Sites, r.Origin):
		return OtherSite
	case len(t.Paths) > 0 && !slices.ContainsFunc(t.Paths, func(pattern string) bool { return contains(pattern, r.Path) }):
		return OtherPath
	case len(t.Methods) > 0 && !slices.Contains(t.Methods, r.Method):
		return OtherMethod
	case len(t.Networks) > 0 && !slices.ContainsFunc(t.Networks, func(n netip.Prefix) bool { return n.Contains(r.Client.Unmap()) }):
		return OtherNetwork
	}
	return WithinLimits
}

// contains reports whether a pattern has a path: one path, or all below one.
func contains(pattern, path string) bool {
	if strings.HasSuffix(pattern, "/*") {
		return strings.HasPrefix(path, pattern[:len(pattern)-1])
	}
	return path != "" && path == pattern
}

// Errors of stores and of Check.
var (
	ErrUnknown   = fault.New(fault.Unknown, "there is no token with that id, or not any more; tokens list shows those that there are")
	ErrFull      = fault.New(fault.Taken, fmt.Sprintf("a person has at most %d tokens; end one that is not used any more", MaxPersonal))
	ErrNameTaken = fault.New(fault.Taken, "a service has that name already")
	ErrInvalid   = fault.New(fault.Invalid, "this is not how a token can be")
)

// NameTaken is the error for the name of a service that a token has already. Apps know a
// service by its name alone.
func NameTaken(by ID) error {
	return fmt.Errorf("%w, with the token %s: give that another text with tokens rotate %s, end it with tokens end %s, or choose another name", ErrNameTaken, by, by, by)
}

// Check reports what is wrong with a token that is to be made.
func (t *Token) Check() error {
	switch {
	case !t.IsPersonal() && CheckServiceName(t.Name) != nil:
		return CheckServiceName(t.Name)
	case strings.TrimSpace(t.Name) == "" || len(t.Name) > maxName || !utf8.ValidString(t.Name) || strings.ContainsFunc(t.Name, isUnprintable):
		return invalid("a name has 1 to %d characters that can be printed", maxName)
	case len(t.Sites) == 0:
		return invalid("say at which sites it is good, as --site https://app.example.com")
	case max(len(t.Sites), len(t.Paths), len(t.Methods), len(t.Networks), len(t.Groups)) > maxPart:
		return invalid("a token has at most %d sites, paths, methods, networks and groups each", maxPart)
	case t.IsPersonal() && len(t.Groups) > 0:
		return invalid("the token of a person has the groups of the person")
	case !t.Expires.IsZero() && t.Expires.Sub(t.Made) > MaxLife:
		return invalid("a token lasts at most %d days; for one without an end say never", MaxLife/(24*time.Hour))
	case t.IsOver(t.Made):
		return invalid("the end of a token is in the future")
	}
	for _, m := range t.Methods {
		if m == "" || strings.ContainsFunc(m, func(r rune) bool { return r < 'A' || 'Z' < r }) {
			return invalid("%q is not a method such as GET or PROPFIND", m)
		}
	}
	for _, g := range t.Groups {
		if err := people.CheckGroupName(g); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	return nil
}

// CheckOverlap is ErrInvalid for what cannot be the overlap of a rotation.
func CheckOverlap(overlap time.Duration) error {
	if overlap < 0 || overlap > MaxOverlap {
		return invalid("two texts are good at once for at most %d days", MaxOverlap/(24*time.Hour))
	}
	return nil
}

// CheckServiceName is ErrInvalid for what cannot be the name of a service.
func CheckServiceName(name string) error {
	if people.CheckGroupName(name) != nil {
		return invalid("%q is not the name of a service: it has 1 to %d letters, digits, dots, dashes and underscores", name, maxName)
	}
	return nil
}

func isUnprintable(r rune) bool { return !unicode.IsPrint(r) }

func invalid(format string, about ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, about...)...)
}

// ParseNetworks reads networks, see ParseNetwork.
func ParseNetworks(given []string) (networks []netip.Prefix, err error) {
	for _, s := range given {
		n, err := ParseNetwork(s)
		if err != nil {
			return nil, err
		}
		networks = append(networks, n)
	}
	return networks, nil
}

// ParseNetwork reads a network as 192.0.2.0/24, or a single address.
func ParseNetwork(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	n, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return n, invalid("%q is not a network such as 192.0.2.0/24 or 2001:db8::/32", s)
	case n != n.Masked():
		return n, invalid("%s has bits behind its mask; %s is the network", s, n.Masked())
	case n.Addr().Is4In6():
		return n, invalid("%s is an IPv4 address written as IPv6; write it as IPv4", s)
	}
	return n, nil
}

// NoteUse adds a use to the record; first says that it came from a network that is not
// among the last ones. changed is false if there is nothing to write.
func (r *Record) NoteUse(network string, now time.Time) (first, changed bool) {
	hour := now.Truncate(time.Hour)
	first = !slices.Contains(r.UsedFrom, network)
	changed = first || hour.After(r.Used)
	if first {
		r.UsedFrom = append(r.UsedFrom, network)
		r.UsedFrom = r.UsedFrom[max(len(r.UsedFrom)-maxNetworks, 0):]
	}
	if hour.After(r.Used) {
		r.Used = hour
	}
	return first, changed
}
