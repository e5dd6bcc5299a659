package view

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// form is a form that a page must have.
type form struct {
	action string
	fields []string
	around string // attribute of an element around the form, by which the script finds it
}

func newForm(action string, fields ...string) *form { return &form{action: action, fields: fields} }

// missing says what a document lacks of the form, "" if the form is complete.
func (f *form) missing(document *html.Node) string {
	if f == nil {
		return ""
	}
	lack := fmt.Sprintf(`<form method="post" action="%s">`, f.action)
	for node := range document.Descendants() {
		if node.Data != "form" || !strings.EqualFold(valueOf(node, "method"), "post") || valueOf(node, "action") != f.action {
			continue
		}
		var names []string
		for inner := range node.Descendants() {
			names = append(names, valueOf(inner, "name"))
		}
		lack = ""
		for _, field := range f.fields {
			if !slices.Contains(names, field) {
				lack = fmt.Sprintf(`the field name="%s" in the form for %s`, field, f.action)
			}
		}
		if lack == "" && f.around != "" && !within(node, f.around) {
			lack = fmt.Sprintf("an element with the attribute %s around the form for %s", f.around, f.action)
		}
		if lack == "" {
			return ""
		}
	}
	return lack
}

func within(node *html.Node, attribute string) bool {
	for outer := range node.Ancestors() {
		if slices.ContainsFunc(outer.Attr, func(a html.Attribute) bool { return a.Key == attribute }) {
			return true
		}
	}
	return false
}

func valueOf(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
