package mail

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"

	"github.com/doorpost-auth/doorpost/internal/override"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// Sample is a letter with typical content, in a state that has a name: for
// tests, for looking at it, and for trying what an operator brings.
type Sample struct {
	Name  string
	Write func(*Composer, *text.Language) (Message, error)

	kind  string
	links []string // that have to be in both parts
	code  string   // that has to be in both parts
}

// Samples lists every letter in every state that looks different.
func Samples() []Sample {
	ordinary := SignInLetter{
		Site: "Reports", Host: "reports.example.com", To: "ada.lovelace@example.com", ID: "sample",
		Link: "https://reports.example.com/_doorpost/link#v1.AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdEfGhIjKlMnOpQrStUvWxYz", Code: "ABCD-2345",
		StopLink: "https://reports.example.com/_doorpost/stop#v1.AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdEfGhIjKlMnOpQrStUvWxYz",
		ValidFor: 10 * time.Minute, AskedAt: time.Date(2026, time.March, 4, 17, 5, 0, 0, time.UTC),
		Browser: "Firefox", System: "Windows",
	}
	welcome := ordinary
	welcome.Welcome = true
	branded := welcome
	branded.Site, branded.Accent, branded.LogoURL = "The Neighbourhood Library of Upper and Lower Thornbury", "#ffd400", "https://cdn.example.com/logo.png"
	branded.Support = "help@example.com"
	dark := ordinary
	dark.Accent, dark.Support = "#000", "https://example.com/help"
	bare := ordinary
	bare.Site, bare.StopLink, bare.Browser, bare.System, bare.Support = "", "", "", "", "Ring 555-0100"
	return []Sample{
		signInSample("sign-in", ordinary), signInSample("sign-in-welcome", welcome), signInSample("sign-in-branded", branded),
		signInSample("sign-in-black", dark), signInSample("sign-in-bare", bare),
	}
}

func signInSample(name string, l SignInLetter) Sample {
	return Sample{
		Name: name, kind: signInKind, links: []string{l.Link}, code: l.Code,
		Write: func(c *Composer, lang *text.Language) (Message, error) { return c.SignIn(l, lang) },
	}
}

// try writes each letter that the operator's files have a part in, in every
// state and language, and tells what is wrong with it.
func (c *Composer) try(own override.Files) error {
	if !own.Any() {
		return nil
	}
	catalogue, err := text.Load()
	if err != nil {
		return fmt.Errorf("loading words to try templates with: %w", err)
	}
	for _, sample := range Samples() {
		for _, lang := range catalogue.Languages() {
			m, err := sample.Write(c, lang)
			if err != nil {
				return own.Locate(err, sample.kind+".html")
			}
			for _, form := range []struct{ ending, lack string }{{".html", sample.missingInHTML(m.HTML)}, {".txt", sample.missingInText(m.Text)}} {
				if form.lack == "" {
					continue
				}
				name := sample.kind + form.ending
				if _, ok := own.Get(name); !ok {
					name = layout + form.ending
				}
				return own.Errorf(name, -1, "the letter %q %s", sample.Name, form.lack)
			}
		}
	}
	return nil
}

// missingInHTML tells what an HTML part lacks, or has and must not have.
func (s Sample) missingInHTML(part string) string {
	root, err := html.Parse(strings.NewReader(part))
	if err != nil {
		return "is no HTML: " + err.Error()
	}
	var links, words []string
	for node := range root.Descendants() {
		switch {
		case node.Type == html.TextNode && node.Parent.Data != "title" && node.Parent.Data != "style":
			words = append(words, node.Data)
		case slices.Contains([]string{"script", "iframe", "object", "embed", "form", "base"}, node.Data):
			return "has a <" + node.Data + ">, which mail programs take for an attack"
		case node.Data == "a":
			for _, a := range node.Attr {
				if a.Key == "href" {
					links = append(links, a.Val)
				}
			}
		}
	}
	for _, link := range s.links {
		if !slices.Contains(links, link) {
			return `lacks its link, <a href="{{.Link}}">, as it is, with nothing added`
		}
	}
	if !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, s.code) }) {
		return "lacks its code, {{.Code}}, in one piece"
	}
	return ""
}

// missingInText tells what a text part lacks.
func (s Sample) missingInText(part string) string {
	words := strings.Fields(part)
	for _, link := range s.links {
		if !slices.Contains(words, link) {
			return "lacks its link, {{.Link}}, as it is, with a space or the end of the line on both sides"
		}
	}
	if !strings.Contains(part, s.code) {
		return "lacks its code, {{.Code}}"
	}
	return ""
}
