package adminapi

import "time"

// AccessRequests is a page of access requests that are not decided, those who
// wait longest first.
type AccessRequests struct {
	Requests []AccessRequest `json:"requests"`
	Next     string          `json:"next,omitempty"`
}

// AccessRequest is somebody's wish to be let in.
type AccessRequest struct {
	ID       string    `json:"id"`
	Address  string    `json:"address"`
	Site     string    `json:"site"`
	Words    string    `json:"words,omitempty"` // why, as they were typed
	Asked    time.Time `json:"asked"`
	Browser  string    `json:"browser,omitempty"`
	System   string    `json:"system,omitempty"`
	Network  string    `json:"network,omitempty"`
	Decision Decision  `json:"decision"`
	Until    time.Time `json:"until,omitzero"`   // of an approval; left out: for good
	By       string    `json:"by,omitempty"`     // the owner or admin who decided
	Decided  time.Time `json:"decided,omitzero"` // when
}

// Decision is what was decided about an access request.
type Decision string

// The decisions.
const (
	Open    Decision = "open" // none so far
	Granted Decision = "granted"
	Refused Decision = "refused"
)

// ApproveOrder says for how long somebody is let in.
type ApproveOrder struct {
	For string `json:"for,omitempty"` // a duration; empty: for good
}

// DecideReport is the request as it stands decided.
type DecideReport struct {
	Request AccessRequest `json:"request"`
	First   bool          `json:"first"` // false: it was decided before, and stays so
}
