package view

import (
	"fmt"
	"html/template"
	"net/url"

	"github.com/doorpost-auth/doorpost/internal/color"
)

// icon is the picture of a page among tabs: the letter that stands for the site, in the
// colour of the brand. It is an SVG within the page, so nothing is loaded for it.
func icon(accent color.Color, letter string) template.URL {
	if letter == "" {
		return "data:," // without it, browsers would ask the app for one
	}
	drawn := fmt.Sprintf("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><rect width='16' height='16' rx='4' fill='%s'/>"+
		"<text x='8' y='11.7' font-family='sans-serif' font-weight='bold' font-size='10.5' text-anchor='middle' fill='%s'>%s</text></svg>",
		accent, color.TextOn(accent), letter)
	return template.URL("data:image/svg+xml," + url.PathEscape(drawn)) // #nosec G203 -- a colour that was parsed and one letter
}
