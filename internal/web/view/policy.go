package view

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
)

// contentSecurityPolicy leaves out form-action: browsers apply it to redirects too, and
// an app may redirect to another host right after the sign-in.
func contentSecurityPolicy(logoOrigin string, styles ...string) string {
	var hashes string
	for _, style := range slices.Compact(styles) {
		sum := sha256.Sum256([]byte(style))
		hashes += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	images := "'self' data:"
	if logoOrigin != "" {
		images += " " + logoOrigin
	}
	return "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; script-src 'self'; " +
		"style-src" + hashes + "; connect-src 'self'; img-src " + images
}

// ContentSecurityPolicy is the value of that header for every page except Mailbox.
func (v *Views) ContentSecurityPolicy() string { return v.policy }

// MailboxPolicy is the Content-Security-Policy of the page Mailbox, which
// shows each message in a sandboxed frame of its own.
func (v *Views) MailboxPolicy() string { return v.policy + "; frame-src 'self'" }
