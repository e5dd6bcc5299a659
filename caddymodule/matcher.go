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
		value := string(set[name])
		var list []string
		var below []caddy.ModuleMap
		switch name {
		case "host", "path":
			if json.Unmarshal(set[name], &list) == nil {
				value = strings.Join(list, " ")
			}
		case "path_regexp", "query":
		case "not":
			if json.Unmarshal(set[name], &below) == nil {
				words := describeMatchers(below)
				value, beyondURL = "("+words.text+")", beyondURL || words.beyondURL
				break
			}
			fallthrough
		default:
			beyondURL = true
			if json.Unmarshal(set[name], &list) == nil {
				value = strings.Join(list, " ")
			}
		}
		parts = append(parts, name+" "+value)
	}
	return strings.Join(parts, " and "), beyondURL
}
