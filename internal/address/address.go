// Package address defines what a mail address is here, and when two are the same.
//
// An address is an ASCII dot-atom at a domain name, in lower case. Everything else
// that RFC 5322 allows (quotes, comments, display names, literals) and everything that
// is not ASCII is refused at once: each of these has let one person sign in as another
// somewhere (GHSA-5jpx-9hw9-2fx4, GHSA-7rqj-j65f-68wh, CVE-2026-40574). What people paste
// around an address is taken off in one place, by Bare, for forms only.
package address

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// Bounds of RFC 5321, section 4.5.3.1, in bytes.
const (
	MaxLength      = 254
	maxLocalLength = 64
	maxLabelLength = 63
)

// Address is a mail address in its canonical form: the one spelling in rules,
// counters, records, messages and identity headers. Make one with Parse only.
type Address string

// What people mostly do wrong. Every other error of Parse is about a character or a dot.
var (
	ErrNoAt     = errors.New("a mail address must have exactly one @, this has none")
	ErrSeveral  = errors.New("a mail address must have exactly one @, this has more")
	ErrNoDot    = errors.New("the part after the @ must be a domain name with at least one dot")
	ErrNotASCII = errors.New("a mail address may have ASCII letters only; write an international domain name in its xn-- form")
)

// Parse checks an address as a person typed it and returns its canonical form; white
// space around it is allowed. The error tells an operator what is wrong, and repeats
// nothing of the input.
func Parse(typed string) (Address, error) {
	s := strings.Trim(typed, " \t\r\n")
	if len(s) > MaxLength {
		return "", fmt.Errorf("a mail address may have at most %d characters", MaxLength)
	}
	local, domain, found := strings.Cut(s, "@")
	switch {
	case !found:
		return "", ErrNoAt
	case strings.Contains(domain, "@"):
		return "", ErrSeveral
	case strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII }):
		return "", ErrNotASCII
	}
	if err := checkLocal(local); err != nil {
		return "", err
	}
	domain, err := ParseDomain(domain)
	if err != nil {
		return "", err
	}
	return Address(strings.ToLower(local) + "@" + domain), nil
}

// checkLocal allows the dot-atom of RFC 5322, section 3.2.3, before the @, without % and
// !, which make old relays route mail elsewhere.
func checkLocal(local string) error {
	if local == "" || len(local) > maxLocalLength {
		return fmt.Errorf("the part before the @ must have 1 to %d characters", maxLocalLength)
	}
	if local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return errors.New("a dot before the @ must stand between two other characters")
	}
	if strings.Contains(local, "=?") {
		return errors.New("the part before the @ must not have an encoded word (RFC 2047)")
	}
	for i := range len(local) {
		if !isAtomByte(local[i]) {
			return errors.New("the part before the @ may have letters, digits, dots and the characters #$&'*+-/=?^_`{|}~ only")
		}
	}
	return nil
}

func isAtomByte(c byte) bool {
	return isLetterOrDigit(c) || strings.IndexByte(".#$&'*+-/=?^_`{|}~", c) >= 0
}

func isLetterOrDigit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// ParseDomain checks a domain name, international ones in their xn-- form, and
// returns it in lower case.
func ParseDomain(typed string) (string, error) {
	domain := strings.ToLower(typed)
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return "", ErrNoDot
	}
	for _, label := range labels {
		if err := checkLabel(label); err != nil {
			return "", err
		}
	}
	if top := labels[len(labels)-1]; strings.Trim(top, "0123456789") == "" {
		return "", errors.New("a domain name must not end in a number")
	}
	return domain, nil
}

func checkLabel(label string) error {
	if label == "" || len(label) > maxLabelLength {
		return fmt.Errorf("each part of a domain name must have 1 to %d characters", maxLabelLength)
	}
	if label[0] == '-' || label[len(label)-1] == '-' {
		return errors.New("a part of a domain name must not begin or end with a hyphen")
	}
	for i := range len(label) {
		if c := label[i]; !isLetterOrDigit(c) && c != '-' {
			return errors.New("a domain name may have letters, digits, hyphens and dots only; write an international one in its xn-- form")
		}
	}
	if strings.HasPrefix(label, "xn--") {
		if _, err := idna.Lookup.ToUnicode(label); err != nil {
			return fmt.Errorf("a part of the domain name begins with xn-- and is not an international name: %w", err)
		}
	}
	return nil
}

// Local is the part before the @.
func (a Address) Local() string {
	local, _, _ := strings.Cut(string(a), "@")
	return local
}

// Domain is the part after the @.
func (a Address) Domain() string {
	_, domain, _ := strings.Cut(string(a), "@")
	return domain
}

// Mask hides most of the address, for logs and lists: a***@example.com.
func (a Address) Mask() string {
	local, domain, found := strings.Cut(string(a), "@")
	if !found || local == "" {
		return "***"
	}
	return local[:1] + "***@" + domain
}
