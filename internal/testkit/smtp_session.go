package testkit

import (
	"encoding/base64"
	"strings"
)

func (c *conversation) hello(name, who string) error {
	if !helloLine.MatchString(who) {
		return refusal("501 5.5.4 not a domain or an address literal: " + who)
	}
	c.greeted, c.who, c.from, c.to = true, who, nil, nil
	if name == "HELO" {
		return c.answer(AtHello, who, "250 mail.test")
	}
	lines := []string{"mail.test", "8BITMIME", "ENHANCEDSTATUSCODES"}
	if c.offersTLS() {
		lines = append(lines, "STARTTLS")
	}
	if c.offersAuth() {
		lines = append(lines, "AUTH PLAIN")
	}
	last := len(lines) - 1
	return c.answer(AtHello, who, "250-"+strings.Join(lines[:last], "\r\n250-")+"\r\n250 "+lines[last])
}

func (c *conversation) offersTLS() bool { return c.server.options.TLS == StartTLS && !c.secure }

func (c *conversation) offersAuth() bool { return c.server.options.WithAuth && !c.offersTLS() }

func (c *conversation) startTLS() error {
	if !c.greeted || !c.offersTLS() {
		return refusal("503 5.5.1 STARTTLS is not offered")
	}
	if err := c.reply("220 2.0.0 go ahead"); err != nil {
		return err
	}
	if c.in.Buffered() > 0 { // would count as sent inside of TLS
		return errOver
	}
	c.useTLS(c.conn)
	return nil
}

func (c *conversation) auth(how string) error {
	mechanism, response, given := strings.Cut(how, " ")
	if !c.greeted || !c.offersAuth() || mechanism != "PLAIN" {
		return refusal("504 5.5.4 this way to sign in is not offered")
	}
	if !given {
		if err := c.reply("334 "); err != nil {
			return err
		}
		var err error
		if response, err = c.line(12288); err != nil { // RFC 4954, 4
			return err
		}
	}
	decoded, err := base64.StdEncoding.DecodeString(response)
	parts := strings.Split(string(decoded), "\x00")
	if err != nil || len(parts) != 3 {
		return refusal("501 5.5.2 not a response of PLAIN")
	}
	return c.answer(AtAuth, parts[1]+":"+parts[2], "235 2.7.0 welcome")
}
