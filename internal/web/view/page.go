package view

import "github.com/doorpost-auth/doorpost/internal/text"

// Page is one of the pages of this package, with its content.
type Page interface {
	// template is the name of the page's file below templates/.
	template() string
	// title is what a browser shows in its tab; the site is added to it.
	title(lang *text.Language, site string) string
	// host names the site if the brand does not.
	host() string
}

// Frame is what all pages have.
type Frame struct {
	Host string // that the visitor uses, without port
}

func (f Frame) host() string { return f.Host }
