package caddymodule

import (
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// noteCuts tells each block what may be cut off the path that a visitor asks for before it.
// Where a handle_path around it does, nothing else counts, unless the block's own patterns say
// that they are of whole paths; elsewhere the whole path does, too.
func (e *edge) noteCuts() {
	var cuts []step
	everyStep(e.server, e.routes, func(at step) {
		if to, _ := at.rewrite(); to.StripPathPrefix != "" {
			cuts = append(cuts, at)
		}
		if h, ours := at.handler.(*Handler); ours {
			before := slices.DeleteFunc(slices.Clone(cuts), func(cut step) bool { return !at.isBeside(cut) })
			cut := prefixAt(at, before)
			inHandlePath := cut != "" && !slices.ContainsFunc(before, func(cut step) bool { return !cut.isHandlePath() })
			if !inHandlePath || slices.ContainsFunc(pathsOf(h.matchers), func(pattern string) bool { return isBelow(pattern, cut) }) {
				h.block.Cuts = append(h.block.Cuts, "")
			}
			h.block.Cuts = append(h.block.Cuts, cut)
		}
	})
	for _, s := range e.sites {
		for _, h := range s.handlers {
			if h.block.Cuts == nil { // it stands in routes after errors
				h.block.Cuts = []string{""}
			}
		}
	}
}

// isHandlePath reports whether what a step cuts off begins all paths that come to it.
func (s step) isHandlePath() bool {
	to, _ := s.rewrite()
	folder := "/" + strings.Trim(to.StripPathPrefix, "/")
	return slices.ContainsFunc(s.on, func(route caddyhttp.Route) bool {
		return isWithin(route, func(pattern string) bool { return isBelow(pattern, folder) })
	})
}

// isBelow reports whether a pattern is of paths below a folder, or of the folder.
func isBelow(pattern, folder string) bool {
	return len(pattern) >= len(folder) && strings.EqualFold(pattern[:len(folder)], folder) && (len(pattern) == len(folder) || strings.ContainsRune("/*", rune(pattern[len(folder)])))
}
