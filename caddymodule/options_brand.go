package caddymodule

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

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
	_, err := view.New(view.Brand(b), nil)
	return err
}
