package caddymodule

import (
	"os"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// requests are those of which only the host is known, or the path, too.
type requests struct {
	hosts    []string // one of these, which may be patterns; none: any
	paths    []string // one of these, which may end with *; none: any
	anyPaths []string // patterns of paths that match them all
}

// match is how many of them some matchers match.
func (to requests) match(sets caddyhttp.MatcherSets) (fits fit) {
	if len(sets) == 0 {
		return always
	}
	for _, set := range sets {
		all := always
		for _, matcher := range set {
			all = min(all, to.matchOne(matcher))
		}
		fits = max(fits, all)
	}
	return fits
}

func (to requests) matchOne(matcher any) fit {
	switch m := matcher.(type) {
	case *caddyhttp.MatchNot:
		if len(m.MatcherSets) > 0 {
			return to.match(m.MatcherSets).not()
		}
	case caddyhttp.MatchPath:
		return to.matchPath(m)
	case *caddyhttp.MatchPath:
		return to.matchPath(*m)
	}
	patterns, isHost := hostsOf(matcher)
	if !isHost || len(to.hosts) == 0 {
		return sometimes
	}
	return hostsIn(patterns, to.hosts)
}

func (to requests) matchPath(patterns []string) fit {
	if slices.ContainsFunc(to.anyPaths, func(path string) bool { return slices.Contains(patterns, path) }) {
		return always
	}
	if len(to.paths) == 0 {
		return sometimes
	}
	fits := pathIn(patterns, to.paths[0])
	if slices.ContainsFunc(to.paths, func(path string) bool { return pathIn(patterns, path) != fits }) {
		return sometimes
	}
	return fits
}

// pathIn is how many of the requests for a path, which may end with *, match one of a list.
func pathIn(list []string, path string) (fits fit) {
	begin, isPattern := strings.CutSuffix(strings.ToLower(path), "*")
	for _, pattern := range list {
		pattern = strings.ToLower(pattern)
		prefix, rest, open := strings.Cut(pattern, "*")
		switch {
		case strings.Contains(pattern, "{"):
			fits = max(fits, sometimes)
		case !open && !isPattern && pattern == begin, open && rest == "" && strings.HasPrefix(begin, prefix):
			return always
		case strings.HasPrefix(begin, prefix) && open, isPattern && strings.HasPrefix(prefix, begin):
			fits = sometimes
		}
	}
	return fits
}

// hostsOf are the hosts of a matcher that is one of hosts. Where Caddy adds routes by itself
// it is not a pointer.
func hostsOf(matcher any) (patterns []string, isHost bool) {
	switch m := matcher.(type) {
	case *caddyhttp.MatchHost:
		return *m, true
	case caddyhttp.MatchHost:
		return m, true
	}
	return nil, false
}

// hostIn is how many requests for a host, which may be a pattern, have one of a list.
func hostIn(list []string, host string) (fits fit) {
	for _, pattern := range withEnvironment(list) {
		switch {
		case strings.EqualFold(pattern, host), coversHost(pattern, host):
			return always
		case strings.Contains(pattern, "{"), strings.ContainsAny(host, "*{"):
			fits = sometimes
		}
	}
	return fits
}

// hostsIn is how many requests for some hosts have one of a list. Those that stand in it by
// their names are not compared one by one: both lists may be long.
func hostsIn(list, hosts []string) fit {
	if len(hosts) == 1 {
		return hostIn(list, hosts[0])
	}
	names := make(map[string]bool)
	var patterns []string
	for _, pattern := range withEnvironment(list) {
		if names[pattern] = true; strings.ContainsAny(pattern, "*{") {
			patterns = append(patterns, pattern)
		}
	}
	fitOf := func(host string) fit {
		switch host = strings.ToLower(host); {
		case names[host]:
			return always
		case strings.ContainsAny(host, "*{"):
			return hostIn(list, host)
		}
		return hostIn(patterns, host)
	}
	fits := fitOf(hosts[0])
	if slices.ContainsFunc(hosts, func(host string) bool { return fitOf(host) != fits }) {
		return sometimes
	}
	return fits
}

// withEnvironment are patterns of hosts as they stay: of placeholders, which Caddy reads with
// each request, only the environment does.
func withEnvironment(list []string) []string {
	return each(list, func(pattern string) string {
		if strings.Contains(pattern, "{") {
			environment := caddy.NewEmptyReplacer()
			environment.Map(func(key string) (any, bool) {
				name, found := strings.CutPrefix(key, "env.")
				return os.Getenv(name), found
			})
			pattern = environment.ReplaceKnown(pattern, "")
		}
		return strings.ToLower(pattern)
	})
}

// coversHost reports whether a host is one that a pattern with * for any label stands for.
func coversHost(pattern, host string) bool {
	labels, names := strings.Split(pattern, "."), strings.Split(strings.ToLower(host), ".")
	if len(labels) != len(names) {
		return false
	}
	for i, label := range labels {
		if label != "*" && label != names[i] {
			return false
		}
	}
	return true
}

// hasByName reports whether one of some routes in each other is for a host by its name.
func hasByName(routes []caddyhttp.Route, host string) bool {
	return slices.ContainsFunc(routes, func(route caddyhttp.Route) bool {
		hosts, _ := coverage(route)
		return slices.ContainsFunc(withEnvironment(hosts), func(pattern string) bool { return strings.EqualFold(pattern, host) })
	})
}
