package gate

import "testing"

func TestNoProtocolWithRequestsInItMayBeAllowed(t *testing.T) {
	for protocol, good := range map[string]bool{
		"websocket": true, "SPDY/3.1": true, "vpn.example/2": true,
		"h2c": false, "H2C": false, "h2": false, "HTTP/2.0": false, "TLS/1.0": false,
		"": false, "a b": false, "a,b": false, "a/": false, "/a": false, "a/b/c": false, "a\r\nb": false,
	} {
		if err := CheckUpgrade(protocol); (err == nil) != good {
			t.Errorf("%q: %v", protocol, err)
		}
	}
}
