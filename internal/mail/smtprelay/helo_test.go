package smtprelay

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func TestANameForOurselvesIsAFullOne(t *testing.T) {
	for name, want := range map[string]bool{
		"gate.example.com": true, "GATE.Example.com": true, "a-b.example": true, "xn--bcher-kva.example": true,
		"": false, "gate": false, "localhost": false, "gate_1.example.com": false, "gate.example.com.": false, ".example.com": false,
		"a b.example.com": false, "gate..example.com": false, "-a.example.com": false, "bücher.example": false, "192.0.2.1": false, "[192.0.2.1]": false,
		"gate.example.com\r\nMAIL FROM:<a@example.com>": false, strings.Repeat("a.", 127) + "example": false,
	} {
		if err := CheckHelo(name); (err == nil) != want {
			t.Errorf("%q: %v", name, err)
		}
		_, err := New(Config{Addr: "smtp.example.com:587", Helo: name})
		if (err == nil) != (want || name == "") {
			t.Errorf("helo %q: %v", name, err)
		}
		full := fullName(name, nil)
		if want && full != name || !want && full != "" {
			t.Errorf("a machine named %q is called %q", name, full)
		}
	}
	if name := fullName("gate.example.com", errors.New("no")); name != "" {
		t.Errorf("a machine that does not know its name is called %q", name)
	}
}

func TestTheServerIsToldOurName(t *testing.T) {
	for _, tc := range []struct{ configured, machine, want string }{
		{"gate.example.org", "vm.example.net", "gate.example.org"},
		{"", "vm.example.net", "vm.example.net"},
		{"", "vm", "example.com"}, // the domain of the sender
	} {
		told := make(chan string, 2)
		s := testkit.ServeMail(t, testkit.MailOptions{Conduct: func(at testkit.MailStep, about string) string {
			if at == testkit.AtHello {
				told <- about
			}
			return ""
		}})
		r, err := New(Config{Addr: s.Address, TLS: NoTLS, Helo: tc.configured})
		if err != nil {
			t.Fatal(err)
		}
		if tc.configured == "" {
			r.config.Helo = fullName(tc.machine, nil)
		}
		if _, err := r.Send(within(t), message()); err != nil {
			t.Fatal(err)
		}
		if err := r.Check(within(t), mail.Mailbox{Address: "sign-in@example.com"}); err != nil {
			t.Fatal(err)
		}
		if first, second := <-told, <-told; first != tc.want || second != tc.want {
			t.Errorf("helo %q on a machine named %q: the server was told %q and %q, want %q", tc.configured, tc.machine, first, second, tc.want)
		}
	}
}

func TestAuthoritiesAreReadFromAFile(t *testing.T) {
	folder := t.TempDir()
	certificate, err := testkit.NewCertificate()
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, content []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pool, err := ReadAuthorities(write("ca.pem", certificate.PEM))
	if err != nil || !pool.Equal(certificate.Roots) {
		t.Errorf("got %v", err)
	}
	for path, want := range map[string]string{
		"ca.pem":                               "not an absolute path",
		filepath.Join(folder, "missing.pem"):   "no such file",
		folder:                                 "is a directory",
		write("empty.pem", nil):                "no certificate in it",
		write("key.pem", certificate.KeyPEM):   "no certificate in it",
		write("text.pem", []byte("nonsense!")): "no certificate in it",
	} {
		if _, err := ReadAuthorities(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
