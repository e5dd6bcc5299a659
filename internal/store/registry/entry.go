package registry

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/entry"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// messagesWindow is what entry.MaxMessages are counted in.
const messagesWindow = 24 * time.Hour

// Apply implements entry.Store.
func (r Registry) Apply(ctx context.Context, a entry.Applying) (kept entry.Application, outcome signin.Outcome, err error) {
	err = r.engine.Change(ctx, func(tx Tx) error {
		kept, outcome, err = apply(tx, a)
		return err
	})
	if err != nil {
		return entry.Application{}, signin.Unknown, err
	}
	return kept, outcome, nil
}

func apply(tx Tx, a entry.Applying) (entry.Application, signin.Outcome, error) {
	next := Application{Application: a.Application}
	if a.Use != nil {
		link, outcome, err := use(tx, *a.Use)
		if err != nil || outcome != signin.SignedIn {
			return entry.Application{}, outcome, err
		}
		if link.Purpose != signin.ToAsk {
			return entry.Application{}, signin.Unknown, fmt.Errorf("a link to %q does not say who asks to be admitted", link.Purpose)
		}
		next.Address = link.Address
	}
	person, err := tx.Person(next.Address)
	if err != nil {
		return entry.Application{}, signin.Unknown, err
	}
	others, err := countApplications(tx, next, person, a.Now)
	switch {
	case err != nil:
		return entry.Application{}, signin.Unknown, err
	case others.same != nil:
		return *others.same, signin.SignedIn, nil
	case others.open >= entry.MaxOpen:
		return entry.Application{}, signin.Unknown, entry.ErrFull
	case others.told < entry.MaxMessages:
		if next.Owners, err = tellOwners(tx, a.Owners); err != nil {
			return entry.Application{}, signin.Unknown, err
		}
	}
	return next.Application, signin.SignedIn, tx.PutApplication(next)
}

// counted is what there is already when somebody applies at a site.
type counted struct {
	open int                // of anybody
	told int                // of anybody, to the owners, a short while ago
	same *entry.Application // of the same person, that stands
}

func countApplications(tx Tx, next Application, person people.Person, now time.Time) (n counted, err error) {
	err = tx.Applications("", func(a Application) bool {
		if isOver(a, now) || a.Granted != next.Granted {
			return true
		}
		if a.Address == next.Address && (a.Decision != entry.Approved || person.IsGranted(a.Granted, now)) {
			n.same = &a.Application
		}
		if a.Decision == entry.Open {
			n.open++
		}
		if len(a.Owners) > 0 && now.Sub(a.Asked) < messagesWindow {
			n.told++
		}
		return true
	})
	return n, err
}

func tellOwners(tx Tx, promised []signin.Promised) (links []signin.LinkKey, err error) {
	for _, p := range promised {
		blocked, err := tx.IsBlocked(p.Link.Address, p.Now)
		if err != nil {
			return nil, err
		}
		if blocked {
			continue
		}
		owner, err := tx.Person(p.Link.Address)
		if err != nil {
			return nil, err
		}
		if err := put(tx, p, owner); err != nil {
			return nil, err
		}
		links = append(links, p.Link.Key)
	}
	return links, nil
}

func isOver(a Application, now time.Time) bool { return !a.Asked.Add(entry.Kept).After(now) }

// Application implements entry.Store.
func (r Registry) Application(ctx context.Context, id string, now time.Time) (found entry.Application, err error) {
	err = r.engine.Look(ctx, func(tx Tx) error {
		a, err := application(tx, id, now)
		found = a.Application
		return err
	})
	return found, err
}

func application(tx Tx, id string, now time.Time) (Application, error) {
	a, err := tx.Application(id)
	if err == nil && isOver(a, now) {
		return Application{}, entry.ErrUnknown
	}
	return a, err
}

// Applications implements entry.Store.
func (r Registry) Applications(ctx context.Context, after string, max int, now time.Time) (list []entry.Application, next string, err error) {
	err = r.engine.Look(ctx, func(tx Tx) error {
		list, next = nil, ""
		return tx.Applications(after, func(a Application) bool {
			if isOver(a, now) || a.Decision != entry.Open {
				return true
			}
			if len(list) == max {
				next = list[max-1].ID
				return false
			}
			list = append(list, a.Application)
			return true
		})
	})
	if err != nil {
		return nil, "", err
	}
	return list, next, nil
}

// applicationsOf lists all of somebody.
func applicationsOf(tx Tx, who address.Address) (list []Application, err error) {
	err = tx.Applications("", func(a Application) bool {
		if a.Address == who {
			list = append(list, a)
		}
		return true
	})
	return list, err
}

// Decide implements entry.Store.
func (r Registry) Decide(ctx context.Context, d entry.Deciding) (decided entry.Application, first bool, err error) {
	if d.Application.Decision != entry.Approved && d.Application.Decision != entry.Refused {
		return entry.Application{}, false, fmt.Errorf("deciding about an application: %q is no decision", d.Application.Decision)
	}
	err = r.engine.Change(ctx, func(tx Tx) error {
		decided, first, err = decide(tx, d)
		return err
	})
	if err != nil {
		return entry.Application{}, false, err
	}
	return decided, first, nil
}

func decide(tx Tx, d entry.Deciding) (entry.Application, bool, error) {
	a, err := application(tx, d.Application.ID, d.Now)
	if err != nil {
		return entry.Application{}, false, err
	}
	if d.Use != nil {
		if mine, err := mayDecide(tx, *d.Use, a); err != nil || !mine {
			return entry.Application{}, false, orUnknown(err)
		}
	}
	if a.Decision != entry.Open {
		return a.Application, false, nil
	}
	a.Decision, a.Until, a.By, a.Decided = d.Application.Decision, d.Application.Until, d.Application.By, d.Application.Decided
	if err := useAll(tx, a.Owners); err != nil {
		return entry.Application{}, false, err
	}
	if err := tx.PutApplication(a); err != nil {
		return entry.Application{}, false, err
	}
	if a.Decision == entry.Approved {
		err = grant(tx, a.Application, d)
	}
	return a.Application, true, err
}

// mayDecide tells whether a link is one of an application's, and good, or used
// up by its decision.
func mayDecide(tx Tx, u signin.Use, a Application) (bool, error) {
	if !slices.Contains(a.Owners, u.Link) || u.Purpose != signin.ToDecide {
		return false, nil
	}
	_, outcome, err := judge(tx, u)
	return outcome == signin.SignedIn || outcome == signin.Used && a.Decision != entry.Open, err
}

func orUnknown(err error) error {
	if err != nil {
		return err
	}
	return entry.ErrUnknown
}

// grant lets somebody in and tells them.
func grant(tx Tx, a entry.Application, d entry.Deciding) error {
	before, err := tx.Person(a.Address)
	if err != nil {
		return err
	}
	after := before
	after.Grants = append(slices.Clone(before.Grants), people.Grant{Site: a.Granted, Until: a.Until}) // the last one counts
	if _, err = keep(tx, before, after, d.Now); err != nil {
		return err
	}
	_, err = promise(tx, d.Link)
	return err
}
