package adminapi

import "time"

// BackupReport says what a backup holds. The answer at BackupPath is the copy itself.
type BackupReport struct {
	File  string    `json:"file"`
	Bytes int64     `json:"bytes"`
	Begun time.Time `json:"begun"` // all that was acknowledged before is in it
}
