package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/doorpost-auth/doorpost/internal/assertion"
	"github.com/doorpost-auth/doorpost/internal/gate"
)

// keys are those by which the app checks assertions. They are public: it fetches them
// without a session, and anybody may read and keep them.
func (d *Door) keys(c *call) {
	if d.Assertions == nil {
		d.problem(c, http.StatusNotFound)
		return
	}
	c.forProgram = true
	set, err := d.Assertions.Public()
	if err != nil {
		d.failed(c, gate.KeysPath, err)
		return
	}
	header := c.w.Header()
	secure(header, noPagePolicy)
	header.Set("Content-Type", "application/jwk-set+json")
	header.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", assertion.CacheFor/time.Second))
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	header.Set("Access-Control-Allow-Origin", "*")
	c.write(http.StatusOK, set)
}
