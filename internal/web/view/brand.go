package view

import (
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"unicode"

	"github.com/doorpost-auth/doorpost/internal/color"
)

// Brand is how a site presents itself.
type Brand struct {
	Name    string // what people call the site; empty means its host
	Logo    string // URL path or https URL of a picture; may be empty
	Accent  string // #rgb or #rrggbb; empty means a calm default
	Support string // mail address or https URL for help; may be empty
}

// Check refuses a brand that cannot be shown.
func (b Brand) Check() error {
	if b.Logo != "" && !localPath(b.Logo) && !httpsURL(b.Logo) {
		return fmt.Errorf("brand logo %q: want a path like /logo.svg or a URL like https://example.com/logo.svg", b.Logo)
	}
	if b.Support != "" && !mailAddress(b.Support) && !httpsURL(b.Support) {
		return fmt.Errorf("brand support %q: want an address like help@example.com or a URL like https://example.com/help", b.Support)
	}
	if _, err := color.Parse(b.Accent); err != nil {
		return fmt.Errorf("brand accent: %w", err)
	}
	return nil
}

// logoOrigin is the origin of a logo on another host, else "".
func (b Brand) logoOrigin() string {
	if !httpsURL(b.Logo) {
		return ""
	}
	u, err := url.Parse(b.Logo)
	if err != nil {
		return ""
	}
	return "https://" + u.Host
}

// SupportLink is what a link to the support points at, "" without one.
func (b Brand) SupportLink() string {
	if b.Support == "" || httpsURL(b.Support) {
		return b.Support
	}
	return "mailto:" + b.Support
}

// SupportName is the support as people read it.
func (b Brand) SupportName() string {
	return strings.TrimSuffix(strings.TrimPrefix(b.Support, "https://"), "/")
}

func localPath(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(s, "/") &&
		!strings.HasPrefix(s, "//") && !strings.Contains(s, `\`)
}

// httpsURL is strict about the host, which goes into a policy header.
func httpsURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return false
	}
	return !strings.ContainsFunc(u.Host, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-:[]", r)
	})
}

func mailAddress(s string) bool {
	address, err := mail.ParseAddress(s)
	return err == nil && address.Address == s
}

// initial is the letter that stands for a site without a logo.
func initial(site string) string {
	for _, r := range site {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return ""
}
