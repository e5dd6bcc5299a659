package steps

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/session"
)

// Draft is what a transaction has written so far. Stores embed it in theirs and
// write it down when the step is done. The zero Draft is empty.
type Draft struct {
	Written map[Key]Record // a nil Value is a record that is deleted
	Queued  []QueueChange

	EndedSessions, ChangedSessions []session.Key
}

// QueueChange is one call of Tx.Queue.
type QueueChange struct {
	ID      string
	Created time.Time
	Now     Waiting
}

// IsEmpty reports whether there is nothing to write down.
func (d *Draft) IsEmpty() bool { return len(d.Written)+len(d.Queued) == 0 }

// Put implements Tx.
func (d *Draft) Put(k Key, r Record) {
	if d.Written == nil {
		d.Written = make(map[Key]Record)
	}
	d.Written[k] = r
}

// Delete implements Tx.
func (d *Draft) Delete(k Key) { d.Put(k, Record{}) }

// Queue implements Tx.
func (d *Draft) Queue(id string, created time.Time, now Waiting) {
	d.Queued = append(d.Queued, QueueChange{id, created, now})
}

// Ended implements Tx.
func (d *Draft) Ended(key session.Key) { d.EndedSessions = append(d.EndedSessions, key) }

// Changed implements Tx.
func (d *Draft) Changed(key session.Key) { d.ChangedSessions = append(d.ChangedSessions, key) }

// TellTo tells the hooks of this instance what was done.
func (d *Draft) TellTo(h *Hooks) {
	for _, key := range d.EndedSessions {
		h.TellEnded(key)
	}
	for _, key := range d.ChangedSessions {
		h.TellChanged(key)
	}
	for _, q := range d.Queued {
		if q.Now != Dequeued {
			h.TellWaiting()
			return
		}
	}
}
