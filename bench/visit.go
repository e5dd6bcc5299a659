package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// steps is the number of calls to the store that one sign-in makes: ask, and
// redeem.
const steps = 2

// storeClients is how many callers a store has at the same time.
const storeClients = 64

const visitOrigin = "https://app.example.com"

// visit is somebody who asks for a link and redeems it, at a store without
// anything in front.
type visit struct {
	asking signin.Asking
	id     session.ID
}

// newVisit makes what the store is asked with in a sign-in. All come from the
// networks of one town.
func newVisit(n int) visit {
	now := time.Now()
	plenty := limit.Rule{Max: 1_000_000_000, Window: 15 * time.Minute}
	who := numbered(n)
	device := session.Device{Browser: "Firefox", System: "Linux", Network: "203.0.113.0/24"}
	a := signin.Asking{
		Now: now, Browser: signin.NewBrowser().Key(),
		Request: signin.Request{
			Address: who, Typed: string(who), Site: visitOrigin, To: "/", Asked: now, Expires: now.Add(10 * time.Minute), Device: device,
		},
		Client: limit.Use{Name: fmt.Sprintf("203.0.113.%d", n%256), Rule: plenty}, Mailbox: limit.Use{Name: string(who), Rule: plenty}, Total: limit.Use{Rule: plenty},
		Admission: people.Admission{Ways: []people.Way{{Open: true}}}, Policy: "abcdef0123456789",
	}
	rand.Read(a.Link[:])
	rand.Read(a.Code[:])
	a.Message = newMessage(a)
	return visit{asking: a, id: session.NewID()}
}

// sealedLength is about that of the sealed content of a message.
const sealedLength = 300

func newMessage(a signin.Asking) outbox.Message {
	m := outbox.Message{
		ID: hex.EncodeToString(a.Link[:16]), Kind: outbox.SignIn, To: a.Request.Address, Site: visitOrigin, Sealed: make([]byte, sealedLength),
		Created: a.Now, Deadline: a.Request.Expires, State: outbox.Queued, Since: a.Now, Due: a.Now,
	}
	rand.Read(m.Sealed)
	return m
}

func (v visit) ask(ctx context.Context, store signin.Store) error {
	asked, err := store.Ask(ctx, v.asking)
	if err == nil && !asked.Send {
		err = fmt.Errorf("no link was made: %+v", asked)
	}
	return err
}

func (v visit) redeem(ctx context.Context, store signin.Store) error {
	a := v.asking
	redeemed, err := store.RedeemLink(ctx, signin.Redemption{
		Now: a.Now, Site: a.Request.Site, Browser: a.Browser, Link: a.Link, Codes: []signin.CodeKey{a.Code}, Policy: a.Policy,
		Session: session.Entry{Key: v.id.Key(), Record: session.Record{
			Scope: a.Request.Site, SignedIn: a.Now, Seen: a.Now, Expires: a.Now.Add(sessionLife), Device: a.Request.Device,
		}},
	})
	if err == nil && redeemed.Outcome != signin.SignedIn {
		err = fmt.Errorf("the link was not redeemed: %+v", redeemed)
	}
	return err
}

// signIn does both steps.
func (v visit) signIn(ctx context.Context, store signin.Store) error {
	if err := v.ask(ctx, store); err != nil {
		return err
	}
	return v.redeem(ctx, store)
}

func newVisits(from, n int) []visit {
	visits := make([]visit, n)
	for i := range visits {
		visits[i] = newVisit(from + i)
	}
	return visits
}

// inParallel calls do with each number below n, from as many callers as given
// at the same time, and returns how long all of it took.
func inParallel(callers, n int, do func(i int) error) (time.Duration, error) {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	began := time.Now()
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && failed.Load() == nil; i = next.Add(1) - 1 {
				if err := do(int(i)); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	if err := failed.Load(); err != nil {
		return took, *err
	}
	return took, nil
}
