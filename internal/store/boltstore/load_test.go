package boltstore

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// fact is something that the store acknowledged: a word, what it is about (a
// link or a session, in hex), and the person.
type fact struct {
	word, key string
	who       address.Address
}

// The facts.
const (
	linkMade     = "made"  // a link was made; it may be used by now
	linkUsed     = "used"  // a link was redeemed
	sessionLive  = "live"  // a session was made that nobody ends
	sessionEnded = "ended" // a session was ended
)

// tell writes a fact, whole or not at all: a pipe takes a short line in one go.
func (f fact) tell() error {
	_, err := fmt.Printf("%s %s %s\n", f.word, f.key, f.who)
	return err
}

func parseFact(t *testing.T, line string) fact {
	t.Helper()
	parts := strings.Fields(line)
	if len(parts) != 3 {
		t.Fatalf("the other process says %q", line)
	}
	return fact{word: parts[0], key: parts[1], who: address.Address(parts[2])}
}

// actOut has somebody ask, sign in and, if asked to, end the session, and
// tells each fact once the store has acknowledged it.
func actOut(ctx context.Context, store *Store, who address.Address, end bool, tell func(fact) error) error {
	a := newAsking(who, time.Now())
	link := hex.EncodeToString(a.Link[:])
	if asked, err := store.Ask(ctx, a); err != nil {
		return err
	} else if !asked.Send {
		return fmt.Errorf("no link was made: %+v", asked)
	}
	if err := tell(fact{linkMade, link, who}); err != nil {
		return err
	}
	r := newRedemption(a)
	if redeemed, err := store.RedeemLink(ctx, r); err != nil {
		return err
	} else if redeemed.Outcome != signin.SignedIn {
		return fmt.Errorf("the link has outcome %d", redeemed.Outcome)
	}
	if err := tell(fact{linkUsed, link, who}); err != nil {
		return err
	}
	if !end {
		return tell(fact{sessionLive, r.Session.Key.String(), who})
	}
	if err := store.End(ctx, who, r.Session.Key); err != nil {
		return err
	}
	return tell(fact{sessionEnded, r.Session.Key.String(), who})
}

// check holds a store to a fact.
func (f fact) check(ctx context.Context, store *Store) error {
	switch f.word {
	case linkMade, linkUsed:
		return f.checkLink(ctx, store)
	}
	key, _ := session.ParseKey(f.key)
	_, found, err := store.Session(ctx, key, time.Now())
	if err != nil {
		return err
	}
	listed, err := store.Sessions(ctx, f.who, time.Now())
	if err != nil {
		return err
	}
	if want := f.word == sessionLive; found != want || (len(listed) == 1) != want {
		return fmt.Errorf("%s %s: found %v, %d listed", f.word, f.key, found, len(listed))
	}
	return nil
}

func (f fact) checkLink(ctx context.Context, store *Store) error {
	var link signin.LinkKey
	if _, err := hex.Decode(link[:], []byte(f.key)); err != nil {
		return err
	}
	redeemed, err := store.RedeemLink(ctx, signin.Redemption{Arrival: signin.Arrival{Now: time.Now()}, Origin: testSite, Browser: signin.NewBrowser().Key(), Link: link, Policy: testRules})
	if err != nil {
		return err
	}
	listed, err := store.Sessions(ctx, f.who, time.Now())
	switch {
	case err != nil:
		return err
	case redeemed.Outcome == signin.Used:
		return nil
	case f.word == linkMade && redeemed.Outcome == signin.OtherBrowser && len(listed) == 0:
		return nil
	}
	return fmt.Errorf("%s link %s has outcome %d and its person %d sessions", f.word, f.key, redeemed.Outcome, len(listed))
}

func checkFacts(t *testing.T, store *Store, facts []fact) {
	t.Helper()
	var errs []error
	for _, f := range facts {
		if err := f.check(t.Context(), store); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		t.Fatalf("%d of %d facts do not hold, for instance: %v", len(errs), len(facts), errors.Join(errs[:min(len(errs), 3)]...))
	}
}

// runLoad is a part of another process: many people sign in until it is killed.
func runLoad(path string) error {
	store, err := Open(path)
	if err != nil {
		return err
	}
	failed := make(chan error)
	for worker := range 8 {
		go func() {
			for i := 0; ; i++ {
				who := address.Address(fmt.Sprintf("p%d-%d-%d@example.com", os.Getpid(), worker, i))
				if err := actOut(context.Background(), store, who, i%3 == 0, fact.tell); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	return <-failed
}
