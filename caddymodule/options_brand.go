package caddymodule

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

const maxBrandName = 100

// BrandConfig is how pages and messages present the sites.
type BrandConfig struct {
	// Name of the site. Default: its host.
	Name string `json:"name,omitempty"`

	// Logo is shown on pages: a path of the site, or an https address.
	Logo string `json:"logo,omitempty"`

	// Accent is the colour of buttons: #rgb or #rrggbb.
	Accent string `json:"accent,omitempty"`

	// Support is where to ask for help: a mail address or an https address.
	Support string `json:"support,omitempty"`
}

// check checks that the brand can be shown. Its errors name the option.
func (b BrandConfig) check() error {
	if utf8.RuneCountInString(b.Name) > maxBrandName || strings.ContainsFunc(b.Name, unicode.IsControl) {
		return fmt.Errorf("brand name must have at most %d characters, on one line", maxBrandName)
	}
	return view.Brand(b).Check()
}

// read reads the option brand, of all sites or of one.
func (b *BrandConfig) read(d *caddyfile.Dispenser) error {
	brand := func(to *string, example string) reader {
		return one(example, func(_, value string) error {
			*to = value
			return b.check()
		})
	}
	return inBlock("brand", nil,
		option{name: "name", read: brand(&b.Name, `"Example Ltd"`)},
		option{name: "logo", read: brand(&b.Logo, "/logo.svg")},
		option{name: "accent", read: func(d *caddyfile.Dispenser) error {
			if d.CountRemainingArgs() == 0 {
				return d.Err(`accent has no value; a word that begins with # is a comment unless it stands in quotes: accent "#0066cc"`)
			}
			return brand(&b.Accent, `"#0066cc"`)(d)
		}},
		option{name: "support", read: brand(&b.Support, "help@example.com")},
	)(d)
}
