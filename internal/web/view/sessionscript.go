package view

import (
	_ "embed" // the script
	"encoding/json"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/text"
)

//go:embed assets/session.js
var sessionScriptSource string

var sessionScriptBody = condense(sessionScriptSource)

// SessionScript returns the script that pages of the app may have, with its words in a
// language. It has at most 2 KiB.
func SessionScript(lang *text.Language) []byte {
	return []byte(strings.NewReplacer(
		"SIGNED_OUT", quoted(lang.Say("renew.signed_out")+" "), "GO_ON", quoted(lang.Say("signin.go_on")),
	).Replace(sessionScriptBody))
}

// quoted is a text as a string of JavaScript.
func quoted(s string) string {
	written, err := json.Marshal(s)
	if err != nil {
		panic("writing a string: " + err.Error()) // it is always possible
	}
	return string(written)
}
