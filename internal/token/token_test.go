package token

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

var made = time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)

// one is a token as it can be.
func one() Token {
	return Token{ID: NewID(), Name: "backup", Sites: []string{"https://a.example.com"}, Made: made, Expires: made.Add(UsualLife)}
}

// pick returns some of a list, mostly few.
func pick[E any](random *rand.Rand, list []E) (some []E) {
	for _, e := range list {
		if random.IntN(3) == 0 {
			some = append(some, e)
		}
	}
	return some
}

func TestARequestKeepsToTheLimitsOfAToken(t *testing.T) {
	sites := []string{"https://a.example.com", "https://b.example.com", "https://a.example.com:8443"}
	patterns := []string{"/", "/*", "/a", "/a/*", "/a/b", "/b/*"}
	methods := []string{"GET", "HEAD", "POST", "PROPFIND"}
	networks := []netip.Prefix{
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.7/32"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("0.0.0.0/0"),
	}
	// What each pattern and network covers is written down here, not computed.
	covered := map[string][]string{"/": {"/"}, "/*": {"/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/b/x"}, "/a": {"/a"}, "/a/*": {"/a/", "/a/b", "/a/b/c"}, "/a/b": {"/a/b"}, "/b/*": {"/b/x"}}
	within := map[string][]string{
		"192.0.2.0/24": {"192.0.2.1", "::ffff:192.0.2.1"}, "198.51.100.7/32": {"198.51.100.7"}, "2001:db8::/32": {"2001:db8::1"},
		"0.0.0.0/0": {"192.0.2.1", "::ffff:192.0.2.1", "198.51.100.7", "198.51.100.8"},
	}
	paths := []string{"/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/b/x", ""}
	clients := []string{"192.0.2.1", "::ffff:192.0.2.1", "198.51.100.7", "198.51.100.8", "2001:db8::1", "2001:db9::1", ""}

	met := make(map[Limit]int)
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		token := Token{Sites: pick(random, sites), Paths: pick(random, patterns), Methods: pick(random, methods), Networks: pick(random, networks)}
		client := clients[random.IntN(len(clients))]
		r := Request{Origin: sites[random.IntN(len(sites))], Path: paths[random.IntN(len(paths))], Method: append(methods, "")[random.IntN(len(methods)+1)]}
		if client != "" {
			r.Client = netip.MustParseAddr(client)
		}
		want := WithinLimits
		in := func(ok bool, limit Limit) {
			if want == WithinLimits && !ok {
				want = limit
			}
		}
		in(slices.Contains(token.Sites, r.Origin), OtherSite)
		in(token.Paths == nil || slices.ContainsFunc(token.Paths, func(p string) bool { return slices.Contains(covered[p], r.Path) }), OtherPath)
		in(token.Methods == nil || slices.Contains(token.Methods, r.Method), OtherMethod)
		in(token.Networks == nil || slices.ContainsFunc(token.Networks, func(n netip.Prefix) bool { return slices.Contains(within[n.String()], client) }), OtherNetwork)
		if got := token.Crosses(r); got != want {
			t.Fatalf("%+v crosses %q of %+v, want %q", r, got, token, want)
		}
		met[want]++
	}
	for _, limit := range []Limit{WithinLimits, OtherSite, OtherPath, OtherMethod, OtherNetwork} {
		if met[limit] < 100 {
			t.Errorf("%q was met %d times", limit, met[limit])
		}
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	many := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprintf("A%s", strings.Repeat("B", i)))
		}
		return list
	}
	for name, c := range map[string]struct {
		change func(*Token)
		wrong  string
	}{
		"as it can be":         {func(*Token) {}, ""},
		"for ever":             {func(t *Token) { t.Expires = time.Time{} }, ""},
		"400 days":             {func(t *Token) { t.Expires = made.Add(MaxLife) }, ""},
		"longer":               {func(t *Token) { t.Expires = made.Add(MaxLife + time.Millisecond) }, "at most 400 days"},
		"over at once":         {func(t *Token) { t.Expires = made }, "in the future"},
		"over before":          {func(t *Token) { t.Expires = made.Add(-time.Hour) }, "in the future"},
		"without name":         {func(t *Token) { t.Name = "" }, "name of a service"},
		"name with a space":    {func(t *Token) { t.Name = "nightly backup" }, "name of a service"},
		"name with a comma":    {func(t *Token) { t.Name = "a,b" }, "name of a service"},
		"a person's name":      {func(t *Token) { t.Name, t.Owner = "Anna's phone", "a@example.com" }, ""},
		"only spaces":          {func(t *Token) { t.Name, t.Owner = "  ", "a@example.com" }, "1 to 64"},
		"a line break":         {func(t *Token) { t.Name, t.Owner = "a\nb", "a@example.com" }, "can be printed"},
		"turned around":        {func(t *Token) { t.Name, t.Owner = "a\u202eb", "a@example.com" }, "can be printed"},
		"no text":              {func(t *Token) { t.Name, t.Owner = "a\xff", "a@example.com" }, "can be printed"},
		"64 bytes":             {func(t *Token) { t.Name, t.Owner = strings.Repeat("x", 64), "a@example.com" }, ""},
		"65 bytes":             {func(t *Token) { t.Name, t.Owner = strings.Repeat("x", 65), "a@example.com" }, "1 to 64"},
		"a person's groups":    {func(t *Token) { t.Owner, t.Groups = "a@example.com", []string{"staff"} }, "groups of the person"},
		"without site":         {func(t *Token) { t.Sites = nil }, "--site"},
		"32 methods":           {func(t *Token) { t.Methods = many(32) }, ""},
		"33 methods":           {func(t *Token) { t.Methods = many(33) }, "at most 32"},
		"33 sites":             {func(t *Token) { t.Sites = many(33) }, "at most 32"},
		"33 paths":             {func(t *Token) { t.Paths = many(33) }, "at most 32"},
		"33 groups":            {func(t *Token) { t.Groups = many(33) }, "at most 32"},
		"33 networks":          {func(t *Token) { t.Networks = make([]netip.Prefix, 33) }, "at most 32"},
		"an empty method":      {func(t *Token) { t.Methods = []string{""} }, "not a method"},
		"a method in lower":    {func(t *Token) { t.Methods = []string{"GET", "get"} }, "not a method"},
		"two methods in one":   {func(t *Token) { t.Methods = []string{"GET,POST"} }, "not a method"},
		"a group of no name":   {func(t *Token) { t.Groups = []string{"staff", ""} }, "not how a token can be"},
		"a group with a comma": {func(t *Token) { t.Groups = []string{"staff,admins"} }, "not how a token can be"},
	} {
		token := one()
		c.change(&token)
		err := token.Check()
		if (err == nil) != (c.wrong == "") || err != nil && (!errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), c.wrong)) {
			t.Errorf("%s: %v, want %q", name, err, c.wrong)
		}
	}
}

