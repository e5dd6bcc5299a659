package mail

import (
	"strings"
	"testing"
)

func TestParseMailboxReadsWhatOperatorsWrite(t *testing.T) {
	for _, tc := range []struct{ name, in, wantName, wantAddress, wantString string }{
		{"a bare address", "sign-in@example.com", "", "sign-in@example.com", "sign-in@example.com"},
		{"a name and an address", "Example <sign-in@example.com>", "Example", "sign-in@example.com", `"Example" <sign-in@example.com>`},
		{"a quoted name with a comma", `"Example, Inc." <a@b.example>`, "Example, Inc.", "a@b.example", `"Example, Inc." <a@b.example>`},
		{"a name beyond ASCII", "Bäckerei <a@b.example>", "Bäckerei", "a@b.example", "=?utf-8?q?B=C3=A4ckerei?= <a@b.example>"},
		{"a host without a dot", "doorpost@localhost", "", "doorpost@localhost", "doorpost@localhost"},
		{"an international domain in ASCII", "a@xn--bcher-kva.example", "", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			box, err := ParseMailbox(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			if box.Name != tc.wantName || box.Address != tc.wantAddress || box.String() != tc.wantString {
				t.Errorf("got %+v, as text %s", box, box)
			}
		})
	}
}

func TestParseMailboxRefusesAndSaysWhatIsWrong(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"nothing", "  ", "it is empty"},
		{"a line break", "a@example.com\r\nBcc: b@example.com", "line break"},
		{"a line break in a name", "\"a\nb\" <a@example.com>", "line break"},
		{"two addresses", "a@example.com, b@example.com", "2 addresses"},
		{"an international domain", "a@bücher.example", "xn--"},
		{"a local part beyond ASCII", "jörg@example.com", "not ASCII"},
		{"a quoted local part", `"a b"@example.com`, "malformed"},
		{"an address literal", "a@[127.0.0.1]", "malformed"},
		{"no address", "Example", "want one address"},
		{"a domain that starts with a dash", "a@-example.com", "malformed"},
		{"a very long address", strings.Repeat("a", 250) + "@example.com", "longer than 254"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			box, err := ParseMailbox(tc.in)
			if err == nil {
				t.Fatalf("accepted as %+v", box)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %q does not say %q", err, tc.want)
			}
		})
	}
}

func validMessage() Message {
	return Message{
		ID: NewID(), From: Mailbox{"Example", "sign-in@example.com"}, To: "alice@example.org",
		Subject: "Sign in to Example", Text: "text\n", HTML: "<p>html</p>\n", Language: "en",
	}
}

func TestCheckLetsNoMistakeReachAMailer(t *testing.T) {
	if err := validMessage().Check(); err != nil {
		t.Fatalf("a valid message is refused: %v", err)
	}
	for _, tc := range []struct {
		name  string
		spoil func(*Message)
	}{
		{"no id", func(m *Message) { m.ID = "" }},
		{"an id that leaves the header", func(m *Message) { m.ID = "a>\r\nBcc: x" }},
		{"two recipients", func(m *Message) { m.To = "a@example.com,b@example.com" }},
		{"a recipient with a name", func(m *Message) { m.To = "A <a@example.com>" }},
		{"a recipient with a line break", func(m *Message) { m.To = "a@example.com\n" }},
		{"no recipient", func(m *Message) { m.To = "" }},
		{"a subject with a line break", func(m *Message) { m.Subject = "a\r\nBcc: b@example.com" }},
		{"no subject", func(m *Message) { m.Subject = "" }},
		{"a sender with a line break in the name", func(m *Message) { m.From.Name = "a\r\nb" }},
		{"no sender", func(m *Message) { m.From = Mailbox{} }},
		{"replies to two", func(m *Message) { m.ReplyTo = "a@example.com,b@example.com" }},
		{"replies with a line break", func(m *Message) { m.ReplyTo = "a@example.com\r\nBcc: b@example.com" }},
		{"no text", func(m *Message) { m.Text = "" }},
		{"no HTML", func(m *Message) { m.HTML = "" }},
		{"an unknown language", func(m *Message) { m.Language = "en\r\nX: y" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := validMessage()
			tc.spoil(&m)
			if err := m.Check(); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestMessageIDIsUnguessableAndAtTheSendersDomain(t *testing.T) {
	seen := make(map[string]bool)
	for range 100 {
		id := NewID()
		if len(id) != 26 || strings.ToLower(id) != id || seen[id] {
			t.Fatalf("bad id %q", id)
		}
		seen[id] = true
	}
	m := validMessage()
	m.ID = "abc"
	if got := m.MessageID(); got != "<abc@example.com>" {
		t.Errorf("got %s", got)
	}
}
