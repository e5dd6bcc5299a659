package codec

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
)

// Message is an outbox.Message.
type Message struct {
	Expires    int64           `cbor:"1,keyasint"` // forgotten then
	ID         string          `cbor:"2,keyasint"`
	Kind       outbox.Kind     `cbor:"3,keyasint"`
	To         address.Address `cbor:"4,keyasint"`
	Origin     string          `cbor:"5,keyasint"`
	Language   string          `cbor:"6,keyasint,omitempty"`
	Welcome    bool            `cbor:"7,keyasint,omitempty"`
	Sealed     []byte          `cbor:"8,keyasint,omitempty"`
	Created    int64           `cbor:"9,keyasint"`
	Deadline   int64           `cbor:"10,keyasint"`
	State      outbox.State    `cbor:"11,keyasint"`
	Since      int64           `cbor:"12,keyasint"`
	Due        int64           `cbor:"13,keyasint,omitempty"`
	Attempts   int             `cbor:"14,keyasint,omitempty"`
	Unsettled  bool            `cbor:"15,keyasint,omitempty"`
	Copies     int             `cbor:"16,keyasint,omitempty"`
	Mailer     string          `cbor:"17,keyasint,omitempty"`
	ProviderID string          `cbor:"18,keyasint,omitempty"`
	Problem    string          `cbor:"19,keyasint,omitempty"`
	Delivered  int64           `cbor:"20,keyasint,omitempty"`
	Retried    int64           `cbor:"21,keyasint,omitempty"`
}

// PackMessage makes the record of a message.
func PackMessage(m outbox.Message) Message {
	return Message{
		Expires: Millis(m.Created.Add(outbox.Kept)),
		ID:      m.ID, Kind: m.Kind, To: m.To, Origin: m.Origin, Language: m.Language, Welcome: m.Welcome, Sealed: m.Sealed,
		Created: Millis(m.Created), Deadline: Millis(m.Deadline), State: m.State, Since: Millis(m.Since), Due: someMillis(m.Due),
		Attempts: m.Attempts, Unsettled: m.Unsettled, Copies: m.Copies, Mailer: m.Mailer, ProviderID: m.ProviderID,
		Problem: m.Problem, Delivered: someMillis(m.Delivered), Retried: someMillis(m.Retried),
	}
}

// Unpack is the message that the record is of.
func (m Message) Unpack() outbox.Message {
	return outbox.Message{
		ID: m.ID, Kind: m.Kind, To: m.To, Origin: m.Origin, Language: m.Language, Welcome: m.Welcome, Sealed: m.Sealed,
		Created: Time(m.Created), Deadline: Time(m.Deadline), State: m.State, Since: Time(m.Since), Due: someTime(m.Due),
		Attempts: m.Attempts, Unsettled: m.Unsettled, Copies: m.Copies, Mailer: m.Mailer, ProviderID: m.ProviderID,
		Problem: m.Problem, Delivered: someTime(m.Delivered), Retried: someTime(m.Retried),
	}
}

// someMillis is Millis for a time that may be none.
func someMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return Millis(t)
}

func someTime(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return Time(ms)
}