func TestANetworkIsReadInOneForm(t *testing.T) {
	for written, want := range map[string]string{
		"192.0.2.0/24": "192.0.2.0/24", "192.0.2.1": "192.0.2.1/32", "2001:db8::/32": "2001:db8::/32", "2001:DB8::1": "2001:db8::1/128",
		"::ffff:192.0.2.1": "192.0.2.1/32", "0.0.0.0/0": "0.0.0.0/0", "::/0": "::/0",
		"192.0.2.1/24": "", "2001:db8::1/32": "", "::ffff:192.0.2.0/120": "", "::ffff:0.0.0.0/96": "", "192.0.2": "", "192.0.2.0/33": "", "192.0.2.0/-1": "",
		"192.0.2.0/024": "", "": "", "/24": "", "example.com": "", "fe80::1%eth0": "", "fe80::/10%eth0": "", " 192.0.2.0/24": "", "192.0.2.0/24,198.51.100.0/24": "",
	} {
		n, err := ParseNetwork(written)
		switch {
		case want == "" && !errors.Is(err, ErrInvalid):
			t.Errorf("%q is read as %v, %v", written, n, err)
		case want != "" && (err != nil || n.String() != want):
			t.Errorf("%q is read as %v, %v, want %s", written, n, err, want)
		}
	}
}

func TestUsesAreNotedToTheHourAndFromTheLastNetworksOnly(t *testing.T) {
	r := Record{Token: one()}
	use := func(network string, now time.Time, wantFirst, wantChanged bool) {
		t.Helper()
		if first, changed := r.NoteUse(network, now); first != wantFirst || changed != wantChanged {
			t.Fatalf("a use from %s: first %v, changed %v, want %v, %v", network, first, changed, wantFirst, wantChanged)
		}
	}
	use("a", made, true, true)
	use("a", made.Add(29*time.Minute), false, false)
	use("a", made.Add(30*time.Minute), false, true)
	use("a", made, false, false) // a clock that went back
	if want := made.Add(30 * time.Minute); !r.Used.Equal(want) {
		t.Fatalf("used at %v, want %v", r.Used, want)
	}
	for i := range 3 * maxNetworks {
		use(fmt.Sprint(i), made.Add(30*time.Minute), true, true)
	}
	if len(r.UsedFrom) != maxNetworks || r.UsedFrom[0] != fmt.Sprint(2*maxNetworks) || r.UsedFrom[maxNetworks-1] != fmt.Sprint(3*maxNetworks-1) {
		t.Fatalf("used from %v", r.UsedFrom)
	}
	use(r.UsedFrom[0], made.Add(30*time.Minute), false, false)
	use("a", made.Add(30*time.Minute), true, true) // forgotten since
}

func TestARotatedTokenHasItsWholeLifeAgain(t *testing.T) {
	r := Record{Token: one()}
	if r.Life() != UsualLife {
		t.Errorf("it lasts %v", r.Life())
	}
	r.Rotated = made.Add(30 * 24 * time.Hour)
	r.Expires = r.Rotated.Add(time.Hour)
	if r.Life() != time.Hour {
		t.Errorf("rotated, it lasts %v", r.Life())
	}
	r.Expires = time.Time{}
	if r.Life() != 0 || r.IsOver(made.AddDate(100, 0, 0)) {
		t.Errorf("for ever is %v", r.Life())
	}
}
