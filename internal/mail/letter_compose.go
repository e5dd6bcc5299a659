package mail

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/templates"
)

// The kinds of letter. Each is the name of a pair of templates, which say what
// stands between the head and the foot that all letters share, and a function
// that makes their words.
const (
	signInKind  = "sign-in"
	offerKind   = "offer"
	approveKind = "approve"
	proofKind   = "proof"
	movedKind   = "moved"
)

var kinds = []string{signInKind, offerKind, approveKind, proofKind, movedKind}

// Composer writes letters from one sender. It is safe for concurrent use.
type Composer struct {
	from      Mailbox
	templates templates.Set[templatePair] // by kind
}

// NewComposer makes a Composer that signs as from. Templates in the folder
// mail of overrides, which may be nil, stand in for built-in ones of the same
// name; docs/templates.md lists the names and the rules. It fails on templates
// with which some letter could not be written, or would lack its link or code:
// each is tried in all states and languages. Those errors begin with file and,
// where it is known, line.
func NewComposer(from Mailbox, overrides fs.FS) (*Composer, error) {
	own, err := readOwn(overrides)
	if err != nil {
		return nil, err
	}
	parsed, err := templates.NewSet(own, kinds, func(kind string) (templatePair, error) { return parsePair(kind, own) })
	if err != nil {
		return nil, err
	}
	c := &Composer{from: from, templates: parsed}
	if err := c.try(own); err != nil {
		return nil, err
	}
	return c, nil
}

// words is what templates are filled with.
type words interface {
	common() letterWords
}

// write makes a message of one kind. Without an id it makes one.
func (c *Composer) write(kind string, n Notice, w words) (Message, error) {
	pair, err := c.templates[kind]()
	if err != nil {
		return Message{}, err
	}
	var plain, rich bytes.Buffer
	if err := pair.text.ExecuteTemplate(&plain, "layout", w); err != nil {
		return Message{}, fmt.Errorf("its text: %w", err)
	}
	if err := pair.html.ExecuteTemplate(&rich, "layout", w); err != nil {
		return Message{}, fmt.Errorf("its HTML: %w", err)
	}
	if n.ID == "" {
		n.ID = NewID()
	}
	m := Message{
		ID: n.ID, From: c.from, To: n.To,
		Subject:  w.common().Subject,
		Text:     strings.TrimSpace(plain.String()) + "\n",
		HTML:     strings.TrimSpace(rich.String()) + "\n",
		Language: w.common().Language,
	}
	return m, m.Check()
}
