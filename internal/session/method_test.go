package session

import (
	"slices"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/people"
)

func TestAnAppIsToldByWhichProofAndWhatOthersCallIt(t *testing.T) {
	for method, want := range map[Method][]string{
		ByMail: {"mail", "otp"}, ByRecovery: {"recovery", "otp"}, ByPasskey: {"passkey", "pop", "user", "mfa"}, "other": {"other"},
	} {
		if got := method.References(); !slices.Equal(got, want) || got[0] != method.Word() {
			t.Errorf("of %q an app is told %q, want %q", method, got, want)
		}
	}
}

func TestAFoundSessionSaysWhoseItIsAndByWhichProof(t *testing.T) {
	k := newKeep(t)
	for _, method := range methods {
		r := k.store.records[k.key]
		r.Subject, r.Method = people.NewSubject(), method
		k.store.records[k.key] = r
		k.cache.End(k.key)
		s := k.mustFind(t)
		s.Doubt()
		if s.Subject != r.Subject || s.Method() != method || s.Ended() {
			t.Errorf("it is of %v by %q, ended: %v, want %v by %q", s.Subject, s.Method(), s.Ended(), r.Subject, method)
		}
		if k.cache.End(k.key); s.Method() != method || !s.Ended() {
			t.Errorf("after its end it is by %q, ended: %v", s.Method(), s.Ended())
		}
	}
}
