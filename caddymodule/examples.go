package caddymodule

import (
	"path"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"
)

// findPaths are the patterns of paths that the routes which requests to some hosts come to match,
// the blocks in them and what they rewrite, with what handle_path or uri strip_prefix cuts off
// before, and without.
func (e *edge) findPaths(hosts []string) (patterns []string) {
	var cuts []step
	seen := make(map[string]bool)
	e.walkTo(requests{hosts: hosts}, func(at step) fit {
		if at.reach == never || at.later {
			return never
		}
		to, _ := at.rewrite()
		some := append(patternsIn(at.on[len(at.on)-1].MatcherSets), patternsOfRewrite(to)...)
		if h, ok := at.handler.(*Handler); ok {
			some = append(some, patternsIn(h.matchers)...)
		}
		for _, pattern := range some {
			for _, pattern := range []string{prefixAt(at, cuts) + pattern, pattern} {
				if !seen[pattern] {
					seen[pattern], patterns = true, append(patterns, pattern)
				}
			}
		}
		if to.StripPathPrefix != "" {
			cuts = append(cuts, at)
		}
		return never
	})
	return patterns
}

// prefixAt is what steps before another have cut off the path that it sees.
func prefixAt(at step, cuts []step) (prefix string) {
	for _, cut := range cuts {
		if to, _ := cut.rewrite(); at.isBeside(cut) {
			prefix += "/" + strings.Trim(to.StripPathPrefix, "/")
		}
	}
	return prefix
}

// quoted matches the texts in an expression.
var quoted = regexp.MustCompile("\"([^\"]+)\"|'([^']+)'")

// patternsIn are patterns of paths that matchers may tell from others, with a query where they
// look at it. They are guesses: whether a request matches is asked of the matchers.
func patternsIn(sets caddyhttp.MatcherSets) (patterns []string) {
	for _, set := range sets {
		some, query := pathsOf(caddyhttp.MatcherSets{set}), ""
		for _, matcher := range set {
			switch m := matcher.(type) {
			case *caddyhttp.MatchPathRE:
				some = append(some, patternsLike(m.Pattern)...)
			case *caddyhttp.MatchVarsRE:
				for _, value := range *m {
					some = append(some, patternsLike(value.Pattern)...)
				}
			case *caddyhttp.MatchExpression:
				for _, text := range quoted.FindAllStringSubmatch(m.Expr, -1) {
					some = append(some, patternsLike(text[1]+text[2])...)
				}
			case *caddyhttp.MatchNot:
				some = append(some, patternsIn(m.MatcherSets)...)
			case *caddyhttp.MatchQuery:
				for name, values := range *m {
					query = "?" + name + "=" + strings.Join(values[:min(1, len(values))], "")
				}
			}
		}
		if len(some) == 0 && query != "" {
			some = []string{"/*"}
		}
		patterns = append(patterns, each(some, func(pattern string) string { return pattern + query })...)
	}
	return patterns
}

// patternsLike are patterns of paths for a text that is one, or a regular expression of some.
func patternsLike(text string) (patterns []string) {
	texts := []string{text}
	if !strings.HasPrefix(text, "/") || strings.ContainsAny(text, "^$()[]+?|\\") {
		parsed, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			return nil
		}
		texts = matchesOf(parsed)
	}
	for _, text := range texts {
		if strings.HasPrefix(text, ".") {
			text = "x" + text
		}
		text = "/" + strings.TrimPrefix(text, "/")
		patterns = append(patterns, text)
		if folder := path.Dir(text); folder != "/" {
			patterns = append(patterns, folder+"/*")
		}
	}
	return patterns
}

// maxMatches bounds how many examples of one regular expression are tried.
const maxMatches = 16

// matchesOf are texts that a regular expression matches, one for each of its alternatives.
func matchesOf(re *syntax.Regexp) (texts []string) {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 {
			return []string{strings.ToLower(string(re.Rune))}
		}
		return []string{string(re.Rune)}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []string{"x"}
	case syntax.OpCharClass: // a few letters may be alternatives: Go reads a|b as [a-b]
		for i := 0; i < len(re.Rune); i += 2 {
			if re.Rune[i] <= 'x' && 'x' <= re.Rune[i+1] {
				return []string{"x"}
			}
			for letter := re.Rune[i]; letter <= re.Rune[i+1] && len(texts) < maxMatches; letter++ {
				texts = append(texts, string(letter))
			}
		}
		return texts
	case syntax.OpConcat:
		texts = []string{""}
		for _, part := range re.Sub {
			var longer []string
			for _, text := range texts {
				longer = append(longer, each(matchesOf(part), func(match string) string { return text + match })...)
			}
			texts = longer[:min(len(longer), maxMatches)]
		}
		return texts
	case syntax.OpAlternate:
		for _, alternative := range re.Sub {
			texts = append(texts, matchesOf(alternative)...)
		}
		return texts[:min(len(texts), maxMatches)]
	case syntax.OpRepeat:
		return each(matchesOf(re.Sub[0]), func(match string) string { return strings.Repeat(match, max(1, re.Min)) })
	case syntax.OpQuest:
		return append(matchesOf(re.Sub[0]), "")
	case syntax.OpCapture, syntax.OpPlus, syntax.OpStar:
		return matchesOf(re.Sub[0])
	}
	return []string{""}
}

// patternsOfRewrite are patterns of the paths from which a rewrite cuts something off, or in
// which it replaces something.
func patternsOfRewrite(r rewrite.Rewrite) (patterns []string) {
	if r.StripPathPrefix != "" {
		patterns = append(patterns, "/"+strings.Trim(r.StripPathPrefix, "/")+"/*")
	}
	for _, replaced := range r.PathRegexp {
		patterns = append(patterns, patternsLike(replaced.Find)...)
	}
	for _, replaced := range r.URISubstring {
		patterns = append(patterns, patternsLike(regexp.QuoteMeta(replaced.Find))...)
	}
	return slices.DeleteFunc(patterns, func(pattern string) bool { return strings.Contains(pattern, "{") })
}
