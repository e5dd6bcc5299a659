package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// storeRetry is how soon it makes sense to try again when the store is down.
const storeRetry = 5 * time.Second

// noPagePolicy is the content security policy of what is no page.
const noPagePolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"

// secure sets the headers that every answer of ours has. Nothing of ours is
// kept by caches, framed, or told to other sites.
func secure(header http.Header, policy string) {
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	// With no-referrer browsers send Origin: null with our own forms.
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("X-Frame-Options", "DENY")
	header.Add("Vary", "Cookie, Sec-Fetch-Mode, Sec-Fetch-Dest, Accept")
}

// show answers with a page.
func (d *Door) show(c *call, status int, p view.Page) {
	d.showWithPolicy(c, status, p, d.Views.ContentSecurityPolicy())
}

func (d *Door) showWithPolicy(c *call, status int, p view.Page, policy string) {
	var body bytes.Buffer
	if err := d.Views.Render(&body, c.lang, p); err != nil {
		d.Logger.Error("rendering a page", "error", err)
		d.writeProblem(c, http.StatusInternalServerError, "")
		return
	}
	header := c.w.Header()
	secure(header, policy)
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Language", c.lang.Tag())
	header.Add("Vary", "Accept-Language")
	c.write(status, body.Bytes())
}

func (c *call) write(status int, body []byte) {
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(status)
	if c.r.Method != http.MethodHead {
		c.w.Write(body) // who does not read the answer does not miss it
	}
}

// seeOther sends a browser to a path of this site. The path goes into the
// header as it is: http.Redirect would clean it, and it has to come back byte
// for byte.
func (c *call) seeOther(to string) {
	header := c.w.Header()
	secure(header, noPagePolicy)
	header.Set("Location", to)
	c.write(http.StatusSeeOther, nil)
}

// json answers a program.
func (c *call) json(status int, contentType string, body any) {
	encoded, err := json.Marshal(body)
	if err != nil {
		encoded = []byte("{}")
	}
	header := c.w.Header()
	secure(header, noPagePolicy)
	header.Set("Content-Type", contentType)
	c.write(status, append(encoded, '\n'))
}

// problemDetails is the answer to a program (RFC 9457).
type problemDetails struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitempty"`
	SignInURL string `json:"sign_in_url,omitempty"`
}

// problemKinds are the problems that have a page.
var problemKinds = map[int]struct{ kind, detail string }{
	http.StatusBadRequest:            {view.ProblemMalformed, "the form cannot be read: each field is given once, as application/x-www-form-urlencoded"},
	http.StatusForbidden:             {view.ProblemCrossSite, "a form is accepted from a page of this site only: Origin or Sec-Fetch-Site has to say so"},
	http.StatusNotFound:              {view.ProblemNotFound, "there is nothing here"},
	http.StatusMethodNotAllowed:      {view.ProblemWrongMethod, "the Allow header lists the methods that work here"},
	http.StatusRequestEntityTooLarge: {view.ProblemTooLarge, "a form has at most 16 KiB"},
	http.StatusUnsupportedMediaType:  {view.ProblemUnsupported, "a form is sent as application/x-www-form-urlencoded"},
	http.StatusMisdirectedRequest:    {view.ProblemWrongHost, "the Host of the request is no address of this site; if there is a proxy in front, it has to pass the Host on"},
	http.StatusTooEarly:              {view.ProblemTooEarly, "the request came before the TLS handshake was done; send it again"},
}

// problem answers with a page to a person and with details to a program.
func (d *Door) problem(c *call, status int) {
	known := problemKinds[status]
	if c.wantsPage() && known.kind != "" {
		d.show(c, status, view.Problem{Frame: frame(c), Status: status, Kind: known.kind})
		return
	}
	d.writeProblem(c, status, known.detail)
}

func (d *Door) writeProblem(c *call, status int, detail string) {
	c.json(status, "application/problem+json", problemDetails{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail,
	})
}

// signInRequired answers a program that nobody is signed in (RFC 9110, section
// 15.5.2). The scheme is one that no browser asks a password for.
func (d *Door) signInRequired(c *call) {
	signIn := c.origin.String() + gate.PathPrefix + "/sign-in"
	c.w.Header().Set("WWW-Authenticate", `Doorpost sign_in_url="`+signIn+`"`)
	c.json(http.StatusUnauthorized, "application/problem+json", problemDetails{
		Type: "about:blank", Title: http.StatusText(http.StatusUnauthorized), Status: http.StatusUnauthorized,
		Detail: "nobody is signed in; a person signs in at sign_in_url", SignInURL: signIn,
	})
}

// unavailable answers that the store is down. It keeps where the person wanted
// to go.
func (d *Door) unavailable(c *call, to string, err error) {
	d.Logger.Error("the store does not answer; new sign-ins wait until it does", "error", err)
	c.w.Header().Set("Retry-After", strconv.Itoa(int(storeRetry/time.Second)))
	if c.wantsPage() {
		d.show(c, http.StatusServiceUnavailable, view.Unavailable{Frame: frame(c), To: to})
		return
	}
	d.writeProblem(c, http.StatusServiceUnavailable, "it cannot be told just now who is signed in; try again soon")
}

// signInPath is the path of the form for somebody who wants to go to a place.
func signInPath(to string) string {
	if to == "/" {
		return gate.PathPrefix + "/sign-in"
	}
	return gate.PathPrefix + "/sign-in?to=" + url.QueryEscape(to)
}
