package adminapi

import "time"

// BackupReport says what a backup holds. The answer at BackupPath is the copy itself.
type BackupReport struct {
	File  string    `json:"file"`
	Bytes int64     `json:"bytes"`
	Begun time.Time `json:"begun"` // all that was acknowledged before is in it
}

// CopyReport says what a copy of a store holds.
type CopyReport struct {
	From    string         `json:"from"`
	To      string         `json:"to"`
	Records int            `json:"records"`
	Tables  map[string]int `json:"tables"`  // records of each
	Written int            `json:"written"` // the others were there from a copy that broke off
}
