package caddymodule

import (
	"cmp"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/gate"
)

// ServeHTTP implements caddyhttp.MiddlewareHandler. Once the request was passed
// on, which may take as long as a WebSocket lives, nothing is done but to note
// that it is over: the configuration may be another by then.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	site, visit, err := h.site.meet(h.app, r)
	if err != nil {
		return unopened(w, err)
	}
	sent := targetOf(r)
	verdict, err := h.block.Decide(visit, r, sent.URL)
	countRequest(verdict)
	if visit.HasToken() {
		noteToken(visit, verdict)
	}
	if err != nil {
		return caddyhttp.Error(http.StatusInternalServerError, fmt.Errorf("matching: %w", err))
	}
	switch verdict {
	case gate.OwnPage:
		site.web.Serve(w, r, sent.Path, visit, clientIP(r))
		return nil
	case gate.Pass:
		return h.passOn(visit, w, r, next)
	case gate.PassUnnamed:
		return next.ServeHTTP(w, r)
	case gate.NotAdmitted:
		h.noteRefusal(visit, r)
	}
	site.web.Refuse(w, r, sent.URI(), verdict, visit, clientIP(r))
	return nil
}

// unopened says that the store cannot be opened.
func unopened(w http.ResponseWriter, err error) error {
	countRequest(gate.Unavailable)
	w.Header().Set("Retry-After", "5")
	return caddyhttp.Error(http.StatusServiceUnavailable, fmt.Errorf("the store cannot be opened: %w", err))
}

// passOn hands a request on as somebody's. It is cut when their session ends.
func (h *Handler) passOn(visit *gate.Visit, w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	cancelable(r)
	live := h.app.opened.backend.live
	if live.Enter(visit, w, r) {
		defer live.Leave(visit)
		h.setPlaceholders(visit, r)
	}
	return next.ServeHTTP(w, r)
}

// target is what the visitor asked for, whatever rewrites made of it since.
type target struct {
	*url.URL
	written string // as it was sent
}

func targetOf(r *http.Request) target {
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok && original.URL != nil {
		return target{original.URL, cmp.Or(original.RequestURI, r.RequestURI)}
	}
	return target{r.URL, r.RequestURI}
}

// URI is path and query as they were written: Go's parser would write some
// characters otherwise, and people come back to what they asked for byte for
// byte.
func (t target) URI() string {
	if !strings.HasPrefix(t.written, "/") { // the absolute form, which proxies send
		return t.RequestURI()
	}
	return t.written
}

// placeholders is what the names of all placeholders of ours begin with.
const placeholders = "http.auth.user."

// setPlaceholders tells logs and other directives who is signed in, and that
// nobody else is. They ask when they want to know: few do, and to keep the values
// for all of them would take more memory than the visit does.
func (h *Handler) setPlaceholders(visit *gate.Visit, r *http.Request) {
	repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return
	}
	repl.DeleteByPrefix(placeholders)
	repl.Map(func(name string) (any, bool) {
		switch name {
		case placeholders + "id":
			return h.block.IdentityOf(visit).User, true
		case placeholders + "email":
			return h.block.IdentityOf(visit).Email, true
		case placeholders + "groups":
			return h.block.IdentityOf(visit).Groups, true
		case placeholders + "method":
			return visit.Method(), true
		}
		return nil, false
	})
}

// clientIP is the visitor's address as Caddy knows it: trusted_proxies decides
// whose word on it counts.
func clientIP(r *http.Request) netip.Addr {
	given, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	if ip, err := netip.ParseAddr(given); err == nil {
		return ip
	}
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return peer.Addr()
	}
	return netip.Addr{}
}

var _ caddyhttp.MiddlewareHandler = (*Handler)(nil)
