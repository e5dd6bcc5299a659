package address

import "testing"

func TestASlipOfAKnownDomainIsNoticed(t *testing.T) {
	for typed, want := range map[Address]Address{
		"ada@gmial.com": "ada@gmail.com", "ada+x@hotmail.co": "ada+x@hotmail.com", "ada@example.con": "ada@example.com", "ada@gmial.con": "ada@gmail.com",
		"ada@example.com": "", "ada@gmail.com": "", "ada@mail.com": "", "ada@ymail.com": "", "ada@example.co": "", "ada@x.gmial.com": "", "gmial.com@example.com": "",
	} {
		if got := typed.Meant(); got != want {
			t.Errorf("%s: meant is %q, want %q", typed, got, want)
		}
	}
	providers := map[string]bool{}
	for slip, domain := range slips {
		providers[domain] = true
		if slips[domain] != "" {
			t.Errorf("%s is both a provider and a slip", domain)
		}
		typed, err := Parse("ada@" + slip)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Parse(string(typed.Meant())); err != nil || got.Domain() != domain {
			t.Errorf("%s: meant is %q (%v)", typed, got, err)
		}
	}
	if len(providers) < 12 {
		t.Errorf("slips of %d providers only", len(providers))
	}
}
