package view

import (
	"net/url"
	"regexp"
	"strings"
)

// TextPart is a piece of plain text; if Link is set, it is a link.
type TextPart struct {
	Text string
	Link string
}

var linkLike = regexp.MustCompile(`https?://[^\s<>"]+`)

// findLinks cuts a text into links and the text between them. Only links to this
// machine or to host count: a message may quote what a stranger typed.
func findLinks(content, host string) []TextPart {
	var parts []TextPart
	rest := content
	for {
		at := linkLike.FindStringIndex(rest)
		if at == nil {
			break
		}
		// A sentence may end right behind a link.
		link := strings.TrimRight(rest[at[0]:at[1]], `.,;:!?)]'`)
		end := at[0] + len(link)
		if at[0] > 0 {
			parts = append(parts, TextPart{Text: rest[:at[0]]})
		}
		part := TextPart{Text: link}
		if leadsHere(link, host) {
			part.Link = link
		}
		parts = append(parts, part)
		rest = rest[end:]
	}
	if rest != "" {
		parts = append(parts, TextPart{Text: rest})
	}
	return parts
}

func leadsHere(link, host string) bool {
	u, err := url.Parse(link)
	if err != nil || u.User != nil || strings.Contains(link, `\`) {
		return false
	}
	here := url.URL{Host: host}
	name := strings.ToLower(u.Hostname())
	return name == "localhost" || name != "" && name == strings.ToLower(here.Hostname())
}
