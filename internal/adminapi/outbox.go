package adminapi

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
)

// Messages is a page of messages, the newest first.
type Messages struct {
	Messages []Message `json:"messages"`
	Next     string    `json:"next,omitempty"`
}

// Message is what is told of a message: all but what it says.
type Message struct {
	ID         string       `json:"id"`
	Kind       outbox.Kind  `json:"kind"`
	State      outbox.State `json:"state"`
	Since      time.Time    `json:"since"` // of the state
	To         string       `json:"to"`    // masked, unless the query has reveal=1
	Site       string       `json:"site"`
	Welcome    bool         `json:"welcome"` // the first to somebody who has never signed in
	Created    time.Time    `json:"created"`
	Deadline   time.Time    `json:"deadline"` // not sent any more after it
	Waiting    bool         `json:"waiting"`  // still to be sent by us
	Due        time.Time    `json:"due,omitzero"`
	Attempts   int          `json:"attempts"`
	Copies     int          `json:"possible_copies"` // attempts that may have been accepted without an answer
	Mailer     string       `json:"mailer,omitempty"`
	ProviderID string       `json:"provider_id,omitempty"`
	Problem    string       `json:"problem,omitempty"`
	Delivered  time.Time    `json:"delivered,omitzero"`
	Retried    time.Time    `json:"retried,omitzero"`
	Retryable  bool         `json:"retryable"`
}

// RetryReport says what became of a retry. At least one of Retried and Unblocked
// is true.
type RetryReport struct {
	Message   Message `json:"message"`
	Retried   bool    `json:"retried"`           // it is on its way again
	Unblocked bool    `json:"unblocked"`         // its address was blocked, and is not any more
	Problem   string  `json:"problem,omitempty"` // why it is not on its way
}

// UnblockOrder names an address to which a message bounced.
type UnblockOrder struct {
	Address string `json:"address"`
}

// Whom is the address of the person.
func (o UnblockOrder) Whom() string { return o.Address }

// UnblockReport says whether it was blocked.
type UnblockReport struct {
	Address   string `json:"address"` // masked
	Unblocked bool   `json:"unblocked"`
}
