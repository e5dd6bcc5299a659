package signin_test

import (
	"testing"

	"github.com/doorpost-auth/doorpost/internal/signin"
)

func TestAWildcardStandsForEachOfItsHosts(t *testing.T) {
	g := signin.Guard{Required: []string{"*.example.com", "login.example.org"}}
	for rpID, want := range map[string]bool{
		"app.example.com": true, "wiki.example.com": true, "login.example.org": true,
		"example.com": false, "a.b.example.com": false, ".example.com": false, "app.example.org": false, "badexample.com": false, "": false,
	} {
		if got := g.Requires(rpID); got != want {
			t.Errorf("%q: %v, want %v", rpID, got, want)
		}
	}
}
