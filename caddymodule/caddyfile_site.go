package caddymodule

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/people"
)

// readSite reads the site directive. Its matcher stays inside the handler,
// which has to see all requests of the site: what the client sent under the
// names of identity headers is deleted from those that do not match, too.
func readSite(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	if !h.Next() {
		return nil, h.ArgErr()
	}
	matcher, err := h.ExtractMatcherSet()
	if err != nil {
		return nil, err
	}
	handler := new(Handler)
	if err := handler.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	if matcher != nil {
		handler.MatcherSetsRaw = caddyhttp.RawMatcherSets{matcher}
	}
	return h.NewRoute(nil, handler), nil
}

// UnmarshalCaddyfile reads the site directive:
//
//	doorpost [<matcher>] {
//		allow   <who>…
//		deny    <who>…
//		public  <path>…
//		url     <origin>
//		headers { user <Name>; email <Name>; groups <Name>; name <Name> }
//	}
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return d.Errf("doorpost takes a matcher such as /admin/* or @name, and options in a block; %q is neither", d.Val())
	}
	err := readBlock(d, "doorpost",
		option{name: "allow", read: values(&h.Allow, people.CheckWho), many: true},
		option{name: "deny", read: values(&h.Deny, people.CheckWho), many: true},
		option{name: "public", read: values(&h.Public, checkPublic), many: true},
		option{name: "url", read: h.readURL},
		option{name: "headers", read: h.readHeaders, nested: true},
	)
	if err != nil {
		return err
	}
	if len(h.Allow) == 0 {
		return d.Err("doorpost lets nobody in: name who may enter with allow, for instance allow alice@example.com *@example.org, or allow * for anyone who can prove an address")
	}
	return nil
}

func checkPublic(pattern string) error {
	_, err := gate.ParsePublicPaths([]string{pattern})
	return err
}

func (h *Handler) readURL(d *caddyfile.Dispenser) error {
	if err := oneValue(&h.URL)(d); err != nil {
		return err
	}
	if isPlaceholder(h.URL) {
		return nil
	}
	if _, err := gate.ParseOrigin(h.URL); err != nil {
		return d.Errf("url: %v", err)
	}
	return nil
}

func (h *Handler) readHeaders(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.Errf("headers takes no argument such as %q; its options stand in a block: user Remote-User", d.Val())
	}
	h.Headers = new(HeadersConfig)
	err := readBlock(d, "headers",
		option{name: "user", read: oneValue(&h.Headers.User)},
		option{name: "email", read: oneValue(&h.Headers.Email)},
		option{name: "groups", read: oneValue(&h.Headers.Groups)},
		option{name: "name", read: oneValue(&h.Headers.Name)},
	)
	if err != nil {
		return err
	}
	if _, err := h.Headers.names(); err != nil {
		return d.Errf("headers: %v", err)
	}
	return nil
}

var (
	_ caddyfile.Unmarshaler = (*Handler)(nil)
	_ caddy.Provisioner     = (*Handler)(nil)
)
