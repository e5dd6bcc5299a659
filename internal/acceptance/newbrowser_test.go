package acceptance

import (
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// toldOfNewBrowsers waits until somebody has been told of so many new browsers, and returns
// the last message.
func (s *mailServer) toldOfNewBrowsers(address string, times int) message {
	s.t.Helper()
	if !testkit.HoldsWithin(patience, func() bool { return len(s.receivedOf(address, true)) >= times }) {
		s.t.Fatalf("%s was told of %d new browsers within %v, want %d", address, len(s.receivedOf(address, true)), patience, times)
	}
	told := s.receivedOf(address, true)
	if len(told) != times {
		s.t.Fatalf("%s was told of %d new browsers, want %d", address, len(told), times)
	}
	return told[times-1]
}

func TestSomebodyIsToldOfASignInInANewBrowser(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	first := enter(t, g, "ada@example.com")
	second := enter(t, g, "ada@example.com")
	m := g.mail.toldOfNewBrowsers("ada@example.com", 1)
	m.check(t, "ada@example.com")
	if m.code != "" || m.token != "" || !slices.Contains(strings.Fields(m.text), g.origin+"/_doorpost/account") {
		t.Errorf("the message has a code or a token, or does not lead to the account: %s", m.text)
	}
	for _, v := range []*visitor{first, second} { // in which she has signed in before
		v.ask("ada@example.com", "/")
		v.redeem(g.mail.await("ada@example.com"), "/")
	}
	enter(t, g, "bob@example.com")
	enter(t, g, "ada@example.com")
	g.mail.toldOfNewBrowsers("ada@example.com", 2)
	if told := g.mail.receivedOf("bob@example.com", true); len(told) != 0 {
		t.Errorf("somebody is told of the first browser: %s", told[0].text)
	}
	// The link leads to where all of it can be ended.
	first.open("/_doorpost/account").says(t, "Sign out everywhere else")
}

func TestNobodyIsToldOfNewBrowsersWhereThatIsOff(t *testing.T) {
	t.Parallel()
	g := start(t, setup{global: "notify_new_browser off"})
	for range 3 {
		enter(t, g, "ada@example.com").isIn("ada@example.com")
	}
	g.visitor().ask("ada@example.com", "/")
	g.mail.await("ada@example.com") // whatever was kept before it has been sent
	if told := g.mail.receivedOf("ada@example.com", true); len(told) != 0 {
		t.Errorf("somebody is told: %s", told[0].text)
	}
}
