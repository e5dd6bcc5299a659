package gate

import (
	"net/url"
	"strings"
	"testing"
)

func TestReturnToKeepsWhatIsLocalByteForByte(t *testing.T) {
	for _, to := range []string{
		"/", "/app", "/app/", "/a//b", "/app?u=https%3A%2F%2Fx.example%2F%3Fa%3D1%26b%3D2&q=%2B+%25", "/straße?q=ü", "/a%20b", "/%E2%82%AC",
		"/app?next=//evil.example", "/app#//evil.example", "/app?a=/../x", "/app#frag/../ment", "/x@evil.example", "/a:b", "/.well-known/x", "/...",
		"/?", "/#", "/_doorpostx", "/app?\\", "/a?b?c#d#e", "/" + strings.Repeat("a", maxReturnTo-1),
	} {
		if got := ReturnTo(to); got != to {
			t.Errorf("ReturnTo(%q) = %q", to, got)
		}
	}
}

// foreign generates addresses that some parser takes for local and some
// browser does not.
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

func FuzzReturnToStaysAtTheSite(f *testing.F) {
	for _, to := range foreign() {
		f.Add(to)
	}
	base, err := url.Parse("https://app.example.com/_doorpost/link")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, to string) {
		got := ReturnTo(to)
		if got != to && got != "/" {
			t.Fatalf("ReturnTo(%q) = %q", to, got)
		}
		// A browser reads a backslash as a slash and drops tabs and line ends.
		asBrowser := strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(got)
		path, _, _ := strings.Cut(asBrowser, "?")
		path, _, _ = strings.Cut(path, "#")
		if !strings.HasPrefix(path, "/") || strings.HasPrefix(strings.ReplaceAll(path, `\`, "/"), "//") {
			t.Fatalf("ReturnTo(%q) = %q leads elsewhere", to, got)
		}
		target, err := base.Parse(got)
		if err == nil && (target.Host != base.Host || target.Scheme != base.Scheme) {
			t.Fatalf("ReturnTo(%q) = %q leads to %s", to, got, target)
		}
		if strings.ContainsAny(got, "\r\n\x00") {
			t.Fatalf("ReturnTo(%q) = %q breaks a header", to, got)
		}
	})
}
