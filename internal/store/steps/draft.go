package steps

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/session"
)

// Draft is what a step wants to have written.
type Draft struct {
	Written map[Key]Record // a nil Value is a record that is deleted
	Queued  []QueueChange

	EndedSessions, ChangedSessions []session.Key // that all instances are told of
}

// QueueChange says that a message waits for a sender from now on, or does not any more.
type QueueChange struct {
	ID      string
	Created time.Time
	Waits   bool
}

// Put writes a record.
func (d *Draft) Put(k Key, r Record) {
	if d.Written == nil {
		d.Written = make(map[Key]Record)
	}
	d.Written[k] = r
}

// IsEmpty reports whether there is nothing to write down.
func (d *Draft) IsEmpty() bool { return len(d.Written)+len(d.Queued) == 0 }

// TellTo tells the hooks of this instance what was done.
func (d *Draft) TellTo(h *Hooks) {
	for _, key := range d.EndedSessions {
		h.TellEnded(key)
	}
	for _, key := range d.ChangedSessions {
		h.TellChanged(key)
	}
	for _, q := range d.Queued {
		if q.Waits {
			h.TellWaiting()
			return
		}
	}
}
