package caddymodule

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// matcherWords is a matcher as an operator is told it.
type matcherWords struct {
	text      string // path /admin/*, or the JSON of it; empty: every request
	beyondURL bool   // it looks at more of a request than its URL
}

// describeMatchers puts matchers into words, before they are loaded.
func describeMatchers(sets caddyhttp.RawMatcherSets) (words matcherWords) {
	var all []string
	for _, set := range sets {
		text, beyond := describeSet(set)
		all, words.beyondURL = append(all, text), words.beyondURL || beyond
	}
	words.text = strings.Join(all, ", or ")
	return words
}

func describeSet(set caddy.ModuleMap) (text string, beyondURL bool) {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		value, beyond := string(set[name]), true
		var list []string
		var below []caddy.ModuleMap
		switch {
		case name == "path_regexp" || name == "query":
			beyond = false
		case name == "not" && json.Unmarshal(set[name], &below) == nil:
			words := describeMatchers(below)
			value, beyond = "("+words.text+")", words.beyondURL
		case json.Unmarshal(set[name], &list) == nil:
			value, beyond = strings.Join(list, " "), name != "host" && name != "path"
		}
		parts, beyondURL = append(parts, name+" "+value), beyondURL || beyond
	}
	return strings.Join(parts, " and "), beyondURL
}
