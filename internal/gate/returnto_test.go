package gate

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	whatwg "github.com/nlnwa/whatwg-url/url"
	"golang.org/x/net/http/httpguts"
)

// local are addresses on the site.
func local() []string {
	return []string{
		"/", "/app", "/app/", "/a//b", "/app?u=https%3A%2F%2Fx.example%2F%3Fa%3D1%26b%3D2&q=%2B+%25", "/straße?q=ü", "/a%20b", "/%E2%82%AC",
		"/app?next=//evil.example", "/app#//evil.example", "/app?a=/../x", "/app#frag/../ment", "/x@evil.example", "/a:b", "/.well-known/x", "/...",
		"/?", "/#", "/_doorpostx", "/app?\\", "/a?b?c#d#e", "/" + strings.Repeat("a", maxReturnTo-1),
	}
}

func TestReturnToKeepsWhatIsLocalByteForByte(t *testing.T) {
	for _, to := range local() {
		if got := ReturnTo(to); got != to {
			t.Errorf("ReturnTo(%q) = %q", to, got)
		}
	}
}

// foreign generates addresses that some parser reads as local and some browser does not.
func foreign() []string {
	var all []string
	for _, start := range []string{
		"//", `/\`, `\\`, `\/`, "///", "/%2f", "/%2F", "/%5c", "/%5C", "%2f%2f", "/\t/", "/\n/", "\t//", " //", "/ /", "/\x00/", "/./", "/../", "/.//", "/..//",
		"/%2e%2e//", "/%2e/", "/a/../../", "/./\\", "/\t\\", "https:", "https:/", "https://", "https:///", "http:\\\\", "javascript:", "data:", "//user@", "/\r\n", ".",
	} {
		all = append(all, start+"evil.example", start+"evil.example/path", start+"/evil.example")
	}
	return all
}

func TestReturnToRefusesWhatABrowserMayReadAsAnotherHost(t *testing.T) {
	for _, to := range foreign() {
		if got := ReturnTo(to); got != "/" {
			t.Errorf("ReturnTo(%q) = %q", to, got)
		}
	}
	for _, to := range []string{
		"", "app", "/_doorpost", "/_doorpost/", "/_doorpost/sign-out", "/%5fdoorpost/sign-out", "/_doorpost?x", "/_doorpost#x", "/%zz", "/a\x7f", "/a b", "/a?b\r\nSet-Cookie: x", "/a\xff",
		"/" + strings.Repeat("a", maxReturnTo),
	} {
		if got := ReturnTo(to); got != "/" {
			t.Errorf("ReturnTo(%q) = %q", to, got)
		}
	}
}

// asBrowser reads an address on a page of the gate as browsers do
// (https://url.spec.whatwg.org).
func asBrowser(t testing.TB, to string) *whatwg.Url {
	t.Helper()
	read, err := whatwg.ParseRef("https://app.example.com/_doorpost/link", to)
	if err != nil {
		t.Fatalf("a browser does not go to %q: %v", to, err)
	}
	return read
}

// staysAtTheSite reports whether the address leads a browser to the site, and not to the
// gate's own pages.
func staysAtTheSite(read *whatwg.Url) bool {
	decoded, err := url.PathUnescape(read.Pathname())
	return err == nil && read.Protocol() == "https:" && read.Host() == "app.example.com" && read.Username() == "" && read.Password() == "" &&
		!IsOwnPath(decoded) && !IsOwnPath(path.Clean(decoded))
}

// Otherwise no address could fail below.
func TestTheParserOfBrowsersSeesWhereTheyWouldGo(t *testing.T) {
	for to, host := range map[string]string{
		"//evil.example": "evil.example", `/\evil.example`: "evil.example", `\\evil.example`: "evil.example", "/\t/evil.example": "evil.example", "///evil.example/": "evil.example",
		"/\r\n/evil.example": "evil.example", "/..//evil.example": "app.example.com", "http:evil.example": "evil.example", "//user@evil.example": "evil.example", "https:evil.example": "app.example.com",
	} {
		if got := asBrowser(t, to).Host(); got != host {
			t.Errorf("%q leads to %q, want %q", to, got, host)
		}
	}
	for _, to := range []string{"//evil.example", "/_doorpost/sign-out", "sign-out", "/a/../_doorpost/sign-out", "/a/%2e%2E/_doorpost", "/%5Fdoorpost/x", "//app.example.com:444/", "//user@app.example.com/", "javascript:alert(1)"} {
		if staysAtTheSite(asBrowser(t, to)) {
			t.Errorf("%q passes for an address at the site", to)
		}
	}
}

func FuzzReturnToStaysAtTheSite(f *testing.F) {
	for _, to := range slices.Concat(local(), foreign()) {
		f.Add(to)
	}
	f.Fuzz(func(t *testing.T, to string) {
		got := ReturnTo(to)
		if got != to && got != "/" {
			t.Fatalf("ReturnTo(%q) = %q", to, got)
		}
		if read := asBrowser(t, got); !staysAtTheSite(read) {
			t.Fatalf("ReturnTo(%q) = %q leads a browser to %s", to, got, read)
		}
		// Other readers: Go's parser, and the header that has the address.
		if read, err := url.Parse(got); err == nil && (read.Host != "" || read.Scheme != "" || read.User != nil) {
			t.Fatalf("ReturnTo(%q) = %q leads to %s", to, got, read)
		}
		if !httpguts.ValidHeaderFieldValue(got) {
			t.Fatalf("ReturnTo(%q) = %q breaks a header", to, got)
		}
		if ReturnTo(got) != got {
			t.Fatalf("ReturnTo(%q) = %q does not come back to itself", to, got)
		}
	})
}
