package post

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/text"
)

const origin = "https://app.example.com"

func newWriter(t *testing.T) Writer {
	t.Helper()
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	from, err := mail.ParseMailbox("Doorpost <sign-in@example.com>")
	if err != nil {
		t.Fatal(err)
	}
	composer, err := mail.NewComposer(from, nil)
	if err != nil {
		t.Fatal(err)
	}
	languages, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	return Writer{Composer: composer, Sealer: outbox.NewSealer(ring), Languages: languages, Brand: func(gate.Origin) Brand { return Brand{Name: "Example Ltd"} }}
}

// promised is a message of a kind whose link has the token "the-token".
func promised(t *testing.T, w Writer, kind outbox.Kind) outbox.Message {
	t.Helper()
	return about(t, w, kind, "")
}

// about is such a message about a site that has its pages elsewhere.
func about(t *testing.T, w Writer, kind outbox.Kind, site string) outbox.Message {
	t.Helper()
	now := time.Now()
	content, err := json.Marshal(signin.Promise{
		Token: "the-token", Code: "ABCD-2345", Asked: now, Expires: now.Add(10 * time.Minute), Person: "bob@example.com", New: "bo@example.com", Change: string(account.Move),
		Site: site,
	})
	if err != nil {
		t.Fatal(err)
	}
	m := outbox.Message{ID: mail.NewID(), Kind: kind, To: "alice@example.com", Origin: origin, Created: now}
	m.Sealed = w.Sealer.Seal(m, content)
	return m
}

func TestEachKindOfMessageLeadsToItsPage(t *testing.T) {
	w := newWriter(t)
	pages := map[outbox.Kind]string{
		outbox.SignIn: "/link", outbox.Invite: "/link", outbox.Approved: "/link", outbox.Offer: "/ask", outbox.Approve: "/decide",
		outbox.Confirm: "", outbox.Proof: "", outbox.Changed: "", outbox.Recovered: "", outbox.NewBrowser: "/account",
	}
	for kind, page := range pages {
		m := promised(t, w, kind)
		written, err := w.Write(m)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		link := origin + "/_doorpost" + page + "#the-token"
		if kind == outbox.NewBrowser {
			link = strings.TrimSuffix(link, "#the-token") + "\n"
		}
		if page != "" && !strings.Contains(written.Text, link) {
			t.Errorf("a message of the kind %s does not lead to %s:\n%s", kind, link, written.Text)
		}
		if written.ID != m.ID || written.To != "alice@example.com" || !strings.Contains(written.Text, "Example Ltd") {
			t.Errorf("a message of the kind %s is %+v", kind, written)
		}
		if of, _ := mail.KindOf(kind); of.Words == string(kind) {
			t.Errorf("operators are told no more of the kind %s than its name", kind)
		}
	}
}

func TestTheLastLineOfAMessageWithACodeNamesTheHostWhereItIsTyped(t *testing.T) {
	w := newWriter(t)
	for _, kind := range []outbox.Kind{outbox.SignIn, outbox.Confirm, outbox.Proof} {
		for _, m := range []outbox.Message{promised(t, w, kind), about(t, w, kind, "https://behind.example.net:8443")} {
			written, err := w.Write(m)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(written.Text, "\n\n@app.example.com #ABCD-2345\n") {
				t.Errorf("a message of the kind %s ends otherwise:\n%s", kind, written.Text)
			}
		}
	}
}

func TestAMessageThatCannotBeWrittenSaysWhy(t *testing.T) {
	w := newWriter(t)
	unknown := promised(t, w, "greeting")
	moved := promised(t, w, outbox.SignIn)
	moved.To = "mallory@example.com"
	nowhere := promised(t, w, outbox.SignIn)
	nowhere.Origin = "nowhere"
	for says, m := range map[string]outbox.Message{`does not know the kind "greeting"`: unknown, "not sealed": moved, "nowhere": nowhere} {
		if _, err := w.Write(m); err == nil || !strings.Contains(err.Error(), says) || !strings.HasPrefix(err.Error(), "writing a message: ") {
			t.Errorf("the error is %v, want %q in it", err, says)
		}
	}
	if unknown, ok := mail.KindOf("greeting"); ok || unknown.Words != "greeting" {
		t.Errorf("a kind that is not known is called %q", unknown.Words)
	}
}
