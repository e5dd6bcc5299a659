package address

import "strings"

// dotsIgnored are the providers that deliver a.b@ and ab@ to one mailbox, each with the
// domain under which its mailboxes are counted.
var dotsIgnored = map[string]string{
	"gmail.com":      "gmail.com",
	"googlemail.com": "gmail.com",
}

// Fold names the mailbox of an address, as far as that can be known from outside:
// without a plus tag, and without dots if the provider ignores them. It is for counting
// messages and for keeping people out. Two addresses with the same fold may be two
// people, so it never decides who somebody is, nor lets anybody in.
func (a Address) Fold() string {
	local, domain := a.Local(), a.Domain()
	provider, dots := dotsIgnored[domain]
	tag := tagOf(local)
	if !dots && tag < 0 {
		return string(a)
	}
	if tag >= 0 {
		local = local[:tag]
	}
	if dots {
		local, domain = strings.ReplaceAll(local, ".", ""), provider
	}
	return local + "@" + domain
}

// HasTag reports whether an address has a plus tag, which the mailbox of the address
// without it may not know.
func (a Address) HasTag() bool { return tagOf(a.Local()) >= 0 }

// tagOf is where the plus tag of a local part begins, negative for none.
func tagOf(local string) int {
	if tag := strings.IndexByte(local, '+'); tag > 0 {
		return tag
	}
	return -1
}
