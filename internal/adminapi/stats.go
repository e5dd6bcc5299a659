package adminapi

import "time"

// Stats is what this instance has counted since it started. Its maps have a key for
// each label of a metric.
type Stats struct {
	Since      time.Time      `json:"since"`
	Asked      int            `json:"asked"` // for a link
	Sent       int            `json:"sent"`  // of those that asked: a message follows
	Redeemed   map[string]int `json:"redeemed"`
	Refused    map[string]int `json:"refused"`
	StreamsCut int            `json:"streams_cut"`
	Sessions   int            `json:"sessions"` // remembered now
	Messages   map[string]int `json:"messages"` // that came into each state
	Mailers    []MailerHealth `json:"mailers"`
}
