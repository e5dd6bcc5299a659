package gate

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"slices"
	"strings"
	"testing"
)

func defaultNames() *managed {
	m := new(managed)
	m.add(DefaultHeaderNames)
	return m
}

// spellings generates the ways to write a header name that some app treats as the same:
// each separator as -, _ or ., each word in several cases.
func spellings(name string) []string {
	words := strings.Split(name, "-")
	all := []string{""}
	for i, word := range words {
		var next []string
		for _, start := range all {
			for _, separator := range []string{"-", "_", "."} {
				if i == 0 {
					separator = ""
				}
				for _, written := range []string{word, strings.ToLower(word), strings.ToUpper(word), word[:1] + strings.ToUpper(word[1:])} {
					next = append(next, start+separator+written)
				}
			}
		}
		slices.Sort(next)
		all = slices.Compact(next)
	}
	return all
}

func TestEverySpellingOfAnIdentityHeaderIsDeleted(t *testing.T) {
	m := defaultNames()
	count := 0
	for _, name := range m.folded {
		for _, spelling := range spellings(name) {
			count++
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header = http.Header{spelling: {"admin@corp.example", "twice"}, "X-Kept": {"1"}}
			m.strip(r, nil)
			if len(r.Header) != 1 || r.Header.Get("X-Kept") != "1" {
				t.Errorf("%q: the request keeps %v", spelling, r.Header)
			}
		}
	}
	if count < 100 {
		t.Fatalf("only %d spellings were tried", count)
	}
}

