package gate

import (
	"strings"
	"testing"
)

func TestParseOriginTakesHttpsAndLoopbackOnly(t *testing.T) {
	for given, want := range map[string]string{
		"https://App.Example.com":       "https://app.example.com",
		"https://app.example.com:443/":  "https://app.example.com",
		"https://app.example.com:8443":  "https://app.example.com:8443",
		"http://localhost:8080":         "http://localhost:8080",
		"http://app.localhost":          "http://app.localhost",
		"http://127.8.9.1:80":           "http://127.8.9.1",
		"http://[::1]:8080":             "http://[::1]:8080",
		"https://xn--bcher-kva.example": "https://xn--bcher-kva.example",
	} {
		if got, err := ParseOrigin(given); err != nil || got.String() != want {
			t.Errorf("ParseOrigin(%q) = %v, %v; want %s", given, got, err, want)
		}
	}
	for _, given := range []string{
		"", "app.example.com", "http://app.example.com", "http://localhost.evil.example", "http://127.0.0.1.evil.example", "http://[::2]", "ftp://x.example",
		"https://", "https://a@b.example", "https://x.example/path", "https://x.example?q", "https://x.example#f", "https://*.example.com", "https://{x}", "https://x.example\\y",
		"https://x y", "//x.example", "https:x.example",
	} {
		if got, err := ParseOrigin(given); err == nil {
			t.Errorf("ParseOrigin(%q) = %v", given, got)
		}
	}
}

func TestAnInternationalOriginIsWhatBrowsersSend(t *testing.T) {
	for _, parse := range []func(string) (Origin, error){ParseOrigin, ParseSiteOrigin, ParseCors} {
		for host, want := range map[string]string{
			"bücher.example": "xn--bcher-kva.example", "BÜCHER.Example": "xn--bcher-kva.example", "bu\u0308cher.example": "xn--bcher-kva.example",
			"straße.example": "xn--strae-oqa.example", "日本語。example": "xn--wgv71a119e.example", "xn--bcher-kva.bücher": "xn--bcher-kva.xn--bcher-kva", "a_b.example": "a_b.example",
			"b%C3%BCcher.example": "xn--bcher-kva.example",
		} {
			for _, around := range []string{"https://%", "https://login.%", "https://%:8443", "https://any.%:8443"} {
				given, want := strings.Replace(around, "%", host, 1), strings.Replace(around, "%", want, 1)
				if got, err := parse(given); err != nil || got.String() != want {
					t.Errorf("%q is %s, %v; want %s", given, got, err, want)
				}
			}
		}
		for _, bad := range []string{"bü cher.example", "bü\u200bcher_.example", "ü℀.example", "＊.example", "ü{host}", "ü..example", "-ü.example", strings.Repeat("ü", 63) + ".example", "\u00ad"} {
			if got, err := parse("https://" + bad); err == nil {
				t.Errorf("%q is taken for %s", bad, got)
			}
		}
	}
	if wild, err := ParseSiteOrigin("https://*.bücher.example"); err != nil || wild.String() != "https://*.xn--bcher-kva.example" || !wild.IsWildcard() {
		t.Errorf("the wildcard is %s, %v", wild, err)
	}
}

func TestOnlyTheHostsOfTheSiteAreFound(t *testing.T) {
	parse := func(s string) Origin {
		o, err := ParseOrigin(s)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	origins, err := NewOrigins([]Origin{parse("https://a.example"), parse("https://b.example:8443"), parse("http://localhost:8080"), parse("https://a.example")})
	if err != nil || len(origins.All()) != 3 {
		t.Fatalf("origins are %v, %v", origins.All(), err)
	}
	for host, want := range map[string]int{
		"a.example": 0, "A.EXAMPLE": 0, "a.example:443": 0, "b.example:8443": 1, "localhost:8080": 2,
		"a.example:80": -1, "a.example:8443": -1, "b.example": -1, "localhost": -1, "evil.example": -1, "": -1, "a.example.": -1, "a.example:1@evil": -1, "x.a.example": -1,
	} {
		got, ok := origins.find(host)
		if ok != (want >= 0) || ok && got != origins.All()[want] {
			t.Errorf("Host %q is origin %s (%v), want number %d", host, got, ok, want)
		}
	}
	if _, err := NewOrigins(nil); err == nil {
		t.Error("a site without origins was accepted")
	}
}

func TestAWildcardStandsForHostsOfOneLabel(t *testing.T) {
	wild, err := ParseSiteOrigin("https://*.Example.com:443")
	if err != nil || wild.String() != "https://*.example.com" || !wild.IsWildcard() {
		t.Fatalf("the origin is %s, %v", wild, err)
	}
	origins, err := NewOrigins([]Origin{wild})
	if err != nil {
		t.Fatal(err)
	}
	origins.Except([]string{"www.example.com"})
	labels := map[string]bool{
		"a": true, "A": true, "xn--bcher-kva": true, "0-0": true, strings.Repeat("a", 63): true,
		"": false, "www": false, "a.b": false, "-a": false, "a-": false, "*": false, "a_b": false, "a b": false, "a@b": false, "a/b": false, "a%2eb": false, "ä": false, "a\x00": false, strings.Repeat("a", 64): false,
	}
	for label, stands := range labels {
		for suffix, same := range map[string]bool{".example.com": true, ".EXAMPLE.com:443": true, ".example.com:8443": false, ".example.com:80": false, ".example.com.": false, ".example.org": false, "example.com": false, ".com": false} {
			host := label + suffix
			if got := origins.Has(host); got != (stands && same) {
				t.Errorf("it has the Host %q: %v", host, got)
			}
		}
	}
	for _, s := range []string{
		"https://*", "https://*.", "https://*.*.example.com", "https://a.*.example.com", "https://a*.example.com", "https://{host}", "https://*.{host}", "http://*.example.com", "*.example.com", "https://*.example.com/x", "https://*.example.com?x", "https://u@*.example.com", "https://?.example.com",
	} {
		if o, err := ParseSiteOrigin(s); err == nil {
			t.Errorf("%s is taken for %s", s, o)
		}
	}
}
