package web

import (
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/web/view"
)

const problemType = "application/problem+json"

// problemDetails is the answer to a program (RFC 9457).
type problemDetails struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitempty"`
	SignInURL string `json:"sign_in_url,omitempty"`
}

// problemKinds are the problems that have a page.
var problemKinds = map[int]struct {
	kind   view.ProblemKind
	detail string
}{
	http.StatusBadRequest:            {view.ProblemMalformed, "the form cannot be read: each field is given once, as application/x-www-form-urlencoded"},
	http.StatusForbidden:             {view.ProblemCrossSite, "a form is accepted from a page of this site only: Origin or Sec-Fetch-Site has to say so"},
	http.StatusNotFound:              {view.ProblemNotFound, "there is nothing here"},
	http.StatusMethodNotAllowed:      {view.ProblemWrongMethod, "the Allow header lists the methods that work here"},
	http.StatusRequestEntityTooLarge: {view.ProblemTooLarge, "a form has at most 16 KiB"},
	http.StatusUnsupportedMediaType:  {view.ProblemUnsupported, "a form is sent as application/x-www-form-urlencoded, and an answer about a passkey as application/json"},
	http.StatusMisdirectedRequest:    {view.ProblemWrongHost, "the Host of the request is not an address of this site; if there is a proxy in front, let it pass the Host on"},
	http.StatusTooEarly:              {view.ProblemTooEarly, "the request came before the TLS handshake was done; send it again"},
}

// problem answers with a page to a person and with details to a program.
func (d *Door) problem(c *call, status int) {
	known := problemKinds[status]
	if c.wantsPage() && known.kind != "" {
		d.show(c, status, view.Problem{Frame: frame(c), Kind: known.kind})
		return
	}
	d.writeProblem(c, status, known.detail)
}

func (d *Door) writeProblem(c *call, status int, detail string) {
	c.json(status, problemType, problemDetails{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail,
	})
}
