package codec

import (
	"encoding/hex"
	"reflect"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/session"
)

func encoded(t *testing.T, record any) []byte {
	t.Helper()
	raw, err := Encode(record)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// What stands here is in files: other bytes would be another format.
func TestASessionIsKeptInTheseBytes(t *testing.T) {
	raw := encoded(t, Session{Expires: 1_700_000_000_000, Address: "a@example.com", Scope: "https://a", SignedIn: 1, Seen: 2, Device: Device{System: "Linux"}})
	const want = "a6" + "011b0000018bcfe56800" + "026d61406578616d706c652e636f6d" + "036968747470733a2f2f61" + "0401" + "0502" + "06a102654c696e7578"
	if got := hex.EncodeToString(raw); got != want {
		t.Errorf("it is\n%s, want\n%s", got, want)
	}
}

func TestARecordOfAnotherVersionIsRead(t *testing.T) {
	later := struct {
		Session
		Color string         `cbor:"900,keyasint"`
		More  map[string]int `cbor:"901,keyasint"`
	}{Session{Expires: 5, Address: "a@example.com"}, "green", map[string]int{"e": 1}}
	var s Session
	if err := Decode(encoded(t, later), &s); err != nil || !reflect.DeepEqual(s, later.Session) {
		t.Errorf("of a record that has more is read %+v, %v", s, err)
	}
	earlier := struct {
		Expires int64 `cbor:"1,keyasint"`
	}{5}
	s = Session{}
	if err := Decode(encoded(t, earlier), &s); err != nil || !reflect.DeepEqual(s, Session{Expires: 5}) {
		t.Errorf("of a record that has less is read %+v, %v", s, err)
	}
}

func TestWhatIsNotWholeIsNotRead(t *testing.T) {
	raw := encoded(t, PackMessage(outbox.Message{ID: "a", To: "a@example.com", Sealed: make([]byte, 300), Created: time.Now()}))
	for n := range raw {
		var m Message
		if err := Decode(raw[:n], &m); err == nil {
			t.Errorf("%d of %d bytes are read as %+v", n, len(raw), m)
		}
	}
	for _, other := range [][]byte{append(raw, 0), []byte(`{"e":1700000000000}`), encoded(t, "text"), encoded(t, []int{1}), encoded(t, map[int]string{1: "soon"})} {
		var m Message
		if err := Decode(other, &m); err == nil {
			t.Errorf("%x is read as %+v", other, m)
		}
	}
}

func TestTextThatIsNotUTF8IsKeptAsItIs(t *testing.T) {
	before := PackSession(session.Record{Address: "a@example.com", Device: session.Device{Browser: "\xff\x00\xc3(", Network: "\x80"}})
	var after Session
	if err := Decode(encoded(t, before), &after); err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("%+v is read as %+v, %v", before, after, err)
	}
}
