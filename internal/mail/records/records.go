// Package records looks up the DNS records by which receivers judge the mail of a
// domain, and says what is missing as a line to paste into its zone.
package records

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// Resolver asks DNS; a *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
}

// Sender is whose mail it is.
type Sender struct {
	Domain   string   // of the address that readers see
	Envelope string   // domain that a mail service sends for, where bounces go; often the same
	Selector string   // of the DKIM key; empty: not known
	Includes []string // names of the SPF records of the mail services, as far as they are known
}

// CheckSelector checks what may be the name of a key (RFC 6376, section 3.1).
func CheckSelector(s string) error {
	if !selector.MatchString(s) {
		return fmt.Errorf("%q is not the name of a DKIM key; write for example k1", s)
	}
	return nil
}

var selector = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*$`)

// Verdict says what became of a look-up.
type Verdict int

// The verdicts.
const (
	Good    Verdict = iota
	Bad             // it is missing, or does not hold
	Unknown         // DNS did not answer, or it is not known what to ask for
)

// Finding is what was found of one kind of record.
type Finding struct {
	Record  string // SPF, DKIM, DMARC or MX
	Verdict Verdict
	Found   string // in words
	Advice  string // what to do, with a line to paste where there is one; empty with Good
}

// Check looks at all kinds. It ends when ctx does.
func Check(ctx context.Context, dns Resolver, s Sender) []Finding {
	return []Finding{s.spf(ctx, dns), s.dkim(ctx, dns), s.dmarc(ctx, dns), s.mx(ctx, dns)}
}

// spf looks for the record that says who may send for the domain (RFC 7208). There may be
// only one.
func (s Sender) spf(ctx context.Context, dns Resolver) Finding {
	found, err := tagged(ctx, dns, s.Envelope, "v=spf1")
	if err != nil {
		return unknown("SPF", s.Envelope, err)
	}
	paste := func(includes []string) string {
		terms := []string{"v=spf1"}
		for _, name := range includes {
			terms = append(terms, "include:"+name)
		}
		if len(includes) == 0 {
			terms = append(terms, "include:<name that your mail service gives>")
		}
		return line(s.Envelope, "TXT", strings.Join(append(terms, "~all"), " "))
	}
	lacking := func(name string) bool { return len(found) == 1 && !strings.Contains(found[0], name) }
	switch {
	case len(found) == 0:
		return Finding{"SPF", Bad, s.Envelope + " does not say who may send for it", "add the record  " + paste(s.Includes)}
	case len(found) > 1:
		return Finding{"SPF", Bad, fmt.Sprintf("%s has %d records that begin with v=spf1, and receivers take that for none", s.Envelope, len(found)), "make one of them"}
	case slices.ContainsFunc(s.Includes, lacking):
		i := slices.IndexFunc(s.Includes, lacking)
		return Finding{"SPF", Bad, fmt.Sprintf("the record of %s does not name the mail service itself: %s", s.Envelope, found[0]),
			"unless a record that it includes does, write include:" + s.Includes[i] + " in front of its last word"}
	}
	return Finding{"SPF", Good, s.Envelope + " says who may send for it", ""}
}

// dkim looks for the key that messages are signed with (RFC 6376). It is at the domain that
// readers see, or at the one that the service sends for.
func (s Sender) dkim(ctx context.Context, dns Resolver) Finding {
	if s.Selector == "" {
		return Finding{"DKIM", Unknown, "not looked up, since the name of the key is not known", "say dkim_selector <name>, which your mail service shows beside the key"}
	}
	name := s.Selector + "._domainkey."
	for _, domain := range slices.Compact([]string{s.Domain, s.Envelope}) {
		found, err := tagged(ctx, dns, name+domain, "")
		switch {
		case err != nil:
			return unknown("DKIM", name+domain, err)
		case len(found) == 0:
			continue
		case len(found) == 1 && slices.ContainsFunc(tags(found[0]), func(tag string) bool { return strings.HasPrefix(tag, "p=") && len(tag) > len("p=") }):
			return Finding{"DKIM", Good, "the key is at " + name + domain, ""}
		}
		return Finding{"DKIM", Bad, fmt.Sprintf("%s%s holds no key, or one that was taken back", name, domain), "enter the key again as your mail service shows it"}
	}
	return Finding{"DKIM", Bad, name + s.Envelope + " does not exist", "add the record  " + line(name+s.Envelope, "TXT", "v=DKIM1; k=rsa; p=<key that your mail service shows>")}
}

// dmarc looks for the policy of the domain that readers see, or of the one above it (RFC
// 7489, section 6.6.3).
func (s Sender) dmarc(ctx context.Context, dns Resolver) Finding {
	organization := mail.Organization(s.Domain)
	for _, domain := range slices.Compact([]string{s.Domain, organization}) {
		found, err := tagged(ctx, dns, "_dmarc."+domain, "v=DMARC1")
		switch {
		case err != nil:
			return unknown("DMARC", "_dmarc."+domain, err)
		case len(found) > 1:
			return Finding{"DMARC", Bad, fmt.Sprintf("_dmarc.%s has %d records, and receivers take that for none", domain, len(found)), "keep one of them"}
		case len(found) == 1 && !slices.ContainsFunc(tags(found[0]), func(tag string) bool { return strings.HasPrefix(tag, "p=") }):
			return Finding{"DMARC", Bad, "the record of _dmarc." + domain + " has no policy: " + found[0], "write p=none; into it"}
		case len(found) == 1:
			return Finding{"DMARC", Good, domain + " has a policy", ""}
		}
	}
	return Finding{"DMARC", Bad, organization + " has no policy; large receivers put mail without one into spam",
		"add the record  " + line("_dmarc."+organization, "TXT", "v=DMARC1; p=none; rua=mailto:postmaster@"+organization)}
}

// mx looks for where answers and bounces go. Some receivers refuse a sender without.
func (s Sender) mx(ctx context.Context, dns Resolver) Finding {
	found, err := dns.LookupMX(ctx, s.Domain+".")
	switch {
	case isMissing(err) || err == nil && len(found) == 0:
		return Finding{"MX", Bad, s.Domain + " takes no mail, so that answers and bounces are lost, and some receivers refuse it",
			"add the record  " + s.Domain + ".  MX  10 <host of your mail server>."}
	case err != nil:
		return unknown("MX", s.Domain, err)
	case len(found) == 1 && found[0].Host == ".": // RFC 7505
		return Finding{"MX", Bad, s.Domain + " says that it takes no mail, and receivers may refuse it as a sender", "name a mail server, or send from another domain"}
	}
	return Finding{"MX", Good, s.Domain + " takes mail", ""}
}

// tagged are the TXT records of a name that have a version, or all if it is empty.
func tagged(ctx context.Context, dns Resolver, name, version string) (found []string, err error) {
	all, err := dns.LookupTXT(ctx, name+".")
	if err != nil && !isMissing(err) {
		return nil, err
	}
	for _, text := range all {
		if rest, ok := strings.CutPrefix(text, version); ok && (version == "" || rest == "" || strings.ContainsAny(rest[:1], " ;")) {
			found = append(found, text)
		}
	}
	return found, nil
}

// tags are what stands between the semicolons of a record.
func tags(record string) (list []string) {
	for tag := range strings.SplitSeq(record, ";") {
		list = append(list, strings.ReplaceAll(tag, " ", ""))
	}
	return list
}

func line(name, kind, text string) string { return fmt.Sprintf("%s.  %s  %q", name, kind, text) }

func isMissing(err error) bool {
	failed, ok := errors.AsType[*net.DNSError](err)
	return ok && failed.IsNotFound
}

func unknown(record, name string, err error) Finding {
	return Finding{record, Unknown, fmt.Sprintf("not known, since DNS does not tell of %s: %v", name, err), "look it up where DNS can be reached"}
}
