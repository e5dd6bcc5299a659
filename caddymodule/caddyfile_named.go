package caddymodule

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// keptRoute is the route of a handler of ours. Of the directives of a named route that have
// no matcher Caddy makes one route, and keeps only the first of its handlers. Ours has one
// for all paths there. What it stands in has none: then nothing may stand beside that.
func keptRoute(h httpcaddyfile.Helper, handler caddyhttp.MiddlewareHandler) ([]httpcaddyfile.ConfigValue, error) {
	if !h.IsNamedRoute() {
		return h.NewRoute(nil, handler), nil
	}
	h.Reset()
	h.Next() // at its name again
	if !isKept(h) {
		return nil, at(h.Dispenser).WrapErr(errors.New("in a named route Caddy keeps only the first of several directives without a matcher, and could lose the one that this stands in; put all that the named route has into one route { … }"))
	}
	return h.NewRoute(caddy.ModuleMap{"path": h.JSON(caddyhttp.MatchPath{"*"})}, handler), nil
}

// isKept reports whether Caddy surely keeps a directive in a named route: it stands there
// itself, or in something with a matcher, or nothing without a matcher stands beside what it
// is in. Caddy's helper tells nobody what stands around a directive, so it is read from a
// field of its own; where that is not found, the directive counts as lost.
func isKept(h httpcaddyfile.Helper) bool {
	here, beside := h.Token(), 0
	d := caddyfile.NewDispenser(namedRouteOf(h))
	for d.Next() {
		for nesting := d.Nesting(); d.NextBlock(nesting); {
			segment := d.NextSegment()
			isHere := func(token caddyfile.Token) bool {
				return token.File == here.File && token.Line == here.Line && token.Text == here.Text
			}
			hasMatcher := len(segment) > 1 && segment[1].Line == segment[0].Line && isMatcher(segment[0].Text, segment[1].Text)
			if isHere(segment[0]) || hasMatcher && slices.ContainsFunc(segment, isHere) {
				return true
			}
			if !hasMatcher && !strings.HasPrefix(segment[0].Text, "@") {
				beside++
			}
		}
	}
	return beside == 1
}

// isMatcher reports whether what stands behind the name of a directive is surely a matcher. The
// paths in root /srv and redir /new are not.
func isMatcher(name, first string) bool {
	path := strings.HasPrefix(first, "/") && slices.Contains([]string{"handle", "handle_path", "route", "invoke", gateHandler}, name)
	return path || strings.HasPrefix(first, "@")
}

// namedRouteOf are the tokens of the named route that a directive stands in, none if Caddy
// does not keep them any more where it did.
func namedRouteOf(h httpcaddyfile.Helper) (tokens []caddyfile.Token) {
	block := reflect.ValueOf(h).FieldByName("parentBlock")
	if !block.IsValid() || !block.FieldByName("Segments").IsValid() {
		return nil
	}
	segments := block.FieldByName("Segments")
	for i := range segments.Len() {
		for j := range segments.Index(i).Len() {
			token := segments.Index(i).Index(j)
			tokens = append(tokens, caddyfile.Token{
				File: token.FieldByName("File").String(), Line: int(token.FieldByName("Line").Int()), Text: token.FieldByName("Text").String(),
			})
		}
	}
	return tokens
}
