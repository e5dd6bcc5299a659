package smtprelay

import (
	"fmt"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/mail"
)

// maxDomain is how long a domain may be (RFC 5321, section 4.5.3.1.2).
const maxDomain = 255

// CheckHelo checks a name that a client may give itself (RFC 5321, section 4.1.1.1): a
// domain with a dot, since strict servers take no other.
func CheckHelo(name string) error {
	if _, err := address.ParseDomain(name); err != nil || len(name) > maxDomain {
		return fmt.Errorf("%q is not the full name of a machine; write for example helo gate.example.com", name)
	}
	return nil
}

// fullName is the name of this machine, or empty if that is not a full one.
func fullName(hostname string, err error) string {
	if err != nil || CheckHelo(hostname) != nil {
		return ""
	}
	return hostname
}

// helo is the name that we give ourselves when we send for somebody.
func (r *Relay) helo(from mail.Mailbox) string {
	if r.config.Helo != "" {
		return r.config.Helo
	}
	return from.Domain()
}
