package people

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
)

func mustGroups(t *testing.T, entries map[string][]string) *Groups {
	t.Helper()
	groups, err := NewGroups(entries)
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

func TestRulesAdmitWhomAllowCoversAndDenyDoesNot(t *testing.T) {
	groups := mustGroups(t, map[string][]string{"staff": {"Carol@Corp.example", "*@staff.example"}, "gone": {"dave@staff.example"}})
	for _, c := range []struct {
		allow, deny []string
		in, out     []address.Address
	}{
		{allow: []string{"Alice@Example.com"}, in: []address.Address{"alice@example.com"}, out: []address.Address{"bob@example.com", "alice@example.org"}},
		{allow: []string{"*@example.com"}, in: []address.Address{"bob@example.com"}, out: []address.Address{"bob@sub.example.com", "bob@notexample.com", "bob@example.com.evil.example"}},
		{allow: []string{"group:staff"}, in: []address.Address{"carol@corp.example", "x@staff.example"}, out: []address.Address{"x@corp.example"}},
		{allow: []string{"*"}, deny: []string{"*@evil.example"}, in: []address.Address{"x@anything.example"}, out: []address.Address{"x@evil.example"}},
		{allow: []string{"group:staff", "dave@staff.example"}, deny: []string{"group:gone"}, in: []address.Address{"x@staff.example"}, out: []address.Address{"dave@staff.example"}},
	} {
		rules, err := NewRules(c.allow, c.deny, nil, groups)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range c.in {
			if !rules.Admits(a, nil) {
				t.Errorf("allow %v deny %v does not admit %s", c.allow, c.deny, a)
			}
		}
		for _, a := range c.out {
			if rules.Admits(a, nil) {
				t.Errorf("allow %v deny %v admits %s", c.allow, c.deny, a)
			}
		}
	}
}

func TestMistakesInRulesAreErrorsThatSayWhatWouldBeRight(t *testing.T) {
	groups := mustGroups(t, map[string][]string{"staff": {"carol@corp.example"}})
	for _, c := range []struct {
		allow []string
		says  string
	}{
		{nil, "allow alice@example.com"},
		{[]string{"alice"}, "*@example.com"},
		{[]string{"*@*.example.com"}, "domain"},
		{[]string{"a*@example.com"}, "must be alice@example.com"},
		{[]string{".*@example.com"}, "must be alice@example.com"},
		{[]string{"/^a@/"}, "dot"},
		{[]string{"@example.com"}, "must be *@example.com"}, {[]string{"{env.ALLOWED}"}, "placeholders are not read here"},
		{[]string{"group:stuff"}, "group stuff alice@example.com"},
		{[]string{"group:"}, "1 to 64"},
		{[]string{"group:a,b"}, "letters"},
	} {
		if _, err := NewRules(c.allow, nil, nil, groups); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("allow %v: %v; want an error that says %q", c.allow, err, c.says)
		}
	}
	for name, members := range map[string][]string{"a": {"group:b"}, "b": {"*"}, "c": {"nobody"}, "d,e": {"a@b.example"}} {
		if _, err := NewGroups(map[string][]string{name: members}); err == nil {
			t.Errorf("group %s %v was accepted", name, members)
		}
	}
}

func TestGroupsOfAnAddressAreSorted(t *testing.T) {
	groups := mustGroups(t, map[string][]string{"z": {"a@b.example"}, "a": {"*@b.example"}, "m": {"other@b.example"}})
	if got := groups.Of("a@b.example", nil); !slices.Equal(got, []string{"a", "z"}) {
		t.Errorf("groups are %v", got)
	}
	if got := (*Groups)(nil).Of("a@b.example", nil); got != nil {
		t.Errorf("no groups give %v", got)
	}
}

func TestTheFingerprintChangesWithTheRulesOnly(t *testing.T) {
	print := func(allow, deny []string, members ...string) string {
		rules, err := NewRules(allow, deny, nil, mustGroups(t, map[string][]string{"staff": members}))
		if err != nil {
			t.Fatal(err)
		}
		return rules.Fingerprint()
	}
	base := print([]string{"*@a.example", "b@b.example"}, nil, "c@c.example")
	if base != print([]string{"b@b.example", "*@a.example"}, nil, "c@c.example") {
		t.Error("the order of allow changes the fingerprint")
	}
	for i, other := range []string{
		print([]string{"*@a.example"}, nil, "c@c.example"),
		print([]string{"*@a.example", "b@b.example"}, []string{"d@d.example"}, "c@c.example"),
		print([]string{"*@a.example", "b@b.example"}, nil, "c@c.example", "e@e.example"),
		print([]string{"*@a.example", "b@b.example"}, nil, "*@c.example"),
	} {
		if other == base {
			t.Errorf("change %d does not change the fingerprint", i)
		}
	}
}

