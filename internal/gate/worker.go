package gate

import (
	"net/http"
	"net/url"
	"strings"
)

// WorkerScope returns the widest scope that the service worker of a script may have, and
// reports whether our own pages are in it. The answer with the script may widen or narrow
// what it has by the place of the script (W3C, Service Workers, section "Update").
func WorkerScope(script *url.URL, host string, answer http.Header) (scope string, holdsOurs bool) {
	allowed := "./"
	if given := answer["Service-Worker-Allowed"]; len(given) > 0 {
		allowed = given[0]
	}
	widest, err := script.Parse(allowed)
	if err != nil || widest.Host != script.Host && !strings.EqualFold(widest.Host, host) {
		return "", false
	}
	scope = widest.EscapedPath()
	const ours = PathPrefix + "/"
	return scope, strings.HasPrefix(ours, scope) || strings.HasPrefix(scope, ours)
}
