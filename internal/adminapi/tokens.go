package adminapi

import "time"

// TokenOrder says what the new token of a service is good for.
type TokenOrder struct {
	Name     string   `json:"name"`
	Sites    []string `json:"sites"`              // origins
	Paths    []string `json:"paths,omitempty"`    // none: all
	Methods  []string `json:"methods,omitempty"`  // none: all
	Networks []string `json:"networks,omitempty"` // none: any
	Groups   []string `json:"groups,omitempty"`
	For      string   `json:"for,omitempty"` // a duration, or never; empty: 90d
}

// RotateOrder says for how long the text before is good, too.
type RotateOrder struct {
	Overlap string `json:"overlap,omitempty"` // a duration; empty: 24h; 0s: not at all
}

// Token is one of a service or of a person. Text is given once, to who made or rotated it.
type Token struct {
	ID          string    `json:"id"`
	Text        string    `json:"token,omitempty"`
	Name        string    `json:"name"`
	Owner       string    `json:"owner,omitempty"` // the person whose it is
	Sites       []string  `json:"sites"`
	Paths       []string  `json:"paths"`
	Methods     []string  `json:"methods"`
	Networks    []string  `json:"networks"`
	Groups      []string  `json:"groups"`
	Made        time.Time `json:"made"`
	Rotated     time.Time `json:"rotated,omitzero"`
	Expires     time.Time `json:"expires,omitzero"` // none: never
	FormerUntil time.Time `json:"former_until,omitzero"`
	LastUsed    time.Time `json:"last_used,omitzero"` // the hour
	UsedFrom    []string  `json:"used_from"`          // networks, the last one last
}

// Tokens is a page of tokens.
type Tokens struct {
	Tokens []Token `json:"tokens"`
	Next   string  `json:"next,omitempty"`
}
