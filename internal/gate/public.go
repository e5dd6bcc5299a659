package gate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// PublicPaths are the paths that anyone may reach: single ones, and all below one. The
// zero value is empty.
type PublicPaths struct {
	exact    map[string]bool
	prefixes []string // each ends in a slash
}

// publicSets are paths that go together, by the name that stands for them.
var publicSets = map[string][]string{
	":pwa": {
		"/manifest.json", "/manifest.webmanifest", "/site.webmanifest", "/favicon.ico",
		"/apple-touch-icon.png", "/apple-touch-icon-precomposed.png", "/robots.txt",
	},
	":well-known": {"/.well-known/*"},
}

// NamedPaths puts the paths of sets in the place of their names. The error names a set
// that there is not.
func NamedPaths(patterns []string) (all []string, err error) {
	for _, pattern := range patterns {
		set, found := publicSets[pattern]
		switch {
		case found:
			all = append(all, set...)
		case strings.HasPrefix(pattern, ":"):
			return nil, fmt.Errorf("%q is none of the sets of paths, which are: %s", pattern, strings.Join(slices.Sorted(maps.Keys(publicSets)), ", "))
		default:
			all = append(all, pattern)
		}
	}
	return all, nil
}

// ParsePublicPaths reads patterns such as /health and /assets/*, and names of sets.
func ParsePublicPaths(given []string) (PublicPaths, error) {
	p := PublicPaths{exact: make(map[string]bool)}
	patterns, err := NamedPaths(given)
	if err != nil {
		return p, err
	}
	for _, pattern := range patterns {
		prefix, below := strings.CutSuffix(pattern, "/*")
		switch {
		case !strings.HasPrefix(pattern, "/"):
			return p, fmt.Errorf("%q does not begin with a slash", pattern)
		case pattern == "/":
			p.exact["/"] = true
		case pattern == "/*":
			return p, fmt.Errorf("%q makes the whole site public; leave the directive out, or give it a matcher for what to protect", pattern)
		case strings.ContainsAny(prefix, "*?#{}") || !isPlain(prefix+"/x"):
			return p, fmt.Errorf("%q is neither a plain path such as /health nor all paths below one such as /assets/*", pattern)
		case IsOwnPath(pattern):
			return p, fmt.Errorf("%q is under %s, which is always public", pattern, PathPrefix)
		case below:
			p.prefixes = append(p.prefixes, prefix+"/")
		default:
			p.exact[pattern] = true
		}
	}
	return p, nil
}

// contains reports whether a decoded path is one of them.
func (p PublicPaths) contains(path string) bool {
	if p.exact[path] {
		return true
	}
	for _, prefix := range p.prefixes {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}
