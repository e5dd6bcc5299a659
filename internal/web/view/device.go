package view

import "github.com/doorpost-auth/doorpost/internal/text"

// device names a browser and its system as far as they are known, or says
// the words of the key unknown.
func device(lang *text.Language, browser, system, unknown string) string {
	switch {
	case browser != "" && system != "":
		return lang.Say("device.both", "browser", browser, "system", system)
	case browser != "":
		return browser
	case system != "":
		return system
	}
	return lang.Say(unknown)
}
