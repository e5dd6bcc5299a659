package gate

import (
	"fmt"
	"net/http"
	"slices"
)

// CheckCors checks an origin whose pages may send requests to an app.
func CheckCors(given string) error {
	if origin, err := ParseOrigin(given); err == nil && origin.String() == given {
		return nil
	}
	return fmt.Errorf("%q is not an origin such as https://dashboard.example.com: scheme and host in small letters, a port if it is not the usual one, and nothing else; it is https, loopback excepted", given)
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
