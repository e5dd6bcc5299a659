package caddymodule

import (
	"encoding/json"
	"os"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"golang.org/x/net/idna"
)

// setsOf are the matchers of a route. Of one that was not made yet those are known that
// look at hosts and paths.
func setsOf(route caddyhttp.Route) caddyhttp.MatcherSets {
	if len(route.MatcherSets) > 0 {
		return route.MatcherSets
	}
	return readSets(route.MatcherSetsRaw)
}

// asASCII are hosts as Caddy compares them.
func asASCII(hosts []string) []string {
	return each(hosts, func(host string) string {
		if ascii, err := idna.ToASCII(host); err == nil {
			return ascii
		}
		return host
	})
}

// unknownMatcher may match a request, or not.
type unknownMatcher struct {
	caddyhttp.RequestMatcherWithError
}

func readSets(written caddyhttp.RawMatcherSets) (sets caddyhttp.MatcherSets) {
	for _, raw := range written {
		var set caddyhttp.MatcherSet
		for name, value := range raw {
			var list []string
			var below caddyhttp.RawMatcherSets
			switch {
			case name == "host" && json.Unmarshal(value, &list) == nil:
				set = append(set, caddyhttp.MatchHost(asASCII(list)))
			case name == "path" && json.Unmarshal(value, &list) == nil:
				set = append(set, caddyhttp.MatchPath(list))
			case name == "not" && json.Unmarshal(value, &below) == nil:
				set = append(set, caddyhttp.MatchNot{MatcherSets: readSets(below)})
			default:
				set = append(set, unknownMatcher{})
			}
		}
		sets = append(sets, set)
	}
	return sets
}

// hostFit is what matchers make of the requests for a host.
type hostFit struct {
	never, always bool // none of them, all of them
	named         bool // the host is written there
}

// matchHost looks at what matchers make of a host, whatever else they want.
func matchHost(sets caddyhttp.MatcherSets, host string) hostFit {
	if len(sets) == 0 {
		return hostFit{always: true}
	}
	all := hostFit{never: true}
	for _, set := range sets {
		fits := hostFit{always: true}
		for _, matcher := range set {
			one := matchesOf(matcher, host)
			fits.never, fits.always, fits.named = fits.never || one.never, fits.always && one.always, fits.named || one.named
		}
		if !fits.never {
			all.never, all.always, all.named = false, all.always || fits.always, all.named || fits.named
		}
	}
	return all
}

func matchesOf(matcher any, host string) hostFit {
	switch m := matcher.(type) {
	case *caddyhttp.MatchHost:
		return hostIn(*m, host)
	case caddyhttp.MatchHost:
		return hostIn(m, host)
	case *caddyhttp.MatchNot:
		return matchesOf(*m, host)
	case caddyhttp.MatchNot:
		if fits := matchHost(m.MatcherSets, host); len(m.MatcherSets) > 0 {
			return hostFit{never: fits.always, always: fits.never}
		}
	}
	switch m := matcher.(type) { // a rewritten path may begin with anything
	case *caddyhttp.MatchPath:
		return hostFit{always: slices.Contains(*m, "*")}
	case caddyhttp.MatchPath:
		return hostFit{always: slices.Contains(m, "*")}
	}
	return hostFit{}
}

// hostIn is what a list of hosts makes of a host. Of placeholders, which Caddy reads with
// each request, only the environment stays as it is.
func hostIn(list []string, host string) hostFit {
	environment := caddy.NewEmptyReplacer()
	environment.Map(func(key string) (any, bool) {
		name, found := strings.CutPrefix(key, "env.")
		return os.Getenv(name), found
	})
	fits := hostFit{never: true}
	for _, pattern := range list {
		pattern = strings.ToLower(environment.ReplaceKnown(pattern, ""))
		switch {
		case strings.EqualFold(pattern, host):
			return hostFit{always: true, named: true}
		case strings.Contains(pattern, "{"):
			fits.never = false
		case coversHost(pattern, host):
			fits = hostFit{always: true}
		}
	}
	return fits
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