func TestOtherHeadersAreLeftAlone(t *testing.T) {
	m := defaultNames()
	header := http.Header{
		"Remote-Users": {"1"}, "Remoteuser": {"1"}, "Xremote-User": {"1"}, "Remote-Use": {"1"}, "User-Remote": {"1"},
		"Accept": {"*/*"}, strings.Repeat("A", 200): {"1"}, "": {"1"},
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header = maps.Clone(header)
	m.strip(r, nil)
	if !maps.EqualFunc(header, r.Header, slices.Equal) {
		t.Errorf("the request keeps %v of %v", r.Header, header)
	}
}

func TestConnectionCannotTakeTheIdentityAway(t *testing.T) {
	m := defaultNames()
	for _, c := range []struct{ sent, kept []string }{
		{[]string{"close, Remote-User"}, []string{"close"}},
		{[]string{"remote_email"}, nil},
		{[]string{" \tREMOTE.GROUPS\t ,close"}, []string{"close"}},
		{[]string{"upgrade", "Remote-Name,Remote-User"}, []string{"upgrade"}},
		{[]string{"keep-alive, X-Other"}, []string{"keep-alive, X-Other"}},
		{[]string{"a,,b, remote-user,"}, []string{"a, b"}},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Connection"] = slices.Clone(c.sent)
		m.strip(r, nil)
		if got := r.Header["Connection"]; !slices.Equal(got, c.kept) {
			t.Errorf("Connection %q becomes %q, want %q", c.sent, got, c.kept)
		}
	}
}

func TestTrailersAreDropped(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Trailer = http.Header{"Remote-User": {"admin@corp.example"}}
	defaultNames().strip(r, nil)
	if r.Trailer != nil {
		t.Errorf("the request keeps trailers %v", r.Trailer)
	}
}

func TestAnIdentityIsWrittenOnceAndEmptyValuesSetNoHeader(t *testing.T) {
	header := make(http.Header)
	id := Identity{User: "alice@corp.example", Email: "alice@corp.example", Groups: "a,b"}
	var cells identityCells
	DefaultHeaderNames.set(header, id, &cells)
	want := http.Header{"Remote-User": {id.User}, "Remote-Email": {id.Email}, "Remote-Groups": {"a,b"}}
	if !maps.EqualFunc(header, want, slices.Equal) {
		t.Errorf("headers are %v", header)
	}
	// Later handlers may append to a value or change it in place, and another block may
	// write other headers.
	other := HeaderNames{User: "X-User"}
	other.set(header, id, &cells)
	header["X-User"][0] = "changed"
	if got := header.Get("Remote-User"); got != id.User {
		t.Errorf("a change of one block's header changes another's: %q", got)
	}
	header["Remote-User"] = append(header["Remote-User"], "x")
	header["Remote-User"][0] = "changed"
	if got := header.Get("Remote-Email"); got != id.Email {
		t.Errorf("a change of one header changes another: %q", got)
	}
}

func TestHeaderNamesThatCannotCarryAnIdentityAreRefused(t *testing.T) {
	for _, names := range []HeaderNames{
		{User: "Host"}, {User: "cookie"}, {User: "Connection"}, {User: "X User"}, {User: "X-User:"}, {User: "X-Üser"},
		{User: "X-User", Email: "x_user"}, {}, {User: strings.Repeat("x", 64)},
	} {
		if got, err := names.Canonical(); err == nil {
			t.Errorf("%+v was accepted as %+v", names, got)
		}
	}
	got, err := HeaderNames{User: "x-webauth-user", Email: "X-Email"}.Canonical()
	if err != nil || got.User != "X-Webauth-User" {
		t.Errorf("names are %+v, %v", got, err)
	}
}

// asCGI is the name under which an app behind CGI, or a framework that writes
// names alike, finds a header.
func asCGI(name string) string {
	cgi := []byte("HTTP_" + name)
	for i, c := range cgi {
		switch {
		case 'a' <= c && c <= 'z':
			cgi[i] = c - 'a' + 'A'
		case (c < 'A' || 'Z' < c) && (c < '0' || '9' < c):
			cgi[i] = '_' // as lighttpd does
		}
	}
	return string(cgi)
}

func FuzzStripLeavesNoSpellingOfOurNames(f *testing.F) {
	for _, seed := range [][3]string{
		{"Remote-User", "close, remote_user", "X-Other"}, {"remote.groups", "REMOTE-NAME", "Remote-Users"}, {"Remote_Email", ",,\tRemote.User ,keep-alive", "remoteuser"},
		{"reMote-uSer", "upgrade, Cookie", "Remote--User"}, {"Remote-User ", " Remote-User", "\u017femote-User"}, {"X-User", "close", "Connection"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	ours := make(map[string]bool)
	for _, name := range []string{"Remote-User", "Remote-Email", "Remote-Groups", "Remote-Name"} {
		ours[asCGI(name)] = true
	}
	f.Fuzz(func(t *testing.T, name, connection, other string) {
		m := defaultNames()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header = http.Header{other: {"y"}, name: {"x", "x"}, "Connection": {connection, "close"}}
		sent := r.Header.Clone()
		m.strip(r, nil)
		for left := range r.Header {
			if ours[asCGI(left)] {
				t.Fatalf("header %q is left", left)
			}
		}
		for name := range sent {
			if _, left := r.Header[name]; !left && !ours[asCGI(name)] && name != "Connection" {
				t.Fatalf("header %q is gone", name)
			}
		}
		// A proxy deletes what Connection names. Names are compared as proxies do; the
		// other tokens of Connection stay.
		tokens := func(values []string) (named []string) {
			for token := range strings.SplitSeq(strings.Join(values, ","), ",") {
				if token = textproto.TrimString(token); token != "" {
					named = append(named, token)
				}
			}
			return named
		}
		want := slices.DeleteFunc(tokens(sent["Connection"]), func(token string) bool { return ours[asCGI(token)] })
		if got := tokens(r.Header["Connection"]); !slices.Equal(got, want) {
			t.Fatalf("Connection %q becomes %q, want %q", sent["Connection"], got, want)
		}
	})
}

// lighttpd and other servers of CGI take whatever is neither letter nor digit for a
// separator. Each such sign that a name may have is made here (RFC 9110, section 5.6.2).
func TestNoSignInTheNameOfAHeaderHidesIt(t *testing.T) {
	edge := NewEdge(NewSite(Origins{}, nil, nil, &Block{Headers: DefaultHeaderNames}))
	for _, sign := range "!#$%&'*+-.^_`|~" {
		for _, name := range []string{"Remote-User", "Remote-Groups", "Doorpost-Assertion", TokenHeader} {
			r := httptest.NewRequest(http.MethodGet, "https://app.example.com/", nil)
			r.Header[strings.ReplaceAll(name, "-", string(sign))] = []string{"root"}
			r.Header[strings.ToLower(strings.ReplaceAll(name, "-", string(sign)))] = []string{"root"}
			if edge.Arrive(r); len(r.Header) > 0 {
				t.Errorf("an app gets %v", r.Header)
			}
		}
	}
}

// A name that means something to the server or to the gate cannot carry an identity,
// however it is spelt.
func TestHeadersWithAMeaningOfTheirOwnCarryNoIdentity(t *testing.T) {
	for _, name := range []string{"Authorization", "authorization", "Doorpost_Token", "Content_Length", "Sec-WebSocket-Key", "Sec-Fetch-Site", "cookie"} {
		if _, err := (HeaderNames{User: name}).Canonical(); err == nil {
			t.Errorf("%s is taken for a header of identity", name)
		}
	}
}
