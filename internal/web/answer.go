package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// storeRetry is the Retry-After while the store is down.
const storeRetry = 5 * time.Second

// noPagePolicy is the content security policy of answers that are not pages.
const noPagePolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"

// field is a header field. Its name is in canonical form already.
type field struct{ name, value string }

// secured are fields that every answer of ours has, beside its policy, which lets
// nobody frame it. Caches keep none of our answers, and other sites learn nothing.
var secured = [...]field{
	{"X-Content-Type-Options", "nosniff"},
	{"Cache-Control", "no-store"},
	{"Referrer-Policy", "same-origin"}, // the pages say so, too: a header of the site may replace this one
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
}

// varying is for caches that ignore no-store. A 401 does not need it: caches do not
// keep one unless asked to (RFC 9110, section 15.1).
var varying = field{"Vary", "Cookie, Sec-Fetch-Mode, Sec-Fetch-Dest, Accept"}

// secure sets the fields that every answer of ours has, with a content security
// policy, and more fields for this one. It removes the name of the server.
//
// The two answers to people who are not signed in have eight fields each, which is
// what Go's maps hold without a table: a ninth would make the whole answer a tenth
// dearer, since the server copies them all.
//
// The values are in one array, which saves an allocation for each. Each answer has an
// array of its own although most values never change: Caddy's header directive
// replaces text in place, and would change the answers to others too.
func secure(header http.Header, policy string, more ...field) {
	delete(header, "Server")
	values := make([]string, 0, len(secured)+len(more)+1)
	set := func(name, value string) {
		values = append(values, value)
		header[name] = values[len(values)-1 : len(values) : len(values)] // so that append makes a copy
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

// views are the pages in the brand of the site, at a portal of the one that is wanted.
func (d *Door) views(c *call) *view.Views {
	if c.wanted != (gate.Origin{}) {
		return d.Behind.Views(c.wanted)
	}
	return d.Views
}

// show answers with a page.
func (d *Door) show(c *call, status int, p view.Page) {
	d.showWithPolicy(c, status, p, d.views(c).ContentSecurityPolicy())
}

func (d *Door) showWithPolicy(c *call, status int, p view.Page, policy string) {
	if c.lang == nil {
		c.lang = d.language(c.r)
	}
	var body bytes.Buffer
	if err := d.views(c).Render(&body, c.lang, p, c.r.Method == http.MethodPost); err != nil {
		d.Logger.Error("rendering a page", "error", err)
		d.writeProblem(c, http.StatusInternalServerError, "")
		return
	}
	header := c.w.Header()
	secure(header, policy, varying, field{"X-Frame-Options", "DENY"}) // for browsers that do not know frame-ancestors
	c.keepOpener()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Language", c.lang.Tag())
	header.Add("Vary", "Accept-Language")
	c.write(status, body.Bytes())
}

func (c *call) write(status int, body []byte) {
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c.finish(status, body)
}

// finish writes status and body. Content-Length is left to the server, which counts a
// short body at less cost than one more header; a HEAD request has no body to count.
func (c *call) finish(status int, body []byte) {
	if c.r.Method == http.MethodHead {
		c.w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
		c.w.WriteHeader(status)
		return
	}
	c.w.WriteHeader(status)
	if len(body) > 0 {
		c.w.Write(body) // an error means that the visitor has left
	}
}

// seeOther sends a browser to a path of this site. The path stays as it is, byte for
// byte: http.Redirect would clean it.
func (c *call) seeOther(to string) {
	secure(c.w.Header(), noPagePolicy, varying, field{"Location", to})
	c.keepOpener()
	c.finish(http.StatusSeeOther, nil)
}

// keepOpener lets a window that renew opened be tied to the page that opened it. With
// same-origin on any page on the way browsers would cut the tie.
func (c *call) keepOpener() {
	if c.renews {
		c.w.Header()["Cross-Origin-Opener-Policy"] = []string{"unsafe-none"}
	}
}

// unnamed is for answers to programs: a browser that shows one has nothing to go on to, and
// there may be a token in the URL.
var unnamed = field{"Referrer-Policy", "no-referrer"}

// json answers a program.
func (c *call) json(status int, contentType string, body any) {
	secure(c.w.Header(), noPagePolicy, varying, field{"Content-Type", contentType}, unnamed)
	c.write(status, encode(body))
}

func encode(body any) []byte {
	encoded, err := json.Marshal(body)
	if err != nil {
		encoded = []byte("{}")
	}
	return append(encoded, '\n')
}

// failed answers that a service did not do what was asked, by the kind of its error.
// Where that is a page of its own, the callers show it. The page of an error leads to
// the path to. Whoever has to show a passkey is asked for it here, whatever they wanted, and
// then goes on to that path, so it is one of a page.
func (d *Door) failed(c *call, to string, err error) {
	if needs, guarded := errors.AsType[*signin.NeedsPasskey](err); guarded {
		d.askForPasskey(c, to, needs)
		return
	}
	d.failedWith(c, view.Unavailable{Frame: frame(c), To: to}, "the session cannot be checked just now; try again soon", err)
}

// failedWith does so with a page and words of its own.
func (d *Door) failedWith(c *call, page view.Page, detail string, err error) {
	status := http.StatusServiceUnavailable
	switch fault.KindOf(err) {
	case fault.Unknown:
		d.problem(c, http.StatusNotFound)
		return
	case fault.Unavailable:
		d.Logger.Error("the store does not answer; new sign-ins wait until it does", "error", err)
		c.w.Header().Set("Retry-After", strconv.Itoa(int(storeRetry/time.Second)))
	default:
		status = http.StatusInternalServerError
		d.Logger.Error("a request failed for a reason that is a defect of Doorpost", "path", c.r.URL.Path, "error", err)
	}
	if c.wantsPage() {
		d.show(c, status, page)
		return
	}
	d.writeProblem(c, status, detail)
}
