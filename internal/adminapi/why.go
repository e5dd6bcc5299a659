package adminapi

// WhyOrder asks what would become of a person at a URL.
type WhyOrder struct {
	Address string `json:"address"`
	URL     string `json:"url"`
}

// Whom is the address of the person.
func (o WhyOrder) Whom() string { return o.Address }

// Access is whether somebody is let in.
type Access string

// What access there is.
const (
	Admitted   Access = "admitted" // once they are signed in
	NotAllowed Access = "refused"
	Public     Access = "public" // to anyone, signed in or not
)

// WhyReport is the answer.
type WhyReport struct {
	Address  string   `json:"address"`
	URL      string   `json:"url"`
	Site     string   `json:"site"`
	Result   Access   `json:"result"`
	Known    bool     `json:"known"`
	Disabled bool     `json:"disabled"`
	Barred   string   `json:"barred_by,omitempty"` // somebody else who is disabled and has the same mailbox, or had it
	Groups   []string `json:"groups"`
	MayAsk   bool     `json:"may_ask"` // the owners, to be let in
	OwnPage  bool     `json:"own_page"`
	TakenAs  string   `json:"taken_as,omitempty"` // GET, where a matcher looks at more than the URL
	Blocks   []Block  `json:"blocks"`             // of the site; a request has to satisfy each that needs a session for it
}

// Conclude adds up what the blocks say about somebody who may sign in at all, or may
// not: each block that needs a session has to admit them, and the owners may be asked
// if those that do not admit them let them ask.
func (r *WhyReport) Conclude(maySignIn bool) {
	needed, admitted, asking := false, maySignIn, maySignIn
	for _, b := range r.Blocks {
		if b.Needed && !r.OwnPage {
			needed, admitted, asking = true, admitted && b.Admits && b.Problem == "", asking && (b.Admits || b.MayAsk)
		}
	}
	switch {
	case !needed:
		r.Result = Public
	case admitted:
		r.Result = Admitted
	default:
		r.Result, r.MayAsk = NotAllowed, asking
	}
}

// Block is what one doorpost block of a site says about a person.
type Block struct {
	Matcher string   `json:"matcher,omitempty"` // which requests it is for; left out: every request
	Public  []string `json:"public,omitempty"`  // paths of it that anyone may reach
	Allow   []string `json:"allow"`
	Deny    []string `json:"deny"`
	Recent  string   `json:"recent,omitempty"`  // how old the last proof of the address may be
	Require string   `json:"require,omitempty"` // the proof beyond the mail: passkey
	Partly  bool     `json:"partly"`            // it stands in a route that not all requests of the site reach
	Matched bool     `json:"matched"`

	// TwoReadings says that it counts as matched because its matcher looks at the path,
	// and apps do not agree on how to read that path.
	TwoReadings bool `json:"two_readings,omitempty"`

	Needed  bool    `json:"session_needed"`    // matched, and not public
	Problem string  `json:"problem,omitempty"` // why the matcher fails
	Denied  []Cover `json:"denied"`            // entries of deny that cover the address
	Allowed []Cover `json:"allowed"`           // entries of allow that do
	Grant   *Grant  `json:"grant,omitempty"`
	Admits  bool    `json:"admits"`
	MayAsk  bool    `json:"may_ask"`
}

// Cover is an entry of a rule that covers a person.
type Cover struct {
	Entry string `json:"entry"`
	By    string `json:"by"` // configuration, or store: which put them into the group

	Mailbox bool `json:"same_mailbox,omitempty"` // it covers another address of the mailbox, which counts for deny
}
