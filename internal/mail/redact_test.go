package mail

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"strings"
	"testing"
)

func TestRedactLeavesNothingPrivateInAForeignText(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"an address in brackets", "5.1.1 <alice@example.com>: unknown user", "5.1.1 <(address)>: unknown user"},
		{"an address after to=", "to=alice@example.com refused", "to=(address) refused"},
		{"an encoded address", "GET /u/alice%40example.com failed", "GET (address) failed"},
		{"a link", "blocked URL https://a.example/link#token here", "blocked URL (link) here"},
		{"a link without its scheme", "blocked a.example/link#token", "blocked (link)"},
		{"a secret", "key key-123 is wrong", "key *** is wrong"},
		{"line breaks and escapes", "one\r\ntwo\x1b[31m", "one two [31m"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Redact(tc.in, "key-123", ""); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	if got := Redact(strings.Repeat("ä", 5000)); len(got) > maxDetail+len("…") {
		t.Errorf("a long text is %d bytes", len(got))
	}
}

func TestRedactErrorCanBeRecognisedButNotRead(t *testing.T) {
	err := RedactError(fmt.Errorf("rcpt alice@example.com: %w", context.DeadlineExceeded))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error("the cause is not recognised")
	}
	if errors.Unwrap(err) != nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), "alice") {
		t.Error("the address can be read")
	}
	if RedactError(nil) != nil {
		t.Error("no error became an error")
	}
}

func TestAReplyOfSeveralLinesIsToldInItsOwnWordsWithoutSecrets(t *testing.T) {
	reply := &textproto.Error{Code: 550, Msg: "5.1.1 mx \"said\":\n554 no s\"ä\\1, s\"ä\\1-more"}
	if got, want := RedactError(fmt.Errorf("sending: %w", reply), `s"ä\1`, `s"ä\1-more`).Error(), `sending: 550 5.1.1 mx "said": 554 no ***, ***`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := Redact(fmt.Sprintf("malformed: %q", `is s"\1`), `s"\1`); got != `malformed: "is ***"` {
		t.Errorf("what is quoted is told as %s", got)
	}
}

func TestIsLoopbackIsThisMachineOnly(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"app.localhost": false, "localhost.example.com": false, "10.0.0.1": false, "": false, "0.0.0.0": false,
	} {
		if got := IsLoopback(host); got != want {
			t.Errorf("%q: got %v", host, got)
		}
	}
}
