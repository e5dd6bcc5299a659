package testkit

import (
	"encoding/base64"
	"errors"
	"regexp"
	"slices"
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
		lines = append(lines, "AUTH "+strings.Join(c.server.options.Auth, " "))
	}
	last := len(lines) - 1
	return c.answer(AtHello, who, "250-"+strings.Join(lines[:last], "\r\n250-")+"\r\n250 "+lines[last])
}

func (c *conversation) offersTLS() bool { return c.server.options.TLS == StartTLS && !c.secure }

func (c *conversation) offersAuth() bool { return len(c.server.options.Auth) > 0 && !c.offersTLS() }

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
	if !c.greeted || !c.offersAuth() || !slices.Contains(c.server.options.Auth, mechanism) {
		return refusal("504 5.5.4 this way to sign in is not offered")
	}
	if !given {
		var err error
		if response, err = c.challenge(""); err != nil {
			return err
		}
	}
	decoded, err := base64.StdEncoding.DecodeString(response)
	if err != nil {
		return refusal("501 5.5.2 not base64")
	}
	if mechanism == "XOAUTH2" {
		return c.xoauth2(string(decoded))
	}
	parts := strings.Split(string(decoded), "\x00")
	if len(parts) != 3 {
		return refusal("501 5.5.2 not a response of PLAIN")
	}
	return c.answer(AtAuth, parts[1]+":"+parts[2], "235 2.7.0 welcome")
}

// challenge asks for something more, and returns the answer as it came.
func (c *conversation) challenge(text string) (string, error) {
	if err := c.reply("334 " + base64.StdEncoding.EncodeToString([]byte(text))); err != nil {
		return "", err
	}
	return c.line(12288) // RFC 4954, 4
}

var tokenResponse = regexp.MustCompile(`^user=([^\x01]+)\x01auth=Bearer ([A-Za-z0-9._~+/-]+=*)\x01\x01$`)

// xoauth2 refuses a token as Google and Microsoft do: with a challenge that says why, and a
// reply after the client's empty answer.
func (c *conversation) xoauth2(response string) error {
	parts := tokenResponse.FindStringSubmatch(response)
	if parts == nil {
		return refusal("501 5.5.2 not a response of XOAUTH2")
	}
	err := c.answer(AtAuth, parts[1]+":"+parts[2], "235 2.7.0 welcome")
	if refused := (refusal)(""); !errors.As(err, &refused) || !strings.HasPrefix(string(refused), "535") {
		return err
	}
	empty, broken := c.challenge(`{"status":"401","schemes":"Bearer","scope":"https://mail.example.com/"}`)
	switch {
	case broken != nil:
		return broken
	case empty != "":
		return refusal("501 5.5.2 the answer to an error is empty")
	}
	return err
}
