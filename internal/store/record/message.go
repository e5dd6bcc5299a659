package record

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
)

// Message is an outbox.Message.
type Message struct {
	Expires    int64           `json:"e"` // forgotten then
	ID         string          `json:"i"`
	Kind       outbox.Kind     `json:"k"`
	To         address.Address `json:"a"`
	Site       string          `json:"s"`
	Language   string          `json:"g,omitempty"`
	Welcome    bool            `json:"w,omitempty"`
	Sealed     []byte          `json:"c,omitempty"`
	Created    int64           `json:"q"`
	Deadline   int64           `json:"t"`
	State      outbox.State    `json:"z"`
	Since      int64           `json:"y"`
	Due        int64           `json:"d,omitempty"`
	Attempts   int             `json:"n,omitempty"`
	Unsettled  bool            `json:"u,omitempty"`
	Copies     int             `json:"x,omitempty"`
	Mailer     string          `json:"m,omitempty"`
	ProviderID string          `json:"p,omitempty"`
	Problem    string          `json:"f,omitempty"`
	Delivered  int64           `json:"v,omitempty"`
	Retried    int64           `json:"r,omitempty"`
}

// PackMessage makes the record of a message.
func PackMessage(m outbox.Message) Message {
	return Message{
		Expires: Millis(m.Created.Add(outbox.Kept)),
		ID:      m.ID, Kind: m.Kind, To: m.To, Site: m.Site, Language: m.Language, Welcome: m.Welcome, Sealed: m.Sealed,
		Created: Millis(m.Created), Deadline: Millis(m.Deadline), State: m.State, Since: Millis(m.Since), Due: someMillis(m.Due),
		Attempts: m.Attempts, Unsettled: m.Unsettled, Copies: m.Copies, Mailer: m.Mailer, ProviderID: m.ProviderID,
		Problem: m.Problem, Delivered: someMillis(m.Delivered), Retried: someMillis(m.Retried),
	}
}

// Unpack is the message that the record is of.
func (m Message) Unpack() outbox.Message {
	return outbox.Message{
		ID: m.ID, Kind: m.Kind, To: m.To, Site: m.Site, Language: m.Language, Welcome: m.Welcome, Sealed: m.Sealed,
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
