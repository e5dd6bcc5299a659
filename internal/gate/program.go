package gate

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// TokenHeader is where apps send a token that know custom headers only. No app behind a
// gate ever gets it.
const TokenHeader = "Doorpost-Token"

// Tokens say which programs a block lets in by token.
type Tokens uint8

// Which ones.
const (
	NoTokens       Tokens = iota
	ServiceTokens         // of services
	PersonalTokens        // also those of people, if the rules admit their owner
)

// TokenProblem says what is wrong with how a program presents itself.
type TokenProblem string

// The problems.
const (
	TwoTokens      TokenProblem = "several tokens"
	TokenInURL     TokenProblem = "in the URL"
	TokensOff      TokenProblem = "none taken here"
	PersonalOff    TokenProblem = "none of people taken here"
	TokenUnknown   TokenProblem = "unknown"
	TokenOver      TokenProblem = "expired"
	TokenSite      TokenProblem = "another site"
	TokenPath      TokenProblem = "another path"
	TokenMethod    TokenProblem = "another method"
	TokenNetwork   TokenProblem = "another network"
	TokenMalformed TokenProblem = "malformed"
)

var limitProblems = map[token.Limit]TokenProblem{
	token.OtherSite: TokenSite, token.OtherPath: TokenPath, token.OtherMethod: TokenMethod, token.OtherNetwork: TokenNetwork,
}

// credentials are the tokens that a request has.
type credentials struct {
	text  string // the first
	basic bool   // it is a password
	count int
	inURL string // the one in the URL
}

// add notes a token, and all others that stand in the same value.
func (c *credentials) add(text, value string, basic bool) {
	if c.count == 0 {
		c.text, c.basic = text, basic
	}
	c.count += max(token.Count(value), 1)
}

// HasToken reports whether a request comes from a program that presents a token, good or
// not.
func (v *Visit) HasToken() bool {
	return v.credentials.count > 0 || v.HasTokenInURL()
}

// HasTokenInURL reports whether a token stands in the URL of a request to a site that
// takes tokens.
func (v *Visit) HasTokenInURL() bool { return v.credentials.inURL != "" && v.TakesTokens() }

// misuse is what is wrong with how a request presents tokens, whichever they are; empty for
// nothing.
func (v *Visit) misuse() TokenProblem {
	switch {
	case v.HasTokenInURL():
		return TokenInURL
	case v.credentials.count > 1:
		return TwoTokens
	}
	return ""
}

// MisusesTokens reports whether a request to a site that takes tokens has several, or one in
// its URL. Nothing there gets such a request, not even what is public.
func (v *Visit) MisusesTokens() bool { return v.misuse() != "" && v.TakesTokens() }

// IsForNoLog reports whether a token stands in the URL, whatever answers there.
func (v *Visit) IsForNoLog() bool { return v.credentials.inURL != "" }

// AsPassword reports whether a token was sent as the password of Basic.
func (v *Visit) AsPassword() bool { return v.credentials.basic }

// TakesTokens reports whether any block of the visit's site takes tokens.
func (v *Visit) TakesTokens() bool {
	return v.site != nil && slices.ContainsFunc(v.site.blocks, func(b *Block) bool { return b.Tokens != NoTokens })
}

// TokenID is the id of the token that a request has; false for one that is none.
func (v *Visit) TokenID() (token.ID, bool) {
	if v.HasTokenInURL() {
		return token.Parse(v.credentials.inURL)
	}
	return token.Parse(v.credentials.text)
}

// Problem is what is wrong with the token of a request that was refused for it.
func (v *Visit) Problem() TokenProblem { return cmp.Or(v.misuse(), v.problem) }

// take takes our tokens out of the headers of a request. What is an app's own stays as it
// was written.
func (c *credentials) take(r *http.Request) {
	c.inURL = token.FindInURL(r.URL)
	if values := r.Header["Authorization"]; len(values) > 0 {
		kept := values[:0] // in place: the values are this request's own
		for _, value := range values {
			if !c.takeFrom(value) {
				kept = append(kept, value)
			}
		}
		if len(kept) == 0 {
			delete(r.Header, "Authorization")
		} else {
			r.Header["Authorization"] = kept
		}
	}
	for _, value := range r.Header[TokenHeader] {
		c.add(strings.TrimSpace(value), value, false)
	}
}

