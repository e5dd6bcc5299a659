package view

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/doorpost-auth/doorpost/internal/templates"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// try renders each page that uses the operator's files, in every state and language,
// and returns the first mistake.
func (v *Views) try(own templates.Files) error {
	if !own.Any() {
		return nil
	}
	catalogue, err := text.Load()
	if err != nil {
		return fmt.Errorf("loading words to try templates with: %w", err)
	}
	for _, sample := range Samples() {
		files := filesOf(sample.Page, own)
		if len(files) == 0 {
			continue
		}
		for _, lang := range catalogue.Languages() {
			body, err := v.render(lang, sample.Page, true)
			if err != nil {
				return own.Locate(err, files[0])
			}
			root, err := html.ParseWithOptions(body, html.ParseOptionEnableScripting(false))
			if err != nil {
				return own.Errorf(files[0], -1, "reading the page %q: %w", sample.Name, err)
			}
			for node := range root.Descendants() {
				if what, source := v.refused(sample.Page, node); what != "" {
					name, at := find(source, files, own)
					return own.Errorf(name, at, "the page %q has %s", sample.Name, what)
				}
			}
			if lack := sample.Page.about().form.missing(root); lack != "" {
				return own.Errorf(files[0], -1, "the page %q lacks %s", sample.Name, lack)
			}
		}
	}
	return nil
}

// filesOf lists the operator's templates that a page uses, its own first.
func filesOf(page Page, own templates.Files) (files []string) {
	for _, name := range append([]string{page.about().template + ".html"}, sharedFiles...) {
		if _, ok := own.Get(name); ok {
			files = append(files, name)
		}
	}
	return files
}

// find returns the file that contains source, and the offset. If none does, it returns
// the first file and a negative offset.
func find(source string, files []string, own templates.Files) (name string, at int) {
	for _, name := range files {
		content, _ := own.Get(name)
		if at := strings.Index(content, source); at >= 0 && source != "" {
			return name, at
		}
	}
	return files[0], -1
}

// refused says what browsers would refuse of a node because the
// Content-Security-Policy forbids it, and how that begins in a template.
func (v *Views) refused(page Page, node *html.Node) (what, source string) {
	if node.Type != html.ElementNode {
		return "", ""
	}
	switch node.Data {
	case "style":
		if node.FirstChild != nil && node.FirstChild.Data != string(v.styleOf(page.about())) {
			return "a <style> of its own, which the Content-Security-Policy forbids; put it into " + styleFile, firstLine(node)
		}
	case "script":
		if !slices.ContainsFunc(node.Attr, func(a html.Attribute) bool { return a.Key == "src" }) {
			return "a <script> within the page, which the Content-Security-Policy forbids; serve a file and name it in src", firstLine(node)
		}
	case "iframe":
		// The mailbox has a policy of its own, which lets it show messages.
		if _, ok := page.(Mailbox); !ok {
			return "an <iframe>, which the Content-Security-Policy forbids", "<iframe"
		}
	case "object", "embed", "video", "audio", "base":
		return "a <" + node.Data + ">, which the Content-Security-Policy forbids", "<" + node.Data
	}
	for _, a := range node.Attr {
		switch {
		case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "srcdoc":
			return "the attribute " + a.Key + ", which the Content-Security-Policy forbids; use a class and " + styleFile + ", or a script of the site", " " + a.Key + "="
		case a.Key == "href" && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:"):
			return "a link that is a script, which the Content-Security-Policy forbids", "javascript:"
		case a.Key == "href" && node.Data == "link" && strings.Contains(strings.ToLower(valueOf(node, "rel")), "stylesheet"):
			return "a link to a stylesheet, which the Content-Security-Policy forbids; put it into " + styleFile, a.Val
		case (a.Key == "src" || a.Key == "href" && node.Data == "link") && !v.mayLoad(a.Val):
			return "<" + node.Data + " " + a.Key + "=" + a.Val + ">, which the Content-Security-Policy forbids: only what the site itself serves is loaded", a.Val
		case (a.Key == "action" || a.Key == "formaction") && !ofTheSite(a.Val):
			return "a form that goes to " + a.Val + ", which the Content-Security-Policy forbids: forms stay on the site", a.Val
		}
	}
	return "", ""
}

// firstLine is the first line of the content of a <style> or <script>.
func firstLine(node *html.Node) string {
	if node.FirstChild == nil {
		return "<" + node.Data
	}
	line, _, _ := strings.Cut(strings.TrimSpace(node.FirstChild.Data), "\n")
	return line
}

// mayLoad reports whether the policy lets a page load from an address.
func (v *Views) mayLoad(address string) bool {
	return ofTheSite(address) || strings.HasPrefix(address, "data:") || address == v.brand.Logo
}

// ofTheSite reports whether an address stays on the site, as browsers read it.
func ofTheSite(address string) bool {
	return !strings.HasPrefix(address, "//") && !strings.ContainsAny(address, ":\\") || localPath(address)
}
