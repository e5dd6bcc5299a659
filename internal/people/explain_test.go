package people

import (
	"reflect"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
)

func TestAnExplanationNamesEachEntryThatCounts(t *testing.T) {
	groups := mustGroups(t, map[string][]string{"staff": {"carol@corp.example", "*@staff.example"}, "gone": nil})
	rules, err := NewRules(
		[]string{"alice@a.example", "*@a.example", "group:staff"}, []string{"group:gone", "eve@a.example"}, []address.Address{"owner@a.example"}, groups)
	if err != nil {
		t.Fatal(err)
	}
	rules.At("https://a.example")
	grant := Grant{Origin: "https://a.example", Until: time.Now().Add(time.Hour)}
	for name, c := range map[string]struct {
		who      address.Address
		standing *Standing
		want     Explanation
	}{
		"by address and domain": {"alice@a.example", nil, Explanation{Admitted: true, Allowed: []Cover{{Entry: "alice@a.example"}, {Entry: "*@a.example"}}}},
		"by the group's domain": {"x@staff.example", nil, Explanation{Admitted: true, Allowed: []Cover{{Entry: "group:staff"}}}},
		"by both at once":       {"x@staff.example", &Standing{Groups: []string{"staff"}}, Explanation{Admitted: true, Allowed: []Cover{{Entry: "group:staff"}}}},
		"by the store's group":  {"x@x.example", &Standing{Groups: []string{"staff"}}, Explanation{Admitted: true, Allowed: []Cover{{Entry: "group:staff", ByStore: true}}}},
		"denied, though allowed": {"eve@a.example", &Standing{Groups: []string{"gone"}}, Explanation{
			Denied: []Cover{{Entry: "eve@a.example"}, {Entry: "group:gone", ByStore: true}}, Allowed: []Cover{{Entry: "*@a.example"}},
		}},
		"granted":           {"x@x.example", &Standing{Grants: []Grant{{Origin: "https://b.example"}, grant}}, Explanation{Admitted: true, Grant: &grant}},
		"granted elsewhere": {"x@x.example", &Standing{Grants: []Grant{{Origin: "https://b.example"}}}, Explanation{MayAsk: true}},
		"nothing":           {"x@x.example", nil, Explanation{MayAsk: true}},
	} {
		if got := rules.Explain(c.who, c.standing); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: explained as %+v, want %+v", name, got, c.want)
		}
	}
}

// Whatever rules say, the reasons given for it are reasons for that.
func TestAnExplanationAgreesWithTheAnswer(t *testing.T) {
	groups := mustGroups(t, map[string][]string{"staff": {"carol@corp.example", "*@staff.example"}, "gone": {"dave@staff.example"}})
	entries := []string{"*", "*@staff.example", "carol@corp.example", "dave@staff.example", "group:staff", "group:gone"}
	some := func(bits int) (picked []string) {
		for i, entry := range entries {
			if bits&(1<<i) != 0 {
				picked = append(picked, entry)
			}
		}
		return picked
	}
	standings := []*Standing{
		nil, {}, {Groups: []string{"staff"}}, {Groups: []string{"gone", "staff"}}, {Groups: []string{"unheard-of"}},
		{Grants: []Grant{{Origin: "https://a.example"}}}, {Grants: []Grant{{Origin: "https://a.example", Until: time.Now().Add(-time.Minute)}}},
		{Groups: []string{"gone"}, Grants: []Grant{{Origin: "https://a.example"}}},
	}
	for allow := range 1 << len(entries) {
		for deny := range 1 << len(entries) {
			for _, owners := range [][]address.Address{nil, {"owner@a.example"}} {
				rules, err := NewRules(some(allow), some(deny), owners, groups)
				if err != nil {
					continue // nobody is allowed
				}
				rules.At("https://a.example")
				for _, who := range []address.Address{"carol@corp.example", "carol+2@corp.example", "dave@staff.example", "dave+x@staff.example", "x@x.example"} {
					for _, standing := range standings {
						e := rules.Explain(who, standing)
						if want := len(e.Denied) == 0 && (len(e.Allowed) > 0 || e.Grant != nil); e.Admitted != want {
							t.Fatalf("allow %v deny %v owners %v: %s with %+v is admitted %v, and the reasons are %+v", some(allow), some(deny), owners, who, standing, e.Admitted, e)
						}
						if want := len(owners) > 0 && len(e.Denied) == 0 && !e.Admitted; e.MayAsk != want {
							t.Fatalf("allow %v deny %v owners %v: %s with %+v may ask: %v", some(allow), some(deny), owners, who, standing, e.MayAsk)
						}
					}
				}
			}
		}
	}
}

func TestEntriesAreToldAsTheyAreWritten(t *testing.T) {
	for _, entry := range []string{"*", "*@example.com", "alice@example.com", "group:staff"} {
		if w, err := parseWho(entry); err != nil || w.String() != entry {
			t.Errorf("%s is told as %s (%v)", entry, w, err)
		}
	}
}

func TestAskingTheRulesAllocatesNothing(t *testing.T) {
	groups := mustGroups(t, map[string][]string{"staff": {"*@staff.example"}})
	rules, err := NewRules([]string{"alice@a.example", "*@a.example", "group:staff"}, []string{"eve@a.example", "group:staff"}, nil, groups)
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []address.Address{"alice@a.example", "x@staff.example", "x@x.example"} {
		if n := testing.AllocsPerRun(100, func() { rules.Admits(who, nil) }); n != 0 {
			t.Errorf("asking about %s allocates %v times", who, n)
		}
	}
}
