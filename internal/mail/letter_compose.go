package mail

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/templates"
)

// Composer writes letters from one sender. It is safe for concurrent use.
type Composer struct {
	from      Mailbox
	templates templates.Set[templatePair]
}

// NewComposer makes a Composer that sends as from. Templates in the folder mail of
// overrides, which may be nil, replace built-in ones of the same name;
// docs/templates.md lists the names and the rules. It fails if a letter with one of
// them could not be written, or would lack its link or code: each is tried in all
// states and languages. Those errors begin with the file and, if known, the line.
func NewComposer(from Mailbox, overrides fs.FS) (*Composer, error) {
	own, err := readOwn(overrides)
	if err != nil {
		return nil, err
	}
	parsed, err := templates.NewSet(own, templateNames(), func(name string) (templatePair, error) { return parsePair(name, own) })
	if err != nil {
		return nil, err
	}
	c := &Composer{from: from, templates: parsed}
	if err := c.try(own); err != nil {
		return nil, err
	}
	return c, nil
}

// endWith puts a last line below a text, if there is one.
func endWith(body, line string) string {
	if line == "" {
		return body
	}
	return body + "\n" + line
}

// compose makes a message of a letter from its templates and words.
func (c *Composer) compose(l Letter, template string, w letterWords) (Message, error) {
	pair, err := c.templates[template]()
	if err != nil {
		return Message{}, err
	}
	var plain, rich bytes.Buffer
	inText := w
	inText.Intro = w.introInText
	if err := pair.text.ExecuteTemplate(&plain, "layout", inText); err != nil {
		return Message{}, fmt.Errorf("its text: %w", err)
	}
	if err := pair.html.ExecuteTemplate(&rich, "layout", w); err != nil {
		return Message{}, fmt.Errorf("its HTML: %w", err)
	}
	if l.ID == "" {
		l.ID = NewID()
	}
	m := Message{
		ID: l.ID, From: c.from, To: l.To, ReplyTo: replyTo(l.Support),
		Subject:  w.Subject,
		Text:     endWith(strings.TrimSpace(plain.String())+"\n", l.boundCode()),
		HTML:     strings.TrimSpace(rich.String()) + "\n",
		Language: w.Language,
	}
	return m, m.Check()
}
