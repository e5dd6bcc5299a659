package people

import (
	"slices"
	"strings"
	"testing"

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
		rules, err := NewRules(c.allow, c.deny, groups)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range c.in {
			if !rules.Admits(a) {
				t.Errorf("allow %v deny %v does not admit %s", c.allow, c.deny, a)
			}
		}
		for _, a := range c.out {
			if rules.Admits(a) {
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
		{[]string{"a*@example.com"}, "none of"},
		{[]string{".*@example.com"}, "none of"},
		{[]string{"/^a@/"}, "dot"},
		{[]string{"@example.com"}, "before the @"},
		{[]string{"group:stuff"}, "group stuff alice@example.com"},
		{[]string{"group:"}, "1 to 64"},
		{[]string{"group:a,b"}, "letters"},
	} {
		if _, err := NewRules(c.allow, nil, groups); err == nil || !strings.Contains(err.Error(), c.says) {
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
	if got := groups.Of("a@b.example"); !slices.Equal(got, []string{"a", "z"}) {
		t.Errorf("groups are %v", got)
	}
	if got := (*Groups)(nil).Of("a@b.example"); got != nil {
		t.Errorf("no groups give %v", got)
	}
}

func TestTheFingerprintChangesWithTheRulesOnly(t *testing.T) {
	print := func(allow, deny []string, members ...string) string {
		rules, err := NewRules(allow, deny, mustGroups(t, map[string][]string{"staff": members}))
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
