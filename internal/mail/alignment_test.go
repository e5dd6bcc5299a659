package mail_test

import (
	"testing"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

func TestDomainsOfOneOrganizationAreAligned(t *testing.T) {
	for _, c := range []struct {
		from, signing string
		want          bool
	}{
		{"example.com", "example.com", true}, {"example.com", "mg.example.com", true}, {"a.example.com", "b.Example.COM", true}, {"example.co.uk", "mg.example.co.uk", true},
		{"example.com", "example.org", false}, {"a.co.uk", "b.co.uk", false}, {"example.com", "notexample.com", false}, {"localhost", "localhost", true}, {"localhost", "example.com", false},
	} {
		if got := mail.AreAligned(c.from, c.signing); got != c.want || mail.AreAligned(c.signing, c.from) != c.want {
			t.Errorf("%s and %s are aligned: %v, want %v", c.from, c.signing, got, c.want)
		}
	}
}
