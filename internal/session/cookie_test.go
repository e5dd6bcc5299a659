package session

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
)

func newRing(t *testing.T, secrets ...[]byte) keys.Ring {
	t.Helper()
	ring, err := keys.NewRing(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func siteCookie(ring keys.Ring, scope string) *Cookie {
	return NewCookie(ring, CookieOptions{Scope: scope, Secure: true, Lifetime: time.Hour})
}

func issue(t *testing.T, c *Cookie, id ID) string {
	t.Helper()
	cookie, err := c.Issue(id)
	if err != nil {
		t.Fatal(err)
	}
	return cookie.Value
}

func TestTheCookieIsAsStrictAsItsSiteAllows(t *testing.T) {
	ring := newRing(t, keys.Generate())
	for _, c := range []struct {
		options CookieOptions
		want    http.Cookie
	}{
		{CookieOptions{Scope: "https://a.example", Secure: true, Lifetime: time.Hour}, http.Cookie{Name: "__Host-doorpost", Secure: true}},
		{CookieOptions{Scope: "a.example", Domain: "a.example", Secure: true, Lifetime: time.Hour}, http.Cookie{Name: "__Secure-doorpost", Secure: true, Domain: "a.example"}},
		{CookieOptions{Scope: "http://localhost:8080", Lifetime: time.Hour}, http.Cookie{Name: "doorpost"}},
	} {
		got, err := NewCookie(ring, c.options).Issue(NewID())
		if err != nil {
			t.Fatal(err)
		}
		if got.Name != c.want.Name || got.Secure != c.want.Secure || got.Domain != c.want.Domain || got.Path != "/" || !got.HttpOnly ||
			got.SameSite != http.SameSiteLaxMode || got.MaxAge != 3600 {
			t.Errorf("%+v gives %+v", c.options, got)
		}
		if len(got.String()) > 400 {
			t.Errorf("the cookie has %d bytes", len(got.String()))
		}
	}
}

func TestReadGivesBackTheIDOfItsOwnCookieOnly(t *testing.T) {
	secret := keys.Generate()
	ring := newRing(t, secret)
	c, id := siteCookie(ring, "https://a.example"), NewID()
	value := issue(t, c, id)
	if got, ok := c.Read(value); !ok || got != id {
		t.Fatalf("Read gives %v, %v", got, ok)
	}
	if _, ok := siteCookie(ring, "https://b.example").Read(value); ok {
		t.Error("a cookie of one site is read at another")
	}
	if _, ok := siteCookie(newRing(t, keys.Generate()), "https://a.example").Read(value); ok {
		t.Error("a cookie is read under another secret")
	}
	rotated := siteCookie(newRing(t, keys.Generate(), secret), "https://a.example")
	if got, ok := rotated.Read(value); !ok || got != id {
		t.Error("a cookie is not read after its secret was moved to the second place")
	}
	if _, ok := c.Read(issue(t, rotated, id)); ok {
		t.Error("a cookie of the new secret is read under the old one")
	}
}

func TestReadRefusesEveryVariantOfACookie(t *testing.T) {
	c := siteCookie(newRing(t, keys.Generate()), "https://a.example")
	value := issue(t, c, NewID())
	for i := range len(value) {
		for _, flipped := range []byte{value[i] ^ 1, value[i] ^ 0x20, '=', 0, '\n'} {
			if variant := value[:i] + string(flipped) + value[i+1:]; variant != value {
				if _, ok := c.Read(variant); ok {
					t.Fatalf("a cookie with byte %d changed to %q is read", i, flipped)
				}
			}
		}
		if _, ok := c.Read(value[:i]); ok {
			t.Fatalf("a cookie cut after %d bytes is read", i)
		}
	}
	for _, variant := range []string{value + value, value + "=", value + "\n", " " + value, `"` + value + `"`, "", strings.Repeat("a", 15<<10)} {
		if _, ok := c.Read(variant); ok {
			t.Errorf("%.40q is read", variant)
		}
	}
}

func TestKeysAreReadAsTheyAreWritten(t *testing.T) {
	key := NewID().Key()
	if got, ok := ParseKey(key.String()); !ok || got != key {
		t.Errorf("ParseKey gives %v, %v", got, ok)
	}
	for _, s := range []string{"", "zz", key.String()[1:], key.String() + "0"} {
		if _, ok := ParseKey(s); ok {
			t.Errorf("ParseKey takes %q", s)
		}
	}
}

func FuzzReadTakesNothingThatWasNotIssued(f *testing.F) {
	// The secret is fixed, so that cookies are valid in all fuzzing processes.
	ring, err := keys.NewRing([]byte("not a secret: it is for a test only"))
	if err != nil {
		f.Fatal(err)
	}
	scopes := []string{"https://a.example", "https://b.example", "a.example"}
	issued := make(map[[2]string]ID)
	var cookies []*Cookie
	for i, scope := range scopes {
		c, id := siteCookie(ring, scope), ID{byte(i), 1, 2, 3}
		cookie, err := c.Issue(id)
		if err != nil {
			f.Fatal(err)
		}
		issued[[2]string{scope, cookie.Value}] = id
		cookies = append(cookies, c)
		f.Add(cookie.Value)
		f.Add(cookie.Value[:len(cookie.Value)-1])
		f.Add(cookie.Value + "=")
	}
	f.Add("MTc5NTQzNzgzMnxBZEVneG9Ia1lZN3ZZdjhyWEFlMjVVUT18g8IJ")
	f.Add("")
	f.Fuzz(func(t *testing.T, value string) {
		for i, c := range cookies {
			want, good := issued[[2]string{scopes[i], value}]
			if id, ok := c.Read(value); ok != good || id != want {
				t.Fatalf("%q is read as %v, %v at %s", value, id, ok, scopes[i])
			}
		}
	})
}
