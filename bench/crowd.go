package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/boltstore"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// crowd is people who are signed in: a store with their sessions, for a gate at
// one port, and a file with the cookie of each.
type crowd struct {
	port, store, cookies string
	n                    int
}

func (c crowd) origin() string { return "http://localhost:" + c.port }

// cookie is that of the gate at the origin.
func (c crowd) cookie(ring keys.Ring) *session.Cookie {
	return session.NewCookie(ring, session.CookieOptions{Scope: c.origin(), Port: c.port, Lifetime: sessionLife})
}

// sessionLife is that of the sessions which are made beforehand.
const sessionLife = 7 * 24 * time.Hour

// newCrowd signs people in, by the steps that a gate takes.
func (s *stand) newCrowd(n int) (crowd, error) {
	port := testkit.FreePort()
	made := crowd{port: port, store: s.path("store-" + port), cookies: s.path("cookies-" + port), n: n}
	ids := newIDs(n)
	if err := writeCookies(made.cookies, made.cookie(s.ring), ids); err != nil {
		return made, err
	}
	return made, fill(s.ctx, made.store, made.origin(), ids)
}

// manyPeople makes a crowd as large as what a gate remembers, once.
func (s *stand) manyPeople() (made crowd, err error) {
	if s.many.n == 0 {
		s.many, err = s.newCrowd(s.size(session.DefaultCacheSize))
	}
	return s.many, err
}

func newIDs(n int) []session.ID {
	ids := make([]session.ID, n)
	for i := range ids {
		ids[i] = session.NewID()
	}
	return ids
}

// fill makes a bolt store in which one person is signed in for each session.
func fill(ctx context.Context, path, origin string, ids []session.ID) error {
	store, err := boltstore.Open(path)
	if err != nil {
		return err
	}
	const callers = 2000 // who come at the same time share a write, which takes up to a thousand
	err = inParallel(callers, len(ids), func(i int) error { return signIn(ctx, store, origin, i, ids[i]) })
	for err == nil { // the gate that opens the store has nothing to send
		var waiting []outbox.Message
		if waiting, err = store.Claim(ctx, 5000); err != nil || len(waiting) == 0 {
			break
		}
		err = inParallel(callers, len(waiting), func(i int) error {
			_, err := store.Change(ctx, waiting[i].ID, outbox.Once{}, func(m *outbox.Message) error {
				m.Accept(time.Now(), "none", "")
				return nil
			})
			return err
		})
	}
	if closed := store.Close(); err == nil {
		err = closed
	}
	return err
}

// signIn asks for a link and redeems it.
func signIn(ctx context.Context, store signin.Store, origin string, n int, id session.ID) error {
	now := time.Now()
	who := address.Address(fmt.Sprintf("first.last.%07d@example.com", n))
	plenty := limit.Rule{Max: 1_000_000_000, Window: 15 * time.Minute}
	device := session.Device{Browser: "Firefox", System: "Linux", Network: "203.0.113.0/24"}
	a := signin.Asking{
		Now: now, Browser: signin.NewBrowser().Key(),
		Request: signin.Request{Address: who, Typed: string(who), Origin: origin, To: "/", Asked: now, Expires: now.Add(10 * time.Minute), Device: device},
		Client:  limit.Use{Name: fmt.Sprintf("203.0.113.%d", n%256), Rule: plenty}, Mailbox: limit.Use{Name: string(who), Rule: plenty}, Total: limit.Use{Rule: plenty},
		Admission: people.Admission{Ways: []people.Way{{Open: true}}}, Policy: "abcdef0123456789",
	}
	rand.Read(a.Link[:])
	rand.Read(a.Code[:])
	a.Message = outbox.Message{
		ID: hex.EncodeToString(a.Link[:16]), Kind: outbox.SignIn, To: who, Origin: origin, Sealed: make([]byte, 300),
		Created: now, Deadline: a.Request.Expires, State: outbox.Queued, Since: now, Due: now,
	}
	asked, err := store.Ask(ctx, a)
	if err != nil {
		return err
	}
	redeemed, err := store.RedeemLink(ctx, signin.Redemption{
		Origin: origin, Browser: a.Browser, Link: a.Link, Codes: []signin.CodeKey{a.Code}, Policy: a.Policy,
		Arrival: signin.Arrival{Now: now, Session: session.Entry{
			Key: id.Key(), Record: session.Record{Scope: origin, SignedIn: now, Seen: now, Expires: now.Add(sessionLife), Device: device},
		}},
	})
	if err == nil && redeemed.Outcome != signin.SignedIn {
		err = fmt.Errorf("%s was not signed in: %+v, %+v", who, asked, redeemed)
	}
	return err
}

// writeCookies writes a session cookie of each, a line each, as browsers send
// it, beside one of the app.
func writeCookies(path string, cookie *session.Cookie, ids []session.ID) error {
	var lines bytes.Buffer
	for _, id := range ids {
		issued, err := cookie.Issue(id)
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%s; %s=%s\n", appCookie, issued.Name, issued.Value)
	}
	if err := os.WriteFile(path, lines.Bytes(), 0o600); err != nil {
		return fmt.Errorf("writing cookies: %w", err)
	}
	return nil
}

// appCookie is one of the app that all send.
const appCookie = "theme=dark"

// inParallel calls do with each number below n, from as many callers as given
// at the same time. It returns the first error.
func inParallel(callers, n int, do func(i int) error) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
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
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}
