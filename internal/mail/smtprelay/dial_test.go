package smtprelay

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func TestClearTextGoesToThisMachineOrToAPrivateNetworkAlone(t *testing.T) {
	for addr, want := range map[string]struct{ off, private bool }{
		"127.0.0.1:25":            {true, true},
		"127.9.9.9:25":            {true, true},
		"[::1]:25":                {true, true},
		"[::ffff:127.0.0.1]:25":   {true, true},
		"10.0.0.1:25":             {false, true},
		"172.16.0.1:25":           {false, true},
		"172.31.255.255:25":       {false, true},
		"192.168.1.1:25":          {false, true},
		"[fc00::1]:25":            {false, true},
		"[fd12:3456::1]:25":       {false, true},
		"[::ffff:10.0.0.1]:25":    {false, true},
		"172.32.0.1:25":           {},
		"100.64.0.1:25":           {},
		"169.254.1.1:25":          {},
		"[fe80::1%eth0]:25":       {},
		"[fec0::1]:25":            {},
		"0.0.0.0:25":              {},
		"[::]:25":                 {},
		"203.0.113.5:25":          {},
		"[2001:db8::1]:25":        {},
		"[::ffff:203.0.113.5]:25": {},
		"[64:ff9b::a00:1]:25":     {}, // NAT64
		"224.0.0.1:25":            {},
		"relay:25":                {},
	} {
		for private, want := range map[bool]bool{false: want.off, true: want.private} {
			r := &Relay{config: Config{TLS: NoTLS, Private: private}}
			if err := r.permit("tcp", addr, nil); (err == nil) != want || err != nil && !errors.Is(err, errClearText) {
				t.Errorf("private %v: %s: %v", private, addr, err)
			}
		}
	}
}

// A name is looked up when it is connected to: what counts is where it leads then.
func TestAServerInAPrivateNetworkIsCheckedAtEachConnection(t *testing.T) {
	s := (&server{withoutAuth: true}).start(t, testkit.NoTLS)
	_, port, _ := net.SplitHostPort(s.Address)
	r, err := New(Config{Addr: "localhost:" + port, TLS: NoTLS, Private: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Send(within(t), message()); err != nil {
		t.Fatal(err)
	}
	for _, private := range []bool{true, false} {
		r.host, r.config.Private = "203.0.113.5", private // as if the name led there now
		_, err = r.Send(within(t), message())
		failure, ok := errors.AsType[*mail.SendError](err)
		if !ok || !failure.Unauthorized || failure.Temporary || !strings.Contains(err.Error(), "203.0.113.5") || !strings.Contains(err.Error(), "use starttls or implicit") {
			t.Errorf("got %v", err)
		}
		if err := r.Check(within(t), message().From); err == nil || !strings.Contains(err.Error(), "203.0.113.5") {
			t.Errorf("the check says %v", err)
		}
	}
	if letters := s.Letters(); len(letters) != 1 {
		t.Errorf("%d messages came", len(letters))
	}
}
