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

// field is a header field. Its name is in canonical form: it is not made so.
type field struct{ name, value string }

// secured are fields that every answer of ours has, beside the policy that lets
// nobody frame it. Nothing of ours is kept by caches or told to other sites.
var secured = [...]field{
	{"X-Content-Type-Options", "nosniff"},
	{"Cache-Control", "no-store"},
	{"Referrer-Policy", "same-origin"}, // with no-referrer browsers send Origin: null with our own forms
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
}

// varying is for caches that keep what they are told not to. An answer of 401 does
// without: it is none that caches keep unasked (RFC 9110, section 15.1).
var varying = field{"Vary", "Cookie, Sec-Fetch-Mode, Sec-Fetch-Dest, Accept"}

// secure sets the fields that every answer of ours has, with a content security
// policy, and those that this one has besides. It does not say which server it
// comes from.
//
// The two answers to those who are not signed in have eight fields each and no more,
// which is what Go's maps keep without a table: a ninth costs a tenth of the whole
// answer, since the server copies them all.
//
// The values lie in one array, which saves an allocation for each. The array is
// this answer's own although most of the values never change: the header
// directive of Caddy replaces text in place, and would do so in the answers to
// others too.
func secure(header http.Header, policy string, more ...field) {
	delete(header, "Server")
	values := make([]string, 0, len(secured)+len(more)+1)
	set := func(name, value string) {
		values = append(values, value)
		header[name] = values[len(values)-1 : len(values) : len(values)] // whoever appends moves away
	}
	for _, f := range secured {
		set(f.name, f.value)
	}
	set("Content-Security-Policy", policy)
	for _, f := range more {
		if f == varying && len(header["Vary"]) > 0 {
			header.Add("Vary", f.value)
			continue
		}
		set(f.name, f.value)
	}
}

// show answers with a page.
func (d *Door) show(c *call, status int, p view.Page) {
	d.showWithPolicy(c, status, p, d.Views.ContentSecurityPolicy())
}

func (d *Door) showWithPolicy(c *call, status int, p view.Page, policy string) {
	if c.lang == nil {
		c.lang = d.language(c.r)
	}
	var body bytes.Buffer
	if err := d.Views.Render(&body, c.lang, p); err != nil {
		d.Logger.Error("rendering a page", "error", err)
		d.writeProblem(c, http.StatusInternalServerError, "")
		return
	}
	header := c.w.Header()
	secure(header, policy, varying, field{"X-Frame-Options", "DENY"}) // for browsers that do not know frame-ancestors
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Language", c.lang.Tag())
	header.Add("Vary", "Accept-Language")
	c.write(status, body.Bytes())
}

func (c *call) write(status int, body []byte) {
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c.finish(status, body)
}

// finish answers. The server counts a short body by itself, at less cost than
// that of one more header, unless it does not see one.
func (c *call) finish(status int, body []byte) {
	if c.r.Method == http.MethodHead {
		c.w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
		c.w.WriteHeader(status)
		return
	}
	c.w.WriteHeader(status)
	if len(body) > 0 {
		c.w.Write(body) // who does not read the answer does not miss it
	}
}

// seeOther sends a browser to a path of this site. The path goes into the
// header as it is: http.Redirect would clean it, and it has to come back byte
// for byte.
func (c *call) seeOther(to string) {
	secure(c.w.Header(), noPagePolicy, varying, field{"Location", to})
	c.finish(http.StatusSeeOther, nil)
}

// json answers a program.
func (c *call) json(status int, contentType string, body any) {
	secure(c.w.Header(), noPagePolicy, varying, field{"Content-Type", contentType})
	c.write(status, encode(body))
}

func encode(body any) []byte {
	encoded, err := json.Marshal(body)
	if err != nil {
		encoded = []byte("{}")
	}
	return append(encoded, '\n')
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
	d.writeProblem(c, http.StatusServiceUnavailable, "the session cannot be checked just now; try again soon")
}

// signInPath is the path of the form for somebody who wants to go to a place.
func signInPath(to string) string {
	if to == "/" {
		return gate.SignInPath
	}
	return gate.SignInPath + "?to=" + url.QueryEscape(to)
}
