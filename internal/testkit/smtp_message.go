package testkit

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
)

var (
	senderLine = regexp.MustCompile(`^FROM:<(` + mailbox + `)?>((?: [A-Z0-9]+=[!-<>-~]+)*)$`)
	toLine     = regexp.MustCompile(`^TO:<(` + mailbox + `)>$`)
)

func (c *conversation) sender(rest string) error {
	found := senderLine.FindStringSubmatch(rest)
	switch {
	case !c.greeted || c.from != nil:
		return refusal("503 5.5.1 MAIL comes once, after EHLO")
	case found == nil || tooLong(found[1]):
		return refusal("501 5.1.7 not a path in angle brackets: " + rest)
	}
	c.binary = false
	for option := range strings.FieldsSeq(found[2]) {
		if option != "BODY=8BITMIME" && option != "BODY=7BIT" {
			return refusal("555 5.5.4 not offered: " + option)
		}
		c.binary = option == "BODY=8BITMIME"
	}
	if err := c.answer(AtSender, found[1], "250 2.1.0 ok"); err != nil {
		return err
	}
	c.from = &found[1]
	return nil
}

func (c *conversation) recipient(rest string) error {
	found := toLine.FindStringSubmatch(rest)
	switch {
	case c.from == nil:
		return refusal("503 5.5.1 RCPT comes after MAIL")
	case found == nil || tooLong(found[1]):
		return refusal("501 5.1.3 not a path in angle brackets: " + rest)
	case !strings.ContainsAny(c.who, ".:"): // as Postfix says it, and when
		return refusal("504 5.5.2 <" + c.who + ">: Helo command rejected: need fully-qualified hostname")
	}
	if err := c.answer(AtRecipient, found[1], "250 2.1.5 ok"); err != nil {
		return err
	}
	c.to = append(c.to, found[1])
	return nil
}

// tooLong reports whether an address is longer than a path may be.
func tooLong(address string) bool {
	at := strings.LastIndexByte(address, '@')
	return at > 64 || len(address)-at-1 > 255 || len(address) > 254
}

func (c *conversation) data() error {
	if len(c.to) == 0 {
		return refusal("503 5.5.1 DATA comes after RCPT")
	}
	if err := c.answer(AtData, strings.Join(c.to, " "), "354 go on"); err != nil {
		return err
	}
	letter := Letter{From: *c.from, To: c.to}
	c.from, c.to = nil, nil
	var problem error
	var text bytes.Buffer
	for {
		line, err := c.line(maxText + 1) // a dot in front is not counted
		if line == "." && err == nil {
			break
		}
		if refused := (refusal)(""); err != nil && !errors.As(err, &refused) {
			return err // the client is gone
		}
		if err == nil && strings.HasPrefix(line, ".") && !strings.HasPrefix(line, "..") {
			err = refusal("554 5.6.0 a line that begins with a dot gets another in front")
		}
		if err == nil && !c.binary && strings.ContainsFunc(line, func(r rune) bool { return r > 0x7f }) {
			err = refusal("554 5.6.1 eight bits without BODY=8BITMIME")
		}
		problem = errors.Join(problem, err)
		text.WriteString(strings.TrimPrefix(line, ".") + "\r\n")
	}
	if refused := (refusal)(""); errors.As(problem, &refused) {
		return refused
	}
	letter.Raw = text.Bytes()
	return c.answer(AtDot, strings.Join(letter.To, " "), "250 2.0.0 queued", func() { c.server.take(letter) })
}
