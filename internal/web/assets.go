package web

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// script serves the one script. Its path changes with its content, so that caches
// may keep it for good. It has no secrets, so it may be compressed; pages may not: they
// have what a visitor chose beside what others must not learn (BREACH).
func (d *Door) script(c *call) {
	_, body := view.Script()
	header := c.w.Header()
	secure(header, noPagePolicy)
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Add("Vary", "Accept-Encoding")
	if acceptsGzip(c.r.Header) {
		header.Set("Content-Encoding", "gzip")
		body = view.CompressedScript()
	}
	c.write(http.StatusOK, body)
}

func acceptsGzip(header http.Header) bool {
	for accepted := range strings.SplitSeq(strings.Join(header.Values("Accept-Encoding"), ","), ",") {
		name, quality, _ := strings.Cut(strings.ReplaceAll(accepted, " ", ""), ";")
		if strings.EqualFold(name, "gzip") {
			return strings.Trim(strings.TrimPrefix(strings.ToLower(quality), "q="), "0.") != "" || quality == ""
		}
	}
	return false
}

// mailPolicy is the content security policy of a message in the demo's mailbox. Unlike
// our pages, a message has style attributes. It runs no script, and only our own
// mailbox page may frame it.
const mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'self'; form-action 'none'"

// mailbox shows the demo's messages. It exists with the console mailer only, and only
// for visitors at this machine.
func (d *Door) mailbox(c *call) {
	if !c.origin.IsLoopback() || !c.client.Unmap().IsLoopback() {
		d.problem(c, http.StatusNotFound)
		return
	}
	received := d.Mailbox.Messages()
	if id := c.r.URL.Query().Get("message"); id != "" {
		for _, m := range received {
			if m.Message.ID == id {
				d.mailboxMessage(c, m.Message.HTML)
				return
			}
		}
		d.problem(c, http.StatusNotFound)
		return
	}
	p := view.Mailbox{Frame: frame(c)}
	for _, m := range received {
		p.Messages = append(p.Messages, view.MailboxMessage{
			ID: m.Message.ID, At: m.At, From: m.Message.From.String(), To: m.Message.To, Subject: m.Message.Subject, Text: m.Message.Text, HTML: m.Message.HTML,
		})
	}
	d.showWithPolicy(c, http.StatusOK, p, d.Views.MailboxPolicy())
}

func (d *Door) mailboxMessage(c *call, html string) {
	header := c.w.Header()
	secure(header, mailPolicy)
	header.Set("X-Frame-Options", "SAMEORIGIN")
	header.Set("Content-Type", "text/html; charset=utf-8")
	// A link in a message opens in the window: not in its frame, nor in a new
	// one, which the frame may not open.
	html = strings.Replace(html, "<head>", `<head><base target="_top">`, 1)
	html = strings.ReplaceAll(html, ` target="_blank"`, "")
	c.write(http.StatusOK, bytes.TrimSpace([]byte(html)))
}
