package txstore

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// Ask implements signin.Store. It looks first, so that a network that asks
// again and again costs no disk.
func (s *Store) Ask(ctx context.Context, a signin.Asking) (asked signin.Asked, err error) {
	err = s.view(ctx, func(tx Tx) error {
		_, asked.Wait, err = take(tx, clientLimit, a.Client, a.Now)
		return err
	})
	if err == nil && asked.Wait == 0 {
		err = s.update(ctx, func(tx Tx) error {
			asked, err = ask(tx, &a)
			return err
		})
	}
	if err != nil {
		return signin.Asked{}, err
	}
	if asked.Send {
		s.tellWaiting()
	}
	return asked, nil
}

func ask(tx Tx, a *signin.Asking) (signin.Asked, error) {
	if wait, err := count(tx, clientLimit, a.Client, a.Now); err != nil || wait > 0 {
		return signin.Asked{Wait: wait}, err
	}
	g, err := receive(tx, a)
	if err != nil {
		return signin.Asked{}, err
	}
	silent, err := mayBeSent(tx, a, g)
	if err != nil {
		return signin.Asked{}, err
	}
	asked := signin.Asked{Silent: silent, Send: silent == signin.NotSilent}

	request, found, err := load[record.Request](tx, requests, a.Browser[:])
	if err != nil {
		return signin.Asked{}, err
	}
	tries, live := 0, [][]byte(nil)
	if found && request.Expires > record.Millis(a.Now) && request.Tries < signin.MaxCodeTries {
		tries = request.Tries
		if live, err = liveLinks(tx, request.Links, a.Now); err != nil {
			return signin.Asked{}, err
		}
	}
	if asked.Send {
		live = append(live, g.key)
		if err := saveLink(tx, g.key, g.link); err != nil {
			return signin.Asked{}, err
		}
		g.message.Welcome, g.message.Language = !g.person.IsProven(), cmp.Or(g.message.Language, g.person.Language)
		if err := putMessage(tx, g.message); err != nil {
			return signin.Asked{}, err
		}
	}
	next := record.PackRequest(a.Request)
	next.Tries, next.Links = tries, live
	return asked, save(tx, requests, a.Browser[:], next)
}

// mayBeSent counts the message and tells whether it may be sent.
func mayBeSent(tx Tx, a *signin.Asking, g guest) (signin.SilentReason, error) {
	who, limited, familiar := []byte(a.Request.Address), mailboxLimit, isFamiliar(g.person, a.Browser)
	if familiar {
		limited = familiarLimit
	}
	if g.key == nil {
		_, err := count(tx, limited, a.Mailbox, a.Now)
		return signin.SilentNotAllowed, err
	}
	if isAfter(tx.Get(blocked, who), a.Now) {
		return signin.SilentBlocked, nil
	}
	if !familiar && isAfter(tx.Get(muted, who), a.Now) {
		return signin.SilentMuted, nil
	}
	alive := 0
	tx.Scan(addressLinks, under(g.link.Address, nil), nil, func(_, expires []byte) bool {
		if isAfter(expires, a.Now) {
			alive++
		}
		return alive < signin.MaxLiveLinks
	})
	if alive >= signin.MaxLiveLinks {
		return signin.SilentThreeAlive, nil
	}
	wait, err := count(tx, limited, a.Mailbox, a.Now)
	if err != nil || wait > 0 {
		return signin.SilentMailbox, err
	}
	total := a.Total
	if !g.person.IsProven() {
		total.Rule.Max -= a.Reserve
	}
	if wait, err = count(tx, totalLimit, total, a.Now); err != nil || wait > 0 {
		return signin.SilentTotal, err
	}
	return signin.NotSilent, nil
}

// isFamiliar tells whether somebody has proven the address in a browser.
func isFamiliar(person record.Person, browser signin.BrowserKey) bool {
	return slices.ContainsFunc(person.Browsers, func(b []byte) bool { return bytes.Equal(b, browser[:]) })
}

// The kinds of limits, as they stand in the keys of counters.
const (
	clientLimit   = "client"
	mailboxLimit  = "mailbox"
	familiarLimit = "familiar" // as mailbox, asked for in a familiar browser
	totalLimit    = "total"
)

// count takes one use of a limit and returns how long to wait if there is none.
func count(tx Tx, kind string, use limit.Use, now time.Time) (wait time.Duration, err error) {
	taken, wait, err := take(tx, kind, use, now)
	if err != nil || wait > 0 {
		return wait, err
	}
	return 0, save(tx, counters, counterKey(kind, use), taken)
}

// take returns a counter as it is after one more use, or how long to wait if
// there is no room for one.
func take(tx Tx, kind string, use limit.Use, now time.Time) (taken counterRecord, wait time.Duration, err error) {
	stored, found, err := load[counterRecord](tx, counters, counterKey(kind, use))
	if err != nil {
		return counterRecord{}, 0, err
	}
	var c limit.Count
	if found {
		if err := c.UnmarshalBinary(stored.Count); err != nil {
			return counterRecord{}, 0, fmt.Errorf("counting for limit %s: %w", kind, err)
		}
	}
	if wait = c.Take(use.Rule, now); wait > 0 {
		return counterRecord{}, wait, nil
	}
	encoded, err := c.MarshalBinary()
	return counterRecord{Expires: record.Millis(now.Add(use.Rule.Lifetime())), Count: encoded}, 0, err
}

func counterKey(kind string, use limit.Use) []byte {
	return []byte(kind + "\x00" + use.Rule.Window.String() + "\x00" + use.Name)
}

// Request implements signin.Store.
func (s *Store) Request(ctx context.Context, browser signin.BrowserKey, now time.Time) (r signin.Request, found bool, err error) {
	err = s.view(ctx, func(tx Tx) error {
		stored, ok, err := load[record.Request](tx, requests, browser[:])
		if err != nil || !ok || stored.Expires+signin.Remembered.Milliseconds() <= record.Millis(now) {
			return err
		}
		r, found = stored.Unpack(), true
		return nil
	})
	return r, found, err
}
