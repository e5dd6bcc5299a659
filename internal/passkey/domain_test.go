package passkey

import "testing"

func TestPasskeysAreForTheSharedDomainOrTheHostAndForNoAddress(t *testing.T) {
	for host, isName := range map[string]bool{"localhost": true, "app.example.com": true, "*.example.com": true, "192.0.2.1": false, "::1": false} {
		if id, ok := Domain(host, ""); ok != isName || id != host {
			t.Errorf("%s: %q, %v", host, id, ok)
		}
		if id, ok := Domain(host, "example.com"); !ok || id != "example.com" {
			t.Errorf("%s, which shares a domain: %q, %v", host, id, ok)
		}
	}
}
