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
func (e *edge) adviseOnPHP(ctx context.Context, s *site, paths []string) []adminapi.Finding {
	for _, pattern := range paths {
		path := examplePath(pattern)
		closed, behind := e.courseOf(ctx, s, http.MethodGet, path), e.courseOf(ctx, s, http.MethodGet, frontController+path)
		if !strings.Contains(path, ".php") && behind.opens(closed) && behind.answer.directive() == "php_fastcgi" {
			return []adminapi.Finding{closed.gate.Lines.warning(directive, "site "+s.name(),
				fmt.Sprintf("doorpost protects %s and not %s%s, in which PHP finds the same path, and which is open to anyone", pattern, frontController, pattern),
				"protect the whole site, doorpost { … }, and name what is open with public")}
		}
	}
	return nil
}
