package adminapi

import "testing"

// Two blocks in every state: what the gate would do with a request.
func TestAReportConcludesWhatTheGateDoes(t *testing.T) {
	var states []Block
	for i := range 16 {
		b := Block{Needed: i&1 > 0, Admits: i&2 > 0, MayAsk: i&4 > 0}
		if i&8 > 0 {
			b.Problem = "its matcher fails"
		}
		states = append(states, b)
	}
	lets := func(b Block) bool { return !b.Needed || b.Admits && b.Problem == "" }
	for _, first := range states {
		for _, second := range states {
			for _, maySignIn := range []bool{false, true} {
				r := WhyReport{Blocks: []Block{first, second}}
				r.Conclude(maySignIn)
				want := NotAllowed
				switch {
				case !first.Needed && !second.Needed:
					want = Public
				case maySignIn && lets(first) && lets(second):
					want = Admitted
				}
				if r.Result != want || r.MayAsk && (want != NotAllowed || !maySignIn) {
					t.Errorf("%+v and %+v, may sign in %v: %s, may ask %v, want %s", first, second, maySignIn, r.Result, r.MayAsk, want)
				}
				own := WhyReport{Blocks: r.Blocks, OwnPage: true}
				if own.Conclude(maySignIn); own.Result != Public {
					t.Errorf("a page of ours is %s", own.Result)
				}
			}
		}
	}
}