func TestWhatAStoreKnowsCountsAsFarAsTheConfigurationLetsIt(t *testing.T) {
	groups := mustGroups(t, map[string][]string{"staff": {"carol@corp.example"}, "gone": nil})
	asking, err := NewRules([]string{"group:staff"}, []string{"group:gone", "*@evil.example"}, []address.Address{"owner@a.example"}, groups)
	if err != nil {
		t.Fatal(err)
	}
	closed, err := NewRules([]string{"group:staff"}, []string{"group:gone"}, nil, groups)
	if err != nil {
		t.Fatal(err)
	}
	asking.At("https://a.example")
	closed.At("https://a.example")
	later, before := time.Now().Add(time.Hour), time.Now().Add(-time.Second)
	for name, c := range map[string]struct {
		who             address.Address
		standing        *Standing
		asking, granted bool // admitted where people may ask, and where they may not
	}{
		"nothing":              {"bob@b.example", nil, false, false},
		"in the group":         {"bob@b.example", &Standing{Groups: []string{"staff"}}, true, true},
		"in another group":     {"bob@b.example", &Standing{Groups: []string{"stuff"}}, false, false},
		"in a denied group":    {"carol@corp.example", &Standing{Groups: []string{"gone"}}, false, false},
		"in both":              {"bob@b.example", &Standing{Groups: []string{"gone", "staff"}}, false, false},
		"granted for good":     {"bob@b.example", &Standing{Grants: []Grant{{Origin: "https://a.example"}}}, true, false},
		"granted for now":      {"bob@b.example", &Standing{Grants: []Grant{{Origin: "https://a.example", Until: later}}}, true, false},
		"granted until a past": {"bob@b.example", &Standing{Grants: []Grant{{Origin: "https://a.example", Until: before}}}, false, false},
		"granted elsewhere":    {"bob@b.example", &Standing{Grants: []Grant{{Origin: "https://b.example"}}}, false, false},
		"granted and denied":   {"bob@evil.example", &Standing{Grants: []Grant{{Origin: "https://a.example"}}}, false, false},
		"nothing but rules":    {"carol@corp.example", nil, true, true},
	} {
		for rules, want := range map[*Rules]bool{asking: c.asking, closed: c.granted} {
			if got := rules.Admits(c.who, c.standing); got != want {
				t.Errorf("%s: admitted %v, want %v", name, got, want)
			}
			if got := rules.Admission(c.who).Admits(c.standing, time.Now()); got != want {
				t.Errorf("%s: admitted %v within a step, want %v", name, got, want)
			}
		}
	}
}

func TestGroupsOfAStoreAreThoseOfTheConfiguration(t *testing.T) {
	groups := mustGroups(t, map[string][]string{"staff": nil, "admins": {"a@b.example"}})
	if got := groups.Of("a@b.example", &Standing{Groups: []string{"staff", "unheard-of"}}); !slices.Equal(got, []string{"admins", "staff"}) {
		t.Errorf("groups are %v", got)
	}
}

// An address that deny covers is kept out with its mailbox: whatever tag is made up
// of it, and whatever dots where the provider ignores them.
func TestDenyCoversEveryAddressOfAMailbox(t *testing.T) {
	groups := mustGroups(t, map[string][]string{"gone": {"carol+old@corp.example", "*@gone.example"}})
	rules, err := NewRules([]string{"*"}, []string{"fired@corp.example", "f.i.red+x@gmail.com", "group:gone"}, nil, groups)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 15))
	tag := func() (tag string) {
		for range 1 + random.IntN(12) {
			tag += string("abcxyz0189-_+"[random.IntN(13)])
		}
		return "+" + tag
	}
	for range 500 {
		dotted := ""
		for i, c := range "fired" {
			if i > 0 && random.IntN(2) == 0 {
				dotted += "."
			}
			dotted += string(c)
		}
		for _, denied := range []string{
			"fired" + tag() + "@corp.example", "carol" + tag() + "@corp.example", "carol@corp.example",
			dotted + tag() + "@gmail.com", dotted + "@googlemail.com", "x" + tag() + "@gone.example",
		} {
			who, err := address.Parse(denied)
			if err != nil {
				t.Fatal(err)
			}
			for _, standing := range []*Standing{nil, {Groups: []string{"staff"}}} {
				if e := rules.Explain(who, standing); rules.Admits(who, standing) || e.Admitted || len(e.Denied) == 0 || rules.Admission(who).Admits(standing, time.Now()) {
					t.Fatalf("%s gets in: %+v", who, e)
				}
			}
		}
		for _, other := range []string{
			"fire" + tag() + "@corp.example", "fired" + tag() + "@other.example", "f.ired@corp.example", "x+fired@corp.example", dotted + "s@gmail.com",
		} {
			if who, err := address.Parse(other); err != nil || !rules.Admits(who, nil) {
				t.Fatalf("%s is kept out (%v)", other, err)
			}
		}
	}
}

// What deny covers by its mailbox, allow does not.
func TestAllowCoversTheVeryAddressOnly(t *testing.T) {
	groups := mustGroups(t, map[string][]string{"staff": {"carol@corp.example"}})
	rules, err := NewRules([]string{"alice@corp.example", "group:staff"}, nil, nil, groups)
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []address.Address{"alice+1@corp.example", "carol+1@corp.example"} {
		if rules.Admits(who, nil) || len(groups.Of(who, nil)) > 0 {
			t.Errorf("%s is let in, or in a group", who)
		}
	}
}
