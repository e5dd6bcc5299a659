package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxForm bounds a form, in bytes. bodyTime bounds the time to read a body.
const (
	maxForm  = 16 << 10
	bodyTime = 15 * time.Second
)

// readForm reads the form of a POST, or says with which status it is refused. Fields in
// the query do not count.
func readForm(c *call) (fields url.Values, status int) {
	body, status := readOwn(c, "application/x-www-form-urlencoded")
	if status != 0 {
		return nil, status
	}
	fields, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, http.StatusBadRequest
	}
	for _, values := range fields {
		if len(values) != 1 {
			return nil, http.StatusBadRequest
		}
	}
	return fields, 0
}

// readScript reads what our script sends. Otherwise status is that of the answer.
func readScript(c *call) (body []byte, status int) { return readOwn(c, "application/json") }

// readOwn reads the body of a request from a page of ours.
func readOwn(c *call, mediaType string) (body []byte, status int) {
	if !fromOwnPage(c) {
		return nil, http.StatusForbidden
	}
	return readBody(c, mediaType, maxForm)
}

// readBody reads a body of one type, in UTF-8 and of at most most bytes. If it fails, status is
// that of the answer, else 0.
func readBody(c *call, mediaType string, most int64) (body []byte, status int) {
	if isEarly(c.r) {
		return nil, http.StatusTooEarly
	}
	if !isPlainBody(c.r.Header, mediaType) {
		return nil, http.StatusUnsupportedMediaType
	}
	// Some writers cannot set a deadline; then the server's own applies.
	control := http.NewResponseController(c.w)
	if control.SetReadDeadline(time.Now().Add(bodyTime)) == nil {
		defer control.SetReadDeadline(time.Time{})
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, most))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, http.StatusRequestEntityTooLarge
	} else if err != nil {
		return nil, http.StatusBadRequest
	}
	return body, 0
}

// isEarly reports whether a request came in TLS early data, here or at a proxy in front, and so
// may be a replay (RFC 8470). The header says so whatever its value is (section 5.1).
func isEarly(r *http.Request) bool {
	return r.TLS != nil && !r.TLS.HandshakeComplete || r.Header["Early-Data"] != nil
}

// isPlainBody reports whether a body is of one type, in UTF-8, and not coded. What is said twice
// can be read in two ways, and so can a parameter with a star (RFC 2231), which some readers decode
// and others pass over.
func isPlainBody(header http.Header, mediaType string) bool {
	types, codings := header["Content-Type"], header["Content-Encoding"]
	if len(types) != 1 || len(codings) > 1 || len(codings) == 1 && !strings.EqualFold(codings[0], "identity") {
		return false
	}
	given, with, err := mime.ParseMediaType(types[0])
	if err != nil || given != mediaType || strings.Contains(types[0], "*") {
		return false
	}
	charset := strings.ToLower(with["charset"])
	return len(with) == 0 || len(with) == 1 && (charset == "utf-8" || charset == "utf8")
}

// fromOwnPage reports whether a POST comes from a page of this very origin:
// scheme, host and port. http.CrossOriginProtection is not enough: it compares hosts
// only, and lets a request pass that does not say where it comes from.
//
// From a page with the referrer policy no-referrer, which a header of the site or an
// extension may make of ours, browsers send Origin: null. Then Sec-Fetch-Site has to
// say that it is the same origin: a sandboxed frame or another site cannot.
func fromOwnPage(c *call) bool {
	origins, sites := c.r.Header["Origin"], c.r.Header["Sec-Fetch-Site"]
	if len(origins) > 1 || len(sites) > 1 || len(sites) == 1 && sites[0] != "same-origin" {
		return false
	}
	if len(origins) == 0 || origins[0] == "null" {
		return len(sites) == 1
	}
	return origins[0] == c.origin.String()
}