// takeFrom reports whether a value of Authorization has a token of ours, and notes it. Any
// scheme may have one, Basic as its password, or as its user.
func (c *credentials) takeFrom(value string) bool {
	scheme, credential := strings.TrimSpace(value), ""
	if end := strings.IndexAny(scheme, " \t"); end >= 0 {
		scheme, credential = scheme[:end], strings.TrimSpace(scheme[end:])
	}
	before := c.count
	switch {
	case token.IsText(scheme):
		c.add(scheme, value, false)
	case token.IsText(credential):
		c.add(credential, credential, false)
	case strings.EqualFold(scheme, "Basic"):
		var room [256]byte
		decoded, ok := decodeBasic(room[:0], credential)
		if !ok {
			break
		}
		user, password, _ := strings.Cut(decoded, ":")
		for _, text := range [...]string{password, user} {
			if token.IsText(text) {
				c.add(text, text, true)
			}
		}
		value = decoded
	}
	if c.count == before { // in a form that no program should use
		if text := findHidden(value); text != "" {
			c.add(text, value, false)
		}
	}
	return c.count > before
}

// findHidden finds a token in quotes, behind something else, or encoded in one of several
// credentials, as a proxy joins them; empty for none.
func findHidden(value string) string {
	if text := token.Find(value); text != "" {
		return text
	}
	separates := func(r rune) bool { return strings.ContainsRune(" \t,;\"'<>", r) }
	for piece := range strings.FieldsFuncSeq(value, separates) {
		if len(piece) < shortestEncoded || len(piece) > longestEncoded {
			continue
		}
		var room [256]byte
		if decoded, ok := decodeBasic(room[:0], piece); ok {
			if text := token.Find(decoded); text != "" {
				return text
			}
		}
	}
	return ""
}

// How many characters user and password with a token in them have in base64, at least and at
// most: there may be a long name, and nothing else.
const (
	shortestEncoded = 58
	longestEncoded  = 1024
)

// decodeBasic decodes the credential of Basic (RFC 7617), padded or not, in either alphabet:
// whatever an app may take for it.
func decodeBasic(room []byte, credential string) (string, bool) {
	credential = strings.TrimRight(credential, "=")
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(credential, "-_") {
		encoding = base64.RawURLEncoding
	}
	decoded, err := encoding.AppendDecode(room, []byte(credential))
	return string(decoded), err == nil
}

// program is the session of the token that a request has; nil with a problem for none.
func (v *Visit) program(r *http.Request) (*session.Session, TokenProblem, error) {
	if problem := v.misuse(); problem != "" {
		return nil, problem, nil
	}
	if !v.TakesTokens() {
		return nil, TokensOff, nil
	}
	v.ends = v.site.keeper.Ends()
	s, err := v.site.keeper.FindToken(r.Context(), v.credentials.text)
	switch {
	case err == session.ErrTokenOver:
		return nil, TokenOver, nil
	case s != nil || err != nil:
		return s, "", err
	}
	if _, whole := v.TokenID(); !whole {
		return nil, TokenMalformed, nil
	}
	return nil, TokenUnknown, nil
}

// checkToken is Check for a program that has a token.
func (b *Block) checkToken(v *Visit, r *http.Request, sent *url.URL) Verdict {
	s, err := v.Session(r)
	switch {
	case err != nil:
		return Unavailable
	case s == nil:
		return TokenRefused
	}
	if v.problem = b.tokenProblem(v, r, sent); v.problem != "" {
		return TokenRefused
	}
	if !b.admits(s) {
		return NotAdmitted
	}
	if client := v.client(r); v.site.keeper.NoteUse(r.Context(), s, client) && v.site.OnNewNetwork != nil {
		v.site.OnNewNetwork(r, s)
	}
	return Pass
}

// client is where a request comes from, invalid if nobody knows.
func (v *Visit) client(r *http.Request) netip.Addr {
	if v.site.ClientOf == nil {
		return netip.Addr{}
	}
	return v.site.ClientOf(r)
}

// tokenProblem is what keeps a good token from passing a block with a request.
func (b *Block) tokenProblem(v *Visit, r *http.Request, sent *url.URL) TokenProblem {
	t := v.session.Token()
	switch {
	case b.Tokens == NoTokens:
		return TokensOff
	case t.IsPersonal() && b.Tokens != PersonalTokens:
		return PersonalOff
	}
	asked := token.Request{Origin: v.place.name, Client: v.client(r)}
	if HasPlainPath(r, sent) {
		asked.Path = r.URL.Path
	}
	if HasPlainMethod(r) {
		asked.Method = r.Method
	}
	return limitProblems[t.Crosses(asked)]
}
