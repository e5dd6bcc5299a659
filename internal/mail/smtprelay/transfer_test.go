package smtprelay

import (
	"bytes"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/address"
)

// What the rules let pass is what stands in the header, letter for letter, and
// there is nothing that the rules let pass and that cannot be sent.
func FuzzTheHeaderNamesTheOneRecipient(f *testing.F) {
	for _, typed := range []string{
		"alice@example.com", "O'Brien+Tag@Mail.Example.ORG", "#$&'*+-/=?^_`{|}~@a-b.example", "a@xn--bcher-kva.example", "a=?b?=@example.com", "--@example.com",
		strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 90) + "cc", "a@" + strings.Repeat("b", 63) + ".example",
	} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		to, err := address.Parse(typed)
		if err != nil {
			return
		}
		m := message()
		m.To = string(to)
		if err := m.Check(); err != nil {
			t.Fatalf("%q is an address, and cannot be sent to: %v", to, err)
		}
		var written bytes.Buffer
		if _, err := newEnvelope(m).WriteTo(&written); err != nil {
			t.Fatal(err)
		}
		read, err := netmail.ReadMessage(&written)
		if err != nil {
			t.Fatal(err)
		}
		list, err := read.Header.AddressList("To")
		if err != nil || len(list) != 1 || list[0].Address != string(to) || list[0].Name != "" || len(read.Header["To"]) != 1 {
			t.Fatalf("the message for %q says To: %q (%v)", to, read.Header["To"], err)
		}
		if others := len(read.Header["Cc"]) + len(read.Header["Bcc"]); others != 0 {
			t.Fatalf("the message for %q has %d more headers with recipients", to, others)
		}
	})
}
