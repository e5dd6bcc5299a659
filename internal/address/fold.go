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
// messages only. Two addresses with the same fold may be two people, so it never
// decides who somebody is.
func (a Address) Fold() string {
	local, domain := a.Local(), a.Domain()
	if before, _, tagged := strings.Cut(local, "+"); tagged && before != "" {
		local = before
	}
	if provider, known := dotsIgnored[domain]; known {
		local, domain = strings.ReplaceAll(local, ".", ""), provider
	}
	return local + "@" + domain
}
