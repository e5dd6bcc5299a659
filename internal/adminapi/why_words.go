package adminapi

import (
	"fmt"
	"strings"
)

// Words say how the entry covers somebody.
func (c Cover) Words() string {
	if group, isGroup := strings.CutPrefix(c.Entry, "group:"); isGroup && c.Mailbox {
		return fmt.Sprintf("%s covers them: another address of their mailbox is in %s", c.Entry, group)
	} else if isGroup {
		return fmt.Sprintf("%s covers them: they are in %s by the %s", c.Entry, group, c.By)
	}
	if c.Mailbox {
		return c.Entry + " covers them: it is the same mailbox"
	}
	return c.Entry + " covers them"
}

// maxEntries is how many entries of a rule are shown.
const maxEntries = 10

// Refusal says why the block does not admit somebody.
func (b Block) Refusal() string {
	switch {
	case b.Problem != "":
		return "its matcher fails, so it lets nobody in: " + b.Problem
	case len(b.Denied) > 0:
		var entries []string
		for _, cover := range b.Denied {
			entries = append(entries, "deny "+cover.Words())
		}
		return strings.Join(entries, ", ")
	case len(b.Allow) == 0:
		return "it allows nobody but the people whom an owner lets in"
	}
	list := strings.Join(b.Allow[:min(len(b.Allow), maxEntries)], " ")
	if more := len(b.Allow) - maxEntries; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return "nothing in allow covers them: allow " + list
}
