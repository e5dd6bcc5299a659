package admin

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/store/memstore"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// newTokenService is a service with a store, where some sites take tokens.
func newTokenService(t *testing.T, sites ...string) (*Service, func() string) {
	t.Helper()
	store, err := memstore.New()
	if err != nil {
		t.Fatal(err)
	}
	var all []gate.Origin
	for _, site := range sites {
		origin, err := gate.ParseSiteOrigin(site)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, origin)
	}
	origins, err := gate.NewOrigins(all)
	if err != nil && len(all) > 0 {
		t.Fatal(err)
	}
	s, written := newService(t, &scripted{})
	s.Tokens, s.TokenSites = store, func() gate.Origins { return origins }
	return s, func() string {
		defer written.Reset()
		return written.String()
	}
}

const filesSite = "https://files.example.com"

func TestATokenIsMadeAndToldOnce(t *testing.T) {
	s, written := newTokenService(t, filesSite, "https://*.apps.example.com")
	order := token.Token{
		Name: "backup", Sites: []string{"HTTPS://Files.Example.com:443", "https://wiki.apps.example.com"}, Paths: []string{"/dav/*", "/health"}, Methods: []string{"GET"},
		Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Groups: []string{"robots"},
	}
	r, text, err := s.MakeToken(t.Context(), order, token.UsualLife)
	if err != nil {
		t.Fatal(err)
	}
	id, ok := token.Parse(text)
	if !ok || id != r.ID || !strings.HasPrefix(text, "dpst_") || r.Sum != token.SumOf(text) {
		t.Errorf("the text of %+v is %s", r, text)
	}
	if r.Life() != token.UsualLife || time.Since(r.Made) > time.Minute || !slices.Equal(r.Sites, []string{filesSite, "https://wiki.apps.example.com"}) {
		t.Errorf("made is %+v", r)
	}
	found, err := s.Token(t.Context(), r.ID)
	if err != nil || found.Sum != r.Sum || !found.Expires.Equal(r.Expires) || fmt.Sprint(found.Paths, found.Methods, found.Networks, found.Groups) != "[/dav/* /health] [GET] [192.0.2.0/24] [robots]" {
		t.Errorf("found is %+v, %v", found, err)
	}
	line := written()
	if strings.Count(line, "\n") != 1 || !strings.Contains(line, `"msg":"token made"`) || !strings.Contains(line, fmt.Sprintf(`"token":%q,"name":"backup"`, r.ID)) || strings.Contains(line, text) {
		t.Errorf("written is %s", line)
	}
	if _, text, err := s.MakeToken(t.Context(), order, 0); !errors.Is(err, token.ErrNameTaken) || text != "" || !strings.Contains(err.Error(), "tokens rotate "+string(r.ID)+",") {
		t.Errorf("another of that name: %q, %v", text, err)
	}
	if line := written(); line != "" {
		t.Errorf("of one that was not made is written %s", line)
	}
	order.Name = "for-ever"
	if r, _, err = s.MakeToken(t.Context(), order, 0); err != nil || !r.Expires.IsZero() {
		t.Errorf("one for ever is %+v, %v", r, err)
	}
}

func TestWhatIsOrderedTwiceIsKeptOnce(t *testing.T) {
	s, _ := newTokenService(t, filesSite, "https://wiki.example.com")
	r, _, err := s.MakeToken(t.Context(), token.Token{
		Name: "backup", Sites: []string{filesSite, "https://wiki.example.com", filesSite + "/", "https://FILES.example.com:443"}, Paths: []string{"/dav/*", "/dav/*"},
		Methods: []string{"GET", "PUT", "GET"}, Groups: []string{"robots", "robots"},
		Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.0.2.0/24")},
	}, token.UsualLife)
	if got := fmt.Sprint(r.Sites, r.Paths, r.Methods, r.Groups, r.Networks); err != nil || got != "["+filesSite+" https://wiki.example.com] [/dav/*] [GET PUT] [robots] [192.0.2.0/24]" {
		t.Errorf("made is one for %s, %v", got, err)
	}
}

