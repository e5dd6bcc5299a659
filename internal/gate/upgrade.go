package gate

import (
	"fmt"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// CheckUpgrade checks a protocol that requests may switch to with the header Upgrade:
// a name, with or without a version, such as websocket or SPDY/3.1 (RFC 9110, section
// 7.8). HTTP itself is refused: within it, requests would reach the app that nobody
// looks at.
func CheckUpgrade(protocol string) error {
	name, version, versioned := strings.Cut(protocol, "/")
	if !httpguts.ValidHeaderFieldName(name) || versioned && !httpguts.ValidHeaderFieldName(version) {
		return fmt.Errorf("%q is not a protocol; write for example websocket or SPDY/3.1", protocol)
	}
	switch strings.ToLower(name) {
	case "h2c", "h2", "h3", "http", "tls":
		return fmt.Errorf("%s is not possible: requests inside it would pass the gate without a session", protocol)
	}
	return nil
}
