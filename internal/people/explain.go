package people

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
)

// Explanation is how rules come to their answer about somebody: each entry that
// counts, where one of them would be enough.
type Explanation struct {
	Admitted bool
	Denied   []Cover // by entries of deny; any of them keeps the person out
	Allowed  []Cover // by entries of allow; any of them lets the person in, unless denied
	Grant    *Grant  // of an owner, for now; lets in as an entry of allow does
	MayAsk   bool    // to be let in
}

// Cover is an entry of a rule that covers somebody.
type Cover struct {
	Entry   string // as it is written in a configuration: alice@example.com, *@example.com, group:<name>, *
	ByStore bool   // the store has put them into the group, and the configuration has not
	Mailbox bool   // it is another address of the same mailbox that it covers, which counts for deny
}

// Explain tells how Admits comes to its answer.
func (r *Rules) Explain(a address.Address, s *Standing) Explanation {
	e := Explanation{
		Admitted: r.Admits(a, s),
		Denied:   append(r.deny.covers(a, s, r.groups), r.deny.coversMailbox(a, r.groups)...),
		Allowed:  r.allow.covers(a, s, r.groups),
		Grant:    r.grant(s, time.Now()),
	}
	e.MayAsk = !e.Admitted && r.Admission(a).MayAsk(s)
	return e
}

// covers lists the entries that cover somebody: first those by which contains
// says so, then the groups that the store put the person into.
func (s *set) covers(a address.Address, standing *Standing, groups *Groups) (list []Cover) {
	for _, w := range s.covering(a, groups) {
		list = append(list, Cover{Entry: w.String()})
	}
	for _, group := range s.groups {
		if standing.isIn(group) && !groups.has(group, a) {
			list = append(list, Cover{Entry: who{group: group}.String(), ByStore: true})
		}
	}
	return list
}

func (s *set) coversMailbox(a address.Address, groups *Groups) (list []Cover) {
	for _, w := range s.coveringMailbox(a, groups) {
		list = append(list, Cover{Entry: w.String(), Mailbox: true})
	}
	return list
}

// grant is the one that lets somebody in, nil for none.
func (r *Rules) grant(s *Standing, now time.Time) *Grant {
	if s == nil || len(r.owners) == 0 {
		return nil
	}
	for _, g := range s.Grants {
		if g.counts(r.site, now) {
			return &g
		}
	}
	return nil
}
