package acceptance

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"testing"
)

// message is a message as a mail program shows it.
type message struct {
	raw        []byte
	recipients []string // of the envelope
	header     mail.Header
	text, html string
	link       string // the first one, as it stands in the text; empty in notices, which have none
	page       string // where the link leads, below /_doorpost
	token      string // what the link carries
	code       string // empty in messages that have none

	ofNewBrowser bool // it tells of a sign-in in a browser that is new to its reader
}

// newBrowserSays is what such a message says in English.
const newBrowserSays = "in a browser that is new to us"

var (
	linkInText = regexp.MustCompile(`https?://[^\s"<>/]+/_doorpost(/[a-z/]+)#([a-z2-7]+)`)
	codeInText = regexp.MustCompile(`(?m)^([A-HJ-KM-NP-Z2-9]{4}-[A-HJ-KM-NP-Z2-9]{4})\r?$`)
)

// parseMessage reads a message with one text and one HTML part.
func parseMessage(raw []byte) (message, error) {
	m := message{raw: raw}
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m, fmt.Errorf("reading a message: %w", err)
	}
	m.header = parsed.Header
	kind, parameters, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return m, fmt.Errorf("a message is %q, not text and HTML side by side (%v)", kind, err)
	}
	parts := multipart.NewReader(parsed.Body, parameters["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			break
		} else if err != nil {
			return m, err
		}
		var body io.Reader = part
		switch strings.ToLower(part.Header.Get("Content-Transfer-Encoding")) {
		case "quoted-printable":
			body = quotedprintable.NewReader(part)
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, part)
		}
		content, err := io.ReadAll(body)
		if err != nil {
			return m, err
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			m.html = string(content)
		} else {
			m.text = string(content)
		}
	}
	return m, m.find()
}

// find finds link and code in the text.
func (m *message) find() error {
	m.ofNewBrowser = strings.Contains(strings.Join(strings.Fields(m.text), " "), newBrowserSays)
	link, code := linkInText.FindStringSubmatch(m.text), codeInText.FindStringSubmatch(m.text)
	if link == nil && !m.ofNewBrowser && strings.Contains(m.text+m.html, "://") {
		return fmt.Errorf("the text of a message has a link that is none of ours: %s", m.text)
	}
	if link != nil {
		m.link, m.page, m.token = link[0], link[1], link[2]
	}
	if code != nil {
		m.code = code[1]
	}
	return nil
}

// check checks what every message with a link has to have.
func (m message) check(t testing.TB, address string) {
	t.Helper()
	if to := m.header["To"]; len(to) != 1 || !strings.Contains(to[0], address) || strings.Contains(to[0], ",") {
		t.Errorf("To is %q, want %s alone", to, address)
	}
	for _, name := range []string{"Cc", "Bcc", "List-Unsubscribe-Post"} {
		if m.header.Get(name) != "" {
			t.Errorf("the message has %s: %s", name, m.header.Get(name))
		}
	}
	if m.header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("Auto-Submitted is %q", m.header.Get("Auto-Submitted"))
	}
	if m.code == "" && m.page == "/link" && strings.Contains(m.text, "code") {
		t.Errorf("the message speaks of a code and has none: %s", m.text)
	}
	if m.link != "" && !strings.Contains(m.html, `href="`+m.link+`"`) || !strings.Contains(m.html, m.code) {
		t.Errorf("the HTML part has not the link and code of the text part: %s", m.html)
	}
	if strings.Contains(m.html, "<img") || strings.Contains(m.html, "url(") {
		t.Error("the HTML part loads something from elsewhere")
	}
}
