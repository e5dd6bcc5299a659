package mail

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// AreAligned reports whether the domain that readers see and the one that signs are of
// one organization, as receivers that follow DMARC want it (RFC 7489, section 3.1). It
// asks no DNS: whether the records exist is not known.
func AreAligned(from, signing string) bool { return Organization(from) == Organization(signing) }

// Organization is the domain below a public suffix that a domain lies under.
func Organization(domain string) string {
	domain = strings.ToLower(domain)
	if registered, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return registered
	}
	return domain
}
