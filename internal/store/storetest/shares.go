package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var sharePromises = []promise{
	{"ADomainHasItsShareOfOpenRequests", func(f *fixture) {
		f.wantShare(func(i int) access.Submission { return f.from(i, "many.example", fmt.Sprintf("198.51.%d.0/24", i)) })
	}},
	{"ANetworkHasItsShareOfOpenRequests", func(f *fixture) {
		f.wantShare(func(i int) access.Submission { return f.from(i, fmt.Sprintf("d%d.example", i), "198.51.100.7") })
	}},
	{"StrangersKeepNobodyElseFromAsking", func(f *fixture) {
		// However strangers spread what they send, somebody of another domain and
		// network is kept, and stays.
		random := rand.New(rand.NewPCG(13, 200))
		honest := f.from(0, "honest.example", "203.0.113.1")
		f.submits(honest)
		for i := range access.MaxOpen + 3*access.MaxShare {
			domain := fmt.Sprintf("d%d.example", random.IntN(12))
			f.submits(f.from(i, domain, fmt.Sprintf("198.51.%d.0/24", random.IntN(12))))
		}
		f.wantAccessRequest(honest.Request)
		late := f.from(1, "late.example", "203.0.113.2")
		f.submits(late)
		f.wantAccessRequest(late.Request)
		list, _, err := f.AccessRequests(f.Context(), "", 2*access.MaxOpen, f.now)
		f.must(err)
		if len(list) > access.MaxOpen {
			f.Fatalf("%d are open", len(list))
		}
	}},
	{"WhenAllPlacesAreTakenWhoHasTheMostGivesWay", func(f *fixture) {
		var few, most []access.Submission
		for domain := range access.MaxOpen/access.MaxShare + 1 {
			for i := range access.MaxShare - 1 {
				if a := f.from(i, fmt.Sprintf("d%d.example", domain), ""); domain > 0 {
					few = append(few, a)
				} else {
					most = append(most, a)
				}
			}
		}
		most = append(most, f.from(access.MaxShare, "d0.example", ""))
		open := append(most, few...)[:access.MaxOpen]
		for i := range open {
			open[i].Request.Asked = f.now.Add(time.Duration(i) * time.Millisecond)
			f.submits(open[i])
		}
		late := f.from(1, "late.example", "")
		f.submits(late)
		f.wantAccessRequest(late.Request)
		f.wantNoAccessRequest(open[0].Request.ID)
		for _, a := range open[1:] {
			f.wantAccessRequest(a.Request)
		}
	}},
	{"WhoWasDroppedMayAskAgain", func(f *fixture) {
		first := f.from(0, "many.example", "")
		first.Request.Asked = f.now.Add(-time.Minute)
		first.Owners = f.submission(first.Request.Address, f.person("owner")).Owners
		f.submits(first)
		for i := range access.MaxShare {
			f.submits(f.from(i+1, "many.example", ""))
		}
		f.wantNoAccessRequest(first.Request.ID)
		f.wantUseOf(useOf(first.Owners[0]), signin.LinkUsed)
		again := f.from(0, "many.example", "")
		f.submits(again)
		f.wantAccessRequest(again.Request)
	}},
	{"ARequestIsOneOfTheMailbox", func(f *fixture) {
		who := f.person("a")
		first := f.submitted(tag(who, "x"))
		for _, other := range []address.Address{who, tag(who, "x"), tag(who, "y")} {
			f.wantSameAccessRequest(f.submits(f.submission(other)), first)
		}
		f.decided(first, access.Granted) // to that address, and no other
		f.submitted(tag(who, "y"))
	}},
	{"ThatSomebodyHasAskedOutlivesTheirRemoval", func(f *fixture) {
		leaves := map[string]func(who address.Address){
			"removed": func(who address.Address) { f.must(f.RemovePerson(f.Context(), who, f.now)) },
			"left":    func(who address.Address) { f.makes(f.signIn(who), account.Leave, "") },
		}
		for name, leave := range leaves {
			for _, state := range []access.State{access.Open, access.Refused, access.Granted} {
				who, owner := f.person(name+"-"+string(state)), f.person("owner")
				asked := f.submitted(who)
				if state != access.Open {
					f.decided(asked, state)
				}
				leave(who)
				f.wantNoAccessRequest(asked.ID)
				for i, other := range []address.Address{who, tag(who, "x"), who} {
					again := f.submission(other, owner)
					if kept := f.submits(again); (kept.ID == again.Request.ID) != (state == access.Granted && i == 0) {
						f.Fatalf("%s after %q asks again: %+v", name, state, kept)
					}
					if _, found, err := f.Message(f.Context(), again.Owners[0].Message.ID); err != nil || found != (state == access.Granted && i == 0) {
						f.Fatalf("%s after %q asks again, and the owner is told: %v, %v", name, state, found, err)
					}
				}
				elsewhere := f.submission(who)
				elsewhere.Request.GrantOrigin = "https://elsewhere.example.com"
				f.wantAccessRequest(f.submits(elsewhere))
				f.must(f.RemovePerson(f.Context(), who, f.now))
				later := f.submission(who)
				later.Now = asked.Asked.Add(access.Kept)
				later.Request.Asked = later.Now
				if kept := f.submits(later); kept.ID != later.Request.ID {
					f.Fatalf("%s after %q asks after a week: %+v", name, state, kept)
				}
			}
		}
	}},
	{"OwnersAreToldOfSomeADayWhoeverLeavesAndComesBack", func(f *fixture) {
		owner, told := f.person("owner"), 0
		for i := range access.MaxMessages + 6 {
			a := f.submission(f.person(fmt.Sprint("p", i)), owner)
			f.submits(a)
			if _, found, err := f.Message(f.Context(), a.Owners[0].Message.ID); err != nil {
				f.Fatal(err)
			} else if found {
				told++
			}
			if err := f.RemovePerson(f.Context(), a.Request.Address, f.now); err != nil && !errors.Is(err, people.ErrUnknown) {
				f.Fatal(err)
			}
		}
		if told != access.MaxMessages {
			f.Fatalf("the owners were told of %d requests, want %d", told, access.MaxMessages)
		}
	}},
}

// from is somebody of a domain and a network who asks to be admitted.
func (f *fixture) from(i int, domain, network string) access.Submission {
	f.Helper()
	who, err := address.Parse(fmt.Sprintf("p%d-%s@%s", i, f.name, domain))
	f.must(err)
	a := f.submission(who)
	a.Request.Device.Network = network
	return a
}

// wantShare holds many of one origin to their share: the oldest gives way.
func (f *fixture) wantShare(from func(i int) access.Submission) {
	f.Helper()
	var all []access.Request
	for i := range access.MaxShare + 5 {
		a := from(i)
		a.Request.Asked = f.now.Add(time.Duration(i) * time.Millisecond)
		all = append(all, f.submits(a))
	}
	for i, a := range all {
		if i < 5 {
			f.wantNoAccessRequest(a.ID)
		} else {
			f.wantAccessRequest(a)
		}
	}
}
