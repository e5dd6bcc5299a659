package gate

import (
	"fmt"
	"net/http"
	"slices"
)

// ParseCors reads an origin whose pages may send requests to an app. The errors of a
// site's origin speak of url.
func ParseCors(given string) (Origin, error) {
	origin, err := ParseOrigin(given)
	if err != nil {
		return origin, fmt.Errorf("%q is not an origin such as https://dashboard.example.com: it has a scheme, a host and, if need be, a port, nothing else; it is https, loopback excepted", given)
	}
	return origin, nil
}

// isPreflight reports whether a request only asks for an app's leave, for a page of
// another origin that the site knows (Fetch Standard, CORS-preflight fetch). Browsers
// send no cookies with it, and the app has to answer. One that an app can take for a
// request of another method is none.
func (v *Visit) isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && v.place != nil && r.Header.Get("Access-Control-Request-Method") != "" &&
		slices.Contains(v.site.Cors, r.Header.Get("Origin")) && HasPlainMethod(r)
}

// SharesWith reports whether pages of the origin that a request names may read answers.
func (v *Visit) SharesWith(origin string) bool {
	return v.site != nil && origin != "" && slices.Contains(v.site.Cors, origin)
}
