package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// frontController is the script to which php_fastcgi sends requests for files that are not
// there. The path behind its name is for the script (RFC 3875, section 4.1.5).
const frontController = "/index.php"

// adviseOnPHP says which protected paths PHP finds behind the name of a script, where they
// are open, whether a matcher of the block or a handle around it protects the paths only.
func (e *edge) adviseOnPHP(ctx context.Context) (found []adminapi.Finding) {
	for _, s := range e.sites {
		if len(s.handlers) == 0 { // that of the portal
			continue
		}
		for _, pattern := range e.paths() {
			path := examplePath(pattern)
			h := e.gateAt(ctx, s, path)
			if h != nil && !strings.Contains(path, ".php") && e.gateAt(ctx, s, frontController+path) == nil && e.runsPHP(s, frontController+path) {
				found = append(found, h.Lines.warning(directive, "site "+s.name(),
					fmt.Sprintf("doorpost protects %s and not %s%s, in which PHP finds the same path, and which is open to anyone", pattern, frontController, pattern),
					"protect the whole site, doorpost { … }, and name what is open with public"))
				break
			}
		}
	}
	return found
}

// gateAt is the first block of a site that needs a session for a path, nil for none.
func (e *edge) gateAt(ctx context.Context, s *site, path string) *Handler {
	r, err := s.example(ctx, http.MethodGet, path)
	if err != nil {
		return nil
	}
	if h := e.gateOf(r); h != nil && h.site == s {
		return h
	}
	return nil
}

// runsPHP reports whether a request to a site may come to PHP.
func (e *edge) runsPHP(s *site, path string) (runs bool) {
	e.walkTo(requests{hosts: s.originHosts(), paths: []string{path}}, func(at step) fit {
		runs = runs || at.reach != never && at.directive() == "php_fastcgi"
		return at.ends()
	})
	return runs
}
