package storetest

import (
	"errors"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var outboxPromises = []promise{
	{"AMessageIsKeptAsItWasPromised", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		want := a.Message
		want.Welcome = true
		f.wantMessage(f.kept(want.ID), want)
	}},
	{"WhoGetsNoLinkGetsNoMessage", func(f *fixture) {
		a := f.asking(f.person("a"), newBrowser())
		a.Admission = people.Admission{}
		f.wantSilent(f.ask(a), signin.SilentNotAllowed)
		if _, found, err := f.Message(f.Context(), a.Message.ID); found || err != nil {
			f.Fatalf("there is a message: %v, %v", found, err)
		}
		f.wantClaimed(f.claim(10))
	}},
	{"WhatIsClaimedIsNotClaimedAgainUntilReleased", func(f *fixture) {
		first := f.asked(f.person("a"), newBrowser()).Message.ID
		later := f.askingAt(f.now.Add(time.Millisecond), f.person("b"), newBrowser())
		f.wantSent(f.ask(later))
		second := later.Message.ID
		f.wantClaimed(f.claim(1), first)
		f.wantClaimed(f.claim(10), second)
		f.wantClaimed(f.claim(10))
		f.must(f.Release(f.Context(), second, "unknown"))
		f.wantClaimed(f.claim(10), second)
		f.must(f.Release(f.Context()))
		f.wantClaimed(f.claim(10))
	}},
	{"WhatIsDoneWithIsNotClaimed", func(f *fixture) {
		id := f.asked(f.person("a"), newBrowser()).Message.ID
		f.claim(1)
		f.accept(id)
		f.must(f.Release(f.Context(), id))
		f.wantClaimed(f.claim(10))
		unclaimed := f.asked(f.person("b"), newBrowser()).Message.ID
		f.accept(unclaimed) // as a report of a service does
		f.wantClaimed(f.claim(10))
	}},
	{"AMessageThatWaitsAgainCanBeClaimedOnce", func(f *fixture) {
		id := f.asked(f.person("a"), newBrowser()).Message.ID
		f.claim(1)
		f.change(id, func(m *outbox.Message) error {
			m.GiveUp(f.now, outbox.Failed, "smtp", "refused", 0)
			return nil
		})
		f.wantClaimed(f.claim(10))
		f.change(id, func(m *outbox.Message) error { return m.Retry(f.now.Add(time.Second)) })
		f.wantClaimed(f.claim(10), id)
		f.wantClaimed(f.claim(10))
		f.wantListed(10, id)
	}},
	{"AChangeIsKeptAndAFailedOneIsNot", func(f *fixture) {
		id := f.asked(f.person("a"), newBrowser()).Message.ID
		want := f.kept(id)
		f.must(want.HandOver())
		want.Defer(f.now.Add(time.Second), f.now.Add(time.Minute), "smtp", "come back later", 1)
		changed := f.change(id, func(m *outbox.Message) error { *m = want; return nil })
		f.wantMessage(changed, want)
		f.wantMessage(f.kept(id), want)
		refused := errors.New("refused")
		_, err := f.Change(f.Context(), id, outbox.Once{}, func(m *outbox.Message) error { m.Attempts = 99; return refused })
		if !errors.Is(err, refused) {
			f.Fatalf("the error is %v", err)
		}
		f.wantMessage(f.kept(id), want)
	}},
	{"ChangesAtTheSameTimeAllCount", func(f *fixture) {
		id := f.asked(f.person("a"), newBrowser()).Message.ID
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() { f.change(id, func(m *outbox.Message) error { m.Attempts++; return nil }) })
		}
		group.Wait()
		if m := f.kept(id); m.Attempts != 10 {
			f.Fatalf("of 10 changes %d count", m.Attempts)
		}
	}},
	{"AnUnknownMessageIsNotChanged", func(f *fixture) {
		_, err := f.Change(f.Context(), "unknown", outbox.Once{}, func(*outbox.Message) error { f.Error("changed"); return nil })
		if !errors.Is(err, outbox.ErrUnknown) {
			f.Fatalf("the error is %v", err)
		}
	}},
	{"WhatHappensOnceHappensOnce", func(f *fixture) {
		id := f.asked(f.person("a"), newBrowser()).Message.ID
		for _, message := range []string{id, "unknown"} {
			once := outbox.Once{Name: "notice of " + message + f.name, Until: time.Now().Add(time.Hour)}
			replayed := atomic.Int32{}
			var group sync.WaitGroup
			for range 5 {
				group.Go(func() {
					_, err := f.Change(f.Context(), message, once, func(m *outbox.Message) error { m.Attempts++; return nil })
					if errors.Is(err, outbox.ErrReplayed) {
						replayed.Add(1)
					}
				})
			}
			group.Wait()
			if replayed.Load() != 4 {
				f.Errorf("of 5 notices %d are replays, want 4", replayed.Load())
			}
		}
		if m := f.kept(id); m.Attempts != 1 {
			f.Errorf("it happened %d times", m.Attempts)
		}
	}},
	{"AMailboxThatBouncedIsNotWrittenToUntilItIsUnblocked", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		who := a.Request.Address
		bounce := func(m *outbox.Message) error {
			m.Apply(outbox.Report{State: outbox.Bounced, At: time.Now(), Problem: "no such mailbox"})
			return nil
		}
		f.change(a.Message.ID, bounce)
		f.change(a.Message.ID, bounce)
		f.wantSilent(f.ask(f.asking(who, newBrowser())), signin.SilentBlocked)
		f.wantSent(f.ask(f.asking(f.person("b"), newBrowser())))
		for _, want := range []bool{true, false} {
			if was, err := f.Unblock(f.Context(), who); was != want || err != nil {
				f.Fatalf("it was blocked: %v, %v, want %v", was, err, want)
			}
		}
		f.wantSent(f.ask(f.asking(who, newBrowser())))
	}},
	{"MessagesAreListedTheNewestFirst", func(f *fixture) {
		var ids []string
		for i := range 5 {
			p := f.promising(f.person("a"), signin.ToAsk, "")
			p.Message.Created = f.now.Add(time.Duration(i) * time.Millisecond)
			f.wantSilence(f.promise(p), signin.NotSilent)
			ids = append(ids, p.Message.ID)
		}
		slices.Reverse(ids)
		f.wantListed(2, ids...)
		f.wantListed(5, ids...)
		f.wantListed(100, ids...)
	}},
	{"WhoeverSendsIsToldThatSomethingWaits", func(f *fixture) {
		told := atomic.Int32{}
		cancel := f.OnWaiting(func() { told.Add(1) })
		f.asked(f.person("a"), newBrowser())
		f.promised(f.person("b"), signin.ToAsk, "")
		if told.Load() != 2 {
			f.Fatalf("told %d times of 2 messages", told.Load())
		}
		a := f.asking(f.person("c"), newBrowser())
		a.Admission = people.Admission{}
		f.ask(a)
		cancel()
		f.asked(f.person("d"), newBrowser())
		if told.Load() != 2 {
			f.Fatalf("told %d times", told.Load())
		}
	}},
}