func TestATokenThatIsOrderedWronglyIsNotMade(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *token.Token)
		life   time.Duration
		words  string
	}{
		"no site":             {change: func(t *token.Token) { t.Sites = nil }, words: "--site"},
		"no origin":           {change: func(t *token.Token) { t.Sites = []string{"files.example.com"} }, words: "site:"},
		"a path":              {change: func(t *token.Token) { t.Sites = []string{filesSite + "/dav"} }, words: "site:"},
		"not https":           {change: func(t *token.Token) { t.Sites = []string{"http://files.example.com"} }, words: "site:"},
		"another site":        {change: func(t *token.Token) { t.Sites = []string{filesSite, "https://b.example.com"} }, words: "no site at https://b.example.com takes tokens; sites that do: " + filesSite},
		"another port":        {change: func(t *token.Token) { t.Sites = []string{filesSite + ":8443"} }, words: "takes tokens"},
		"many sites":          {change: func(t *token.Token) { t.Sites = []string{"https://*.example.com"} }, words: "single sites"},
		"a name with a space": {change: func(t *token.Token) { t.Name = "the backup" }, words: "name of a service"},
		"a set of paths":      {change: func(t *token.Token) { t.Paths = []string{":pwa"} }, words: `":pwa" is neither`},
		"no path":             {change: func(t *token.Token) { t.Paths = []string{"dav"} }, words: `"dav" is neither`},
		"an empty path":       {change: func(t *token.Token) { t.Paths = []string{""} }, words: `"" is neither`},
		"a star in a path":    {change: func(t *token.Token) { t.Paths = []string{"/a*b"} }, words: "is neither"},
		"dots":                {change: func(t *token.Token) { t.Paths = []string{"/a/../b"} }, words: "is neither"},
		"small letters":       {change: func(t *token.Token) { t.Methods = []string{"get"} }, words: "not a method"},
		"too long":            {life: token.MaxLife + time.Second, words: "at most 400 days"},
		"over before":         {life: -time.Hour, words: "in the future"},
	} {
		s, written := newTokenService(t, filesSite)
		order := token.Token{Name: "backup", Sites: []string{filesSite}}
		if c.change != nil {
			c.change(&order)
		}
		if c.life == 0 {
			c.life = token.UsualLife
		}
		_, text, err := s.MakeToken(t.Context(), order, c.life)
		if !errors.Is(err, token.ErrInvalid) || !strings.Contains(err.Error(), c.words) || text != "" {
			t.Errorf("%s: %v, %q, want %q", name, err, text, c.words)
		}
		list, _, err := s.ListTokens(t.Context(), "", 10)
		if line := written(); len(list) > 0 || err != nil || line != "" {
			t.Errorf("%s: there are %d tokens (%v), and written is %q", name, len(list), err, line)
		}
	}
	s, _ := newTokenService(t)
	if _, _, err := s.MakeToken(t.Context(), token.Token{Name: "a", Sites: []string{filesSite}}, time.Hour); err == nil || !strings.Contains(err.Error(), "sites that do: none; one more does with the option tokens") {
		t.Errorf("where no site takes tokens: %v", err)
	}
}

func TestATokenIsRotatedAndItsLifeBeginsAnew(t *testing.T) {
	s, written := newTokenService(t, filesSite)
	made := func(life time.Duration) (token.Record, string) {
		t.Helper()
		r, text, err := s.MakeToken(t.Context(), token.Token{Name: fmt.Sprint("backup-", life), Sites: []string{filesSite}}, life)
		if err != nil {
			t.Fatal(err)
		}
		return r, text
	}
	before, first := made(48 * time.Hour)
	written()
	for _, overlap := range []time.Duration{-time.Second, token.MaxOverlap + time.Second} {
		if _, _, err := s.RotateToken(t.Context(), before.ID, overlap); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("an overlap of %v: %v", overlap, err)
		}
	}
	if _, _, err := s.RotateToken(t.Context(), token.NewID(), 0); !errors.Is(err, token.ErrUnknown) {
		t.Errorf("one that is not there: %v", err)
	}
	if line := written(); line != "" {
		t.Errorf("written is %s", line)
	}
	after, second, err := s.RotateToken(t.Context(), before.ID, 24*time.Hour)
	id, ok := token.Parse(second)
	if err != nil || !ok || id != before.ID || second == first || after.Sum != token.SumOf(second) || after.Former != token.SumOf(first) {
		t.Fatalf("rotated is %+v, %q, %v", after, second, err)
	}
	if overlap := after.FormerUntil.Sub(after.Rotated); overlap != 24*time.Hour || after.Life() != 48*time.Hour || after.Expires.Before(before.Expires) {
		t.Errorf("the overlap is %v, the life %v", overlap, after.Life())
	}
	if line := written(); strings.Count(line, "\n") != 1 || !strings.Contains(line, `"msg":"token rotated"`) || strings.Contains(line, second) {
		t.Errorf("written is %s", line)
	}
	after, _, err = s.RotateToken(t.Context(), before.ID, 0)
	if err != nil || after.FormerUntil.After(time.Now()) || after.Life() != 48*time.Hour {
		t.Errorf("rotated without overlap it is %+v, %v", after, err)
	}
	never, _ := made(0)
	if after, _, err = s.RotateToken(t.Context(), never.ID, time.Hour); err != nil || !after.Expires.IsZero() {
		t.Errorf("one for ever is rotated to %+v, %v", after, err)
	}
}

func TestATokenIsEnded(t *testing.T) {
	s, written := newTokenService(t, filesSite)
	r, text, err := s.MakeToken(t.Context(), token.Token{Name: "backup", Sites: []string{filesSite}}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	written()
	if _, err := s.EndToken(t.Context(), r.ID, "alice@example.com"); !errors.Is(err, token.ErrUnknown) || written() != "" {
		t.Errorf("somebody ends that of a service: %v", err)
	}
	if ended, err := s.EndToken(t.Context(), r.ID, ""); err != nil || ended.Name != "backup" {
		t.Errorf("ended is %+v, %v", ended, err)
	}
	if line := written(); strings.Count(line, "\n") != 1 || !strings.Contains(line, `"msg":"token ended"`) || strings.Contains(line, text) {
		t.Errorf("written is %s", line)
	}
	for range 2 {
		if _, err := s.EndToken(t.Context(), r.ID, ""); !errors.Is(err, token.ErrUnknown) || written() != "" {
			t.Errorf("one that ended is ended again: %v", err)
		}
	}
	if _, err := s.Token(t.Context(), r.ID); !errors.Is(err, token.ErrUnknown) {
		t.Errorf("one that ended is found: %v", err)
	}
}
