package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"golang.org/x/net/html"
)

// form is a form that a page must have.
type form struct {
	action string
	fields []string
	around string // attribute of an element around the form, by which the script finds it
}

// purpose is the form that a page is for, nil for a page without one.
func purpose(page Page) *form {
	switch p := page.(type) {
	case SignIn:
		return &form{action: gate.SignInPath, fields: []string{"email", "to"}}
	case CheckMail:
		if !p.Ended {
			return &form{action: gate.CodePath, fields: []string{"code"}}
		}
	case Landing:
		return &form{action: gate.LinkPath, fields: []string{"token"}, around: "data-landing"}
	case ConfirmElsewhere:
		return &form{action: gate.LinkPath, fields: []string{"token", "confirm"}}
	case Stop:
		return &form{action: gate.StopPath, fields: []string{"token"}}
	case NotAdmitted:
		if p.MayAsk {
			return &form{action: gate.RequestAccessPath, fields: []string{"words"}}
		}
	case RequestAccess:
		return &form{action: gate.RequestAccessPath, fields: []string{"token", "words"}}
	case DecideAccess:
		if p.Token != "" {
			return &form{action: gate.DecideAccessPath, fields: []string{"token", "decision"}}
		}
		return &form{action: gate.DecideAccessPath, fields: []string{"token"}}
	case ConfirmChange:
		f := &form{action: gate.ConfirmChangePath}
		for _, field := range p.Fields() {
			f.fields = append(f.fields, field.Name)
		}
		return f
	case DeleteMe:
		return &form{action: gate.DeleteAccountPath}
	case Person:
		return &form{action: gate.PeoplePath, fields: []string{"who", "action"}}
	case ConfirmPerson:
		return &form{action: gate.PeoplePath, fields: []string{"who", "action", "confirm"}}
	case SignOut:
		return &form{action: gate.SignOutPath, fields: []string{"to"}}
	}
	return nil
}

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
