package passkey_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/boltstore"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// fields are those of a body that say something, of its response first.
var fields = []string{"clientDataJSON", "authenticatorData", "signature", "userHandle", "attestationObject", "rawId", "id", "type"}

// mangled is a body with something in it changed; false if nothing that counts is.
func mangled(random *rand.Rand, body []byte) (string, bool) {
	switch random.IntN(5) {
	case 0: // garbage
		raw := make([]byte, random.IntN(400))
		for i := range raw {
			raw[i] = byte(random.Uint32())
		}
		return string(raw), true
	case 1: // cut short
		return string(body[:random.IntN(len(body)-1)]), true
	case 2: // with something behind it
		return string(body) + string(body), true
	}
	var parsed map[string]any
	if json.Unmarshal(body, &parsed) != nil {
		return "", false
	}
	field := fields[random.IntN(len(fields))]
	in := parsed
	if response := parsed["response"].(map[string]any); response[field] != nil {
		in = response
	}
	text, ok := in[field].(string)
	if !ok {
		return "", false
	}
	raw, _ := base64.RawURLEncoding.DecodeString(text)
	switch wrong := []any{nil, 7, true, []string{text}, map[string]string{"a": text}, "", text + "=A", text[:len(text)/2]}; random.IntN(3) {
	case 0:
		in[field] = wrong[random.IntN(len(wrong))]
	case 1:
		delete(in, field)
	default: // one bit, in what is signed; of a new passkey nothing is
		if len(raw) == 0 || field == "type" || strings.Contains(string(body), "attestationObject") {
			return "", false
		}
		raw[random.IntN(len(raw))] ^= 1 << random.IntN(8)
		in[field] = base64.RawURLEncoding.EncodeToString(raw)
	}
	edited, err := json.Marshal(parsed)
	return string(edited), err == nil
}

func TestAThousandWrongAnswersAreRefusedWriteNothingAndAreAuditedOnceEach(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doorpost.db")
	store, err := boltstore.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	d := newDeskOn(t, store)
	content := func() [32]byte {
		raw, err := os.ReadFile(file)
		d.must(err)
		return sha256.Sum256(raw)
	}
	m, browser := d.member(alice), signin.NewBrowser()
	a := &testkit.Authenticator{}
	d.add(m, a)
	creation := d.created(m, &testkit.Authenticator{})
	random := rand.New(rand.NewPCG(1, 2))
	before := content()
	asked, done := d.asked.Load(), 0
	for done < 1000 {
		use := random.IntN(2) == 0
		body := creation
		if use {
			body = d.signed(browser, a)
		}
		wrong, ok := mangled(random, body)
		if !ok {
			continue
		}
		done++
		d.lines.Reset()
		var err error
		if use {
			_, err = d.signIn(browser, []byte(wrong))
		} else {
			_, err = d.Add(t.Context(), d.site, d.party, m, []byte(wrong))
		}
		if !errors.Is(err, passkey.ErrMalformed) && !errors.Is(err, passkey.ErrRefused) || fault.KindOf(err) != fault.Invalid {
			t.Fatalf("%q made %v", wrong, err)
		}
		if log := d.lines.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, "msg=refused") || !strings.Contains(log, "proof=passkey") {
			t.Fatalf("%q is audited as %q", wrong, log)
		}
		if content() != before {
			t.Fatalf("%q wrote something", wrong)
		}
	}
	// What reaches the store is what only the signature or the credential shows to be wrong.
	if got := d.asked.Load() - asked; got == 0 || got > 400 {
		t.Errorf("of %d wrong answers %d reached the store", done, got)
	}
	if _, err := d.signIn(browser, d.signed(browser, a)); err != nil {
		t.Errorf("a right one after that: %v", err)
	}
	if _, err := d.Add(t.Context(), d.site, d.party, m, creation); err != nil {
		t.Errorf("a right one to add after that: %v", err)
	}
}

func TestAnAnswerThatIsTooLongIsNotRead(t *testing.T) {
	d := newDesk(t)
	a := &testkit.Authenticator{}
	d.add(d.member(alice), a)
	browser := signin.NewBrowser()
	body := d.edited(d.signed(browser, a), func(body, _ map[string]any) {
		body["clientExtensionResults"] = map[string]any{"x": strings.Repeat("x", passkey.MaxBody)}
	})
	d.lines.Reset()
	_, err := d.signIn(browser, body)
	d.wantRefused(err, passkey.Malformed)
}
