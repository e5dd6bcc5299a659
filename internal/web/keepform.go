package web

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// Bounds of a form of the app that the page of its refusal holds.
const (
	maxKeptForm   = 64 << 10 // bytes
	maxKeptFields = 1000
)

// keepForm reads a form of the app that came without a session, so that the page about it
// can send it again. It is a form of this site, and was sent as most forms are; nothing of
// another is read or shown. Ours are not kept: they were read before the session was looked for.
func (d *Door) keepForm(c *call, uri string) (fields []view.FormField, kept bool) {
	if c.r.Method != http.MethodPost || !fromOwnPage(c) || gate.ReturnTo(uri) != uri || gate.IsOwnPath(uri) {
		return nil, false
	}
	body, status := readBody(c, "application/x-www-form-urlencoded", maxKeptForm)
	if status != 0 {
		return nil, false
	}
	return parseFields(string(body))
}

// parseFields reads the fields of a form in their order.
func parseFields(body string) (fields []view.FormField, ok bool) {
	for pair := range strings.SplitSeq(body, "&") {
		if pair == "" {
			continue
		}
		written, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(written)
		value, err2 := url.QueryUnescape(value)
		if err != nil || err2 != nil || !utf8.ValidString(name+value) || strings.Contains(name+value, "\x00") || len(fields) == maxKeptFields {
			return nil, false
		}
		fields = append(fields, view.FormField{Name: name, Value: value})
	}
	return fields, true
}
