package adminapi

import "time"

// DoctorOrder asks for store and mail to be checked. The answer is a Finding on
// each line, as soon as it is known (application/x-ndjson).
type DoctorOrder struct {
	SendTo string `json:"send_to,omitempty"` // who gets a test message; empty: nobody
}

// Finding is what one check found.
type Finding struct {
	Check  string `json:"check"`
	Result Result `json:"result"`
	Found  string `json:"found"`            // in words
	Advice string `json:"advice,omitempty"` // what to do about it
	Where  string `json:"where,omitempty"`  // file and line of a Caddyfile that it is about
}

// NewFinding makes one from its parts; advice may be empty.
func NewFinding(check string, result Result, found, advice string) Finding {
	return Finding{Check: check, Result: result, Found: found, Advice: advice}
}

// Result is how bad a finding is.
type Result string

// The results.
const (
	Fine    Result = "ok"
	Warning Result = "warning" // it works, and somebody should know
	Wrong   Result = "wrong"   // people cannot sign in, or not all of them
)

// Health is whether people can sign in now. The status of the answer is 503 if
// it is Down.
type Health struct {
	Status  Status         `json:"status"`
	Store   StoreHealth    `json:"store"`
	Mailers []MailerHealth `json:"mailers"`
}

// Status is a state of health.
type Status string

// The states of health.
const (
	Healthy  Status = "ok"
	Degraded Status = "degraded"    // people can sign in, and something has to be mended
	Down     Status = "unavailable" // nobody can sign in
)

// StoreHealth is Healthy or Down.
type StoreHealth struct {
	Status   Status   `json:"status"`
	Error    string   `json:"error,omitempty"`
	Warnings []string `json:"warnings"`
}

// MailerHealth is what messages told of a mailer. It is not asked anything.
type MailerHealth struct {
	Name      string    `json:"name"`
	Available bool      `json:"available"` // false while it is left alone because it failed, or takes no messages
	Since     time.Time `json:"since"`     // when that began to be so
	Problem   string    `json:"problem,omitempty"`
}
