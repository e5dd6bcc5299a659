package gate

// RequestCookieName is the name of the cookie that marks a browser that asked
// for a link.
func RequestCookieName(o Origin) string { return smallCookieName(o, "doorpost-ask") }

// HopCookieName is the name of the cookie that marks a browser on its way to the portal
// and back.
func HopCookieName(o Origin) string { return smallCookieName(o, "doorpost-hop") }

// smallCookieName is the name of a cookie of one host. Cookies do not know ports, so it
// has that of the origin.
func smallCookieName(o Origin, name string) string {
	if o.IsSecure() {
		name = "__Host-" + name
	}
	if o.port != "" {
		name += "-" + o.port
	}
	return name
}
