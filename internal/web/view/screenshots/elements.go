package main

import (
	"embed"
	"io/fs"

	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// elementsName names a page with every element of the pages in every state: the language
// of their design, written down. Its template stands in for that of elementsPage, a wide
// one, so it has the layout and the whole stylesheet of the pages.
const elementsName = "elements"

var elementsPage = view.Mailbox{Frame: view.Frame{Host: "reports.example.com"}}

//go:embed elements
var elementsFolder embed.FS

func elementsViews(brand view.Brand) (*view.Views, error) {
	folder, err := fs.Sub(elementsFolder, "elements")
	if err != nil {
		return nil, err
	}
	return view.New(brand, folder)
}