func (f *fixture) kept(id string) outbox.Message {
	f.Helper()
	m, found, err := f.Message(f.Context(), id)
	f.must(err)
	if !found {
		f.Fatal("the message is not kept")
	}
	return m
}

func (f *fixture) claim(n int) []outbox.Message {
	f.Helper()
	claimed, err := f.Claim(f.Context(), n)
	f.must(err)
	return claimed
}

func (f *fixture) wantClaimed(got []outbox.Message, want ...string) {
	f.Helper()
	var ids []string
	for _, m := range got {
		ids = append(ids, m.ID)
	}
	if !slices.Equal(ids, want) {
		f.Fatalf("claimed %v, want %v", ids, want)
	}
}

func (f *fixture) change(id string, change func(*outbox.Message) error) outbox.Message {
	f.Helper()
	m, err := f.Change(f.Context(), id, outbox.Once{}, change)
	f.must(err)
	return m
}

func (f *fixture) accept(id string) {
	f.Helper()
	f.change(id, func(m *outbox.Message) error {
		m.Accept(f.now, "smtp", "250 queued")
		return nil
	})
}

// wantListed reads the list, page by page.
func (f *fixture) wantListed(page int, want ...string) {
	f.Helper()
	var ids []string
	for from, first := "", true; first || from != ""; first = false {
		list, next, err := f.Messages(f.Context(), from, page)
		f.must(err)
		if len(list) > page || next == from && next != "" {
			f.Fatalf("a page of %d has %d messages, the next begins at %q", page, len(list), next)
		}
		for _, m := range list {
			ids = append(ids, m.ID)
		}
		from = next
	}
	if !slices.Equal(ids, want) {
		f.Fatalf("listed %v, want %v", ids, want)
	}
}

func (f *fixture) wantMessage(got, want outbox.Message) {
	f.Helper()
	for _, m := range []*outbox.Message{&got, &want} {
		for _, at := range []*time.Time{&m.Created, &m.Deadline, &m.Since, &m.Due, &m.Delivered, &m.Retried} {
			if !at.IsZero() {
				*at = time.UnixMilli(at.UnixMilli()).UTC()
			}
		}
	}
	if !reflect.DeepEqual(got, want) {
		f.Fatalf("the message is\n%+v, want\n%+v", got, want)
	}
}
