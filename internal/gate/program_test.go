package gate

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/token"
)

func (s *records) Token(_ context.Context, id token.ID, _ time.Time) (token.Record, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	r, found := s.tokens[id]
	return r, found, nil
}

func (s *records) UseToken(_ context.Context, id token.ID, network string, now time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, found := s.tokens[id]
	first, _ := r.NoteUse(network, now)
	if found {
		s.tokens[id] = r
	}
	return found && first, nil
}

// makeToken makes a token for the site of the tests, of a service if it has no owner.
func (g *liveGate) makeToken(owner address.Address, change func(t *token.Token)) (id token.ID, text string) {
	now := time.Now()
	t := token.Token{ID: token.NewID(), Name: "backup", Owner: owner, Sites: []string{liveOrigin}, Made: now, Expires: now.Add(time.Hour)}
	if owner == "" {
		t.Groups = []string{"robots", "staff"}
	}
	if change != nil {
		change(&t)
	}
	text = token.NewText(t.ID, t.IsPersonal())
	g.store.mu.Lock()
	defer g.store.mu.Unlock()
	if g.store.tokens == nil {
		g.store.tokens = make(map[token.ID]token.Record)
	}
	g.store.tokens[t.ID] = token.Record{Token: t, Sum: token.SumOf(text)}
	return t.ID, text
}

// sending is how a program sends a token.
type sending struct {
	name   string // of the header
	value  func(text string) string
	basic  bool // it is asked for again as a password
	unread bool // it is kept from the app, and not taken for a token
}

// sendings are all of them.
func sendings() map[string]sending {
	all := make(map[string]sending)
	for _, scheme := range []string{"Bearer", "bearer", "BEARER", "bEaReR", "Token", "token", "Digest", "Basic", "X", "AWS4-HMAC-SHA256"} {
		for name, space := range map[string]string{"a space": " ", "spaces": "   ", "a tab": "\t", "both": " \t "} {
			all[fmt.Sprintf("%s and %s", scheme, name)] = sending{name: "Authorization", value: func(text string) string { return scheme + space + text }}
			all[fmt.Sprintf("%s and %s, behind which comes more", scheme, name)] = sending{name: "Authorization", value: func(text string) string { return scheme + space + text + " " }}
		}
	}
	all["alone"] = sending{name: "Authorization", value: func(text string) string { return text }}
	for name, e := range map[string]*base64.Encoding{
		"padded": base64.StdEncoding, "unpadded": base64.RawStdEncoding, "URL, padded": base64.URLEncoding, "URL, unpadded": base64.RawURLEncoding,
	} {
		for _, scheme := range []string{"Basic", "basic", "BASIC", "bAsIc"} {
			for _, space := range []string{" ", "  ", "\t"} {
				for _, user := range []string{"", "git", "a@example.com", "user name", "~~~ÿ?", strings.Repeat("long", 100)} {
					all[fmt.Sprintf("%q, password of %q, %s", scheme+space, user, name)] = sending{name: "Authorization", basic: true, value: func(text string) string {
						return scheme + space + e.EncodeToString([]byte(user+":"+text))
					}}
				}
				for _, password := range []string{"", ":", ":x-oauth-basic", ":ÿ?~"} {
					all[fmt.Sprintf("%q, user before %q, %s", scheme+space, password, name)] = sending{name: "Authorization", basic: true, value: func(text string) string {
						return scheme + space + e.EncodeToString([]byte(text+password))
					}}
				}
			}
		}
	}
	for _, name := range []string{"Doorpost-Token", "doorpost-token", "DOORPOST-TOKEN"} {
		all[name] = sending{name: http.CanonicalHeaderKey(name), value: func(text string) string { return text }}
		all[name+", spaced"] = sending{name: http.CanonicalHeaderKey(name), value: func(text string) string { return " " + text + "\t" }}
	}
	for _, name := range []string{"Doorpost_Token", "doorpost_token", "Doorpost.Token", "DOORPOST.TOKEN", "doorpost-token", "DOORPOST-TOKEN"} {
		all[name+", as it is"] = sending{name: name, unread: true, value: func(text string) string { return text }}
	}
	return all
}

// ofTheApp are credentials of an app's own, which are none of ours whatever they look like.
var ofTheApp = [][]string{
	nil, {"Bearer s3cret"}, {"Basic YXBwOnMzY3JldA=="}, {"Basic !!!"}, {"Basic"}, {""}, {" Bearer  x "}, {"Bearer dpst"}, {"Bearer dpstx_abc"}, {"xdpst_abc"},
	{`Digest username="dpst", realm="x"`}, {"AWS4-HMAC-SHA256 Credential=a/b, Signature=dpst"}, {"Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa8="},
	{"Basic " + base64.StdEncoding.EncodeToString([]byte("dpst:dpat"))}, {"one", "two", "Bearer three"},
}

// decidedToken is what becomes of a request with a token, or without.
type decidedToken struct {
	verdict Verdict
	problem TokenProblem
	user    string
	email   string
	groups  string
}

func TestEveryWayToSendATokenAtEverySite(t *testing.T) {
	const alice, mallory = "alice@example.com", "mallory@example.com"
	g := newLiveGate(t)
	public, err := ParsePublicPaths([]string{"/public/*"})
	if err != nil {
		t.Fatal(err)
	}
	edges, blocks, lines := make(map[Tokens]*Edge), make(map[Tokens]*Block), make(map[Tokens]string)
	for _, tokens := range []Tokens{NoTokens, ServiceTokens, PersonalTokens} {
		blocks[tokens] = &Block{Rules: names{alice}, Headers: DefaultHeaderNames, Public: public, Tokens: tokens}
		s := g.site(liveOrigin, blocks[tokens])
		edges[tokens] = NewEdge(s)
		_, lines[tokens] = g.signIn(s, alice)
	}
	_, service := g.makeToken("", nil)
	_, personal := g.makeToken(alice, nil)
	_, kept := g.makeToken(mallory, nil)
	_, over := g.makeToken("", func(t *token.Token) { t.Expires = t.Made.Add(-time.Second) })
	asAlice := decidedToken{verdict: Pass, user: alice, email: alice}
	texts := map[string]string{
		"service": service, "personal": personal, "not admitted": kept, "expired": over, "unknown": token.NewText(token.NewID(), false), "cut short": personal[:40], "prefix": "dpst_",
	}
	// What each text is good for where tokens are taken.
	good := func(tokens Tokens, text string) decidedToken {
		switch {
		case tokens == NoTokens:
			return decidedToken{verdict: TokenRefused, problem: TokensOff}
		case text == "service":
			return decidedToken{verdict: Pass, user: "service:backup", groups: "robots,staff"}
		case text == "expired":
			return decidedToken{verdict: TokenRefused, problem: TokenOver}
		case text == "unknown":
			return decidedToken{verdict: TokenRefused, problem: TokenUnknown}
		case text == "cut short", text == "prefix":
			return decidedToken{verdict: TokenRefused, problem: TokenMalformed}
		case tokens == ServiceTokens:
			return decidedToken{verdict: TokenRefused, problem: PersonalOff}
		case text == "personal":
			return asAlice
		}
		return decidedToken{verdict: NotAdmitted}
	}
	count := 0
	for way, send := range sendings() {
		for kind, text := range texts {
			own := ofTheApp[count%len(ofTheApp)]
			for tokens, edge := range edges {
				for _, cookie := range []bool{false, true} {
					for _, path := range []string{"/private", "/public/x"} {
						count++
						want := good(tokens, kind)
						if send.unread {
							if want = (decidedToken{verdict: NoSession}); cookie {
								want = asAlice
							}
						}
						if path == "/public/x" && want.verdict != Pass {
							want = decidedToken{verdict: PassUnnamed}
						}
						r := httptest.NewRequest(http.MethodGet, liveOrigin+path, nil)
						r.Header = http.Header{"Accept": {"*/*"}, "Dpst_x": {"dpst_"}}
						app := r.Header.Clone()
						if own != nil {
							r.Header["Authorization"], app["Authorization"] = slices.Clone(own), own
						}
						if cookie {
							r.Header["Cookie"] = []string{lines[tokens] + "; theme=dark"}
							app["Cookie"] = []string{"theme=dark"}
						}
						if values := append(r.Header[send.name], send.value(text)); count%2 == 0 {
							r.Header[send.name] = values
						} else {
							r.Header[send.name] = slices.Insert(values[:len(values)-1:len(values)-1], 0, send.value(text))
						}
						v := edge.Arrive(r)
						verdict, err := blocks[tokens].Decide(v, r, r.URL)
						if err != nil {
							t.Fatal(err)
						}
						got := decidedToken{verdict: verdict, user: r.Header.Get("Remote-User"), email: r.Header.Get("Remote-Email"), groups: r.Header.Get("Remote-Groups")}
						if verdict == TokenRefused {
							got.problem = v.Problem()
						}
						if got != want || v.HasToken() == send.unread || !send.unread && v.AsPassword() != send.basic {
							t.Fatalf("%s: %s, at a site that takes %d, a cookie beside it (%v), to %s: %+v, want %+v; taken for a token: %v, as a password: %v",
								way, kind, tokens, cookie, path, got, want, v.HasToken(), v.AsPassword())
						}
						maps.DeleteFunc(r.Header, func(name string, _ []string) bool { return strings.HasPrefix(name, "Remote-") })
						if !reflect.DeepEqual(r.Header, app) {
							t.Fatalf("%s: %s beside %q reaches the app as %q, want %q", way, kind, own, r.Header, app)
						}
					}
				}
			}
		}
	}
	if count < 10_000 {
		t.Errorf("only %d requests were made", count)
	}
}

func basicFor(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestOfSeveralTokensNoneCounts(t *testing.T) {
	g := newLiveGate(t)
	block := &Block{Rules: names{"alice@example.com"}, Headers: DefaultHeaderNames, Tokens: PersonalTokens}
	s := g.site(liveOrigin, block)
	_, line := g.signIn(s, "alice@example.com")
	_, text := g.makeToken("", nil)
	_, other := g.makeToken("", nil)
	for name, header := range map[string]http.Header{
		"in one header":         {"Authorization": {"Bearer " + text, "Bearer " + other}},
		"the same":              {"Authorization": {"Bearer " + text, "Bearer " + text}},
		"in two headers":        {"Authorization": {"Bearer " + text}, "Doorpost-Token": {other}},
		"the same in two":       {"Authorization": {basicFor("", text)}, "Doorpost-Token": {text}},
		"in ours":               {"Doorpost-Token": {text, other}},
		"user and password":     {"Authorization": {basicFor(text, other)}},
		"one that is none":      {"Authorization": {"Bearer " + text}, "Doorpost-Token": {"x"}},
		"an empty one":          {"Authorization": {"Bearer " + text}, "Doorpost-Token": {""}},
		"with one of the app's": {"Authorization": {"Bearer " + text, "Bearer app", "Bearer " + other}},
	} {
		r := httptest.NewRequest(http.MethodGet, liveOrigin+"/", nil)
		r.Header = header
		r.Header.Set("Cookie", line)
		v := NewEdge(s).Arrive(r)
		if verdict := block.Check(v, r, r.URL); verdict != TokenRefused || v.Problem() != TwoTokens {
			t.Errorf("%s: the verdict is %d, %q", name, verdict, v.Problem())
		}
		if written := fmt.Sprint(r.Header); strings.Contains(written, "dpst_") || strings.Contains(written, "Basic") || r.Header.Get("Remote-User") != "" {
			t.Errorf("%s: the app gets %s", name, written)
		}
	}
	if g.store.looks != 0 {
		t.Errorf("the store was asked %d times", g.store.looks)
	}
}

func TestATokenInTheURLIsRefusedWhereTokensAreTaken(t *testing.T) {
	g := newLiveGate(t)
	_, text := g.makeToken("", nil)
	for _, tokens := range []Tokens{NoTokens, ServiceTokens, PersonalTokens} {
		block := &Block{Rules: names{"alice@example.com"}, Headers: DefaultHeaderNames, Tokens: tokens}
		s := g.site(liveOrigin, block)
		_, line := g.signIn(s, "alice@example.com")
		for _, where := range []string{"/?token=%s", "/?a=b&c=x%s&d", "/%s", "/a/%s/b", "/a%%2F%s", "/?dpst_%s"} {
			for _, beside := range []string{"", text} {
				for _, cookie := range []string{"", line} {
					r := httptest.NewRequest(http.MethodGet, liveOrigin+fmt.Sprintf(where, text), nil)
					r.Header.Set("Cookie", cookie)
					want, problem := TokenRefused, TokenInURL
					switch {
					case tokens != NoTokens:
					case beside != "":
						problem = TokensOff // wherever one stands
					case cookie != "":
						want, problem = Pass, ""
					default:
						want, problem = NoSession, ""
					}
					if beside != "" {
						r.Header.Set("Authorization", "Bearer "+beside)
					}
					v := NewEdge(s).Arrive(r)
					if verdict := block.Check(v, r, r.URL); verdict != want || v.Problem() != problem || v.HasTokenInURL() != (tokens != NoTokens) {
						t.Errorf("%s at a site that takes %d: the verdict is %d, %q, want %d, %q", r.URL, tokens, verdict, v.Problem(), want, problem)
					}
				}
			}
		}
		r := httptest.NewRequest(http.MethodGet, liveOrigin+"/?token="+text[:40]+"&dpst_=1", nil) // none
		r.Header.Set("Cookie", line)
		if verdict := block.Check(NewEdge(s).Arrive(r), r, r.URL); verdict != Pass {
			t.Errorf("what is no token in a URL: the verdict is %d", verdict)
		}
	}
	if g.store.looks != 0 {
		t.Errorf("the store was asked %d times", g.store.looks)
	}
}

func TestATokenIsGoodWithinItsLimitsOnly(t *testing.T) {
	limits := func(t *token.Token) {
		t.Paths, t.Methods = []string{"/dav/*", "/health"}, []string{"GET", "PROPFIND"}
		t.Networks = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	}
	for name, c := range map[string]struct {
		change func(r *http.Request)
		sent   string // the path before a rewrite
		want   TokenProblem
	}{
		"within":                     {},
		"the other path":             {change: func(r *http.Request) { r.URL.Path = "/health" }},
		"another method of it":       {change: func(r *http.Request) { r.Method = "PROPFIND" }},
		"another path":               {change: func(r *http.Request) { r.URL.Path = "/admin" }, want: TokenPath},
		"the path without its end":   {change: func(r *http.Request) { r.URL.Path = "/dav" }, want: TokenPath},
		"another case":               {change: func(r *http.Request) { r.URL.Path = "/DAV/x" }, want: TokenPath},
		"dots":                       {change: func(r *http.Request) { r.URL.Path = "/dav/../admin" }, want: TokenPath},
		"two slashes":                {change: func(r *http.Request) { r.URL.Path = "/dav//admin" }, want: TokenPath},
		"a backslash":                {change: func(r *http.Request) { r.URL.Path = `/dav/..\admin` }, want: TokenPath},
		"a semicolon":                {change: func(r *http.Request) { r.URL.Path = "/dav/;/admin" }, want: TokenPath},
		"encoded twice":              {change: func(r *http.Request) { r.URL.Path = "/dav/%2e%2e/admin" }, want: TokenPath},
		"an encoded slash":           {change: func(r *http.Request) { r.URL.RawPath = "/dav%2Fx" }, want: TokenPath},
		"sent otherwise":             {sent: "/admin/../dav/x", want: TokenPath},
		"another URL in a header":    {change: func(r *http.Request) { r.Header["X_original.url"] = []string{"/admin"} }, want: TokenPath},
		"another method":             {change: func(r *http.Request) { r.Method = "DELETE" }, want: TokenMethod},
		"HEAD":                       {change: func(r *http.Request) { r.Method = "HEAD" }, want: TokenMethod},
		"small letters":              {change: func(r *http.Request) { r.Method = "get" }, want: TokenMethod},
		"another method in a header": {change: func(r *http.Request) { r.Header.Set("X-HTTP-Method-Override", "DELETE") }, want: TokenMethod},
		"in another header":          {change: func(r *http.Request) { r.Header["X_http_method"] = []string{"DELETE"} }, want: TokenMethod},
		"in a third":                 {change: func(r *http.Request) { r.Header.Set("X-Method-Override", "GET") }, want: TokenMethod},
		"another network":            {change: func(r *http.Request) { r.RemoteAddr = "198.51.100.1:1" }, want: TokenNetwork},
		"another written as IPv6":    {change: func(r *http.Request) { r.RemoteAddr = "[::ffff:198.51.100.1]:1" }, want: TokenNetwork},
		"its own written as IPv6":    {change: func(r *http.Request) { r.RemoteAddr = "[::ffff:192.0.2.9]:1" }},
		"nobody knows":               {change: func(r *http.Request) { r.RemoteAddr = "@" }, want: TokenNetwork},
		"another site":               {change: func(r *http.Request) { r.Host = "other.example.com" }, want: TokenSite},
		"another port":               {change: func(r *http.Request) { r.Host = "app.example.com:8443" }, want: TokenSite},
	} {
		t.Run(name, func(t *testing.T) {
			g := newLiveGate(t)
			block := &Block{Rules: names{}, Headers: DefaultHeaderNames, Tokens: ServiceTokens}
			origins := g.site(liveOrigin, block).places.origins.list
			for _, more := range []string{"https://other.example.com", "https://app.example.com:8443"} {
				origins = append(origins, g.site(more, block).places.origins.list...)
			}
			all, err := NewOrigins(origins)
			if err != nil {
				t.Fatal(err)
			}
			s := NewSite(all, func(o Origin) *session.Cookie { return g.site(o.String(), block).cookie() }, g.keeper, block)
			s.ClientOf = func(r *http.Request) netip.Addr {
				a, _ := netip.ParseAddrPort(r.RemoteAddr)
				return a.Addr()
			}
			_, text := g.makeToken("", limits)
			r := httptest.NewRequest(http.MethodGet, liveOrigin+"/dav/x", nil)
			r.Header.Set("Authorization", "Bearer "+text)
			if c.change != nil {
				c.change(r)
			}
			sent := *r.URL
			if c.sent != "" {
				sent.Path = c.sent
			}
			want := TokenRefused
			if c.want == "" {
				want = Pass
			}
			v := NewEdge(s).Arrive(r)
			if verdict := block.Check(v, r, &sent); verdict != want || v.Problem() != c.want {
				t.Errorf("the verdict is %d, %q, want %d, %q", verdict, v.Problem(), want, c.want)
			}
			if named := r.Header.Get("Remote-User") != ""; named != (want == Pass) {
				t.Errorf("the app is told who it is: %v", named)
			}
			// What is no limit of a token does not matter to it.
			_, text = g.makeToken("", func(t *token.Token) {
				t.Sites = []string{"https://other.example.com", "https://app.example.com:8443", liveOrigin}
			})
			r.Header.Set("Authorization", "Bearer "+text)
			v = NewEdge(s).Arrive(r)
			if verdict := block.Check(v, r, &sent); verdict != Pass {
				t.Errorf("without limits the verdict is %d, %q", verdict, v.Problem())
			}
		})
	}
}

func TestEachBlockAsksAboutAToken(t *testing.T) {
	g := newLiveGate(t)
	takes, takesNone := &Block{Rules: names{}, Headers: DefaultHeaderNames, Tokens: ServiceTokens}, &Block{Rules: names{}, Headers: DefaultHeaderNames}
	s := g.site(liveOrigin, takes, takesNone)
	_, text := g.makeToken("", nil)
	r := httptest.NewRequest(http.MethodGet, liveOrigin+"/", nil)
	r.Header.Set("Authorization", "Bearer "+text)
	v := NewEdge(s).Arrive(r)
	if verdict := takes.Check(v, r, r.URL); verdict != Pass {
		t.Errorf("the block that takes them: %d, %q", verdict, v.Problem())
	}
	if verdict := takesNone.Check(v, r, r.URL); verdict != TokenRefused || v.Problem() != TokensOff {
		t.Errorf("the block that takes none: %d, %q", verdict, v.Problem())
	}
}

func TestANewNetworkIsToldOnce(t *testing.T) {
	g := newLiveGate(t)
	block := &Block{Rules: names{}, Headers: DefaultHeaderNames, Tokens: ServiceTokens}
	s := g.site(liveOrigin, block)
	client := netip.MustParseAddr("192.0.2.1")
	s.ClientOf = func(*http.Request) netip.Addr { return client }
	var told []string
	s.OnNewNetwork = func(_ *http.Request, s *session.Session) {
		told = append(told, fmt.Sprint(s.Token().Name, " ", client))
	}
	_, text := g.makeToken("", func(t *token.Token) { t.Paths = []string{"/a"} })
	ask := func(path string) {
		r := httptest.NewRequest(http.MethodGet, liveOrigin+path, nil)
		r.Header.Set("Authorization", "Bearer "+text)
		block.Check(NewEdge(s).Arrive(r), r, r.URL)
	}
	ask("/b") // is refused, and no use
	ask("/a")
	ask("/a")
	client = netip.MustParseAddr("198.51.100.1")
	ask("/b")
	ask("/a")
	if want := []string{"backup 192.0.2.1", "backup 198.51.100.1"}; !slices.Equal(told, want) {
		t.Errorf("told were %q, want %q", told, want)
	}
}

// A whole token is kept from the app in whatever else somebody makes of Authorization.
func TestAWholeTokenReachesNoAppInAnyAuthorization(t *testing.T) {
	text := token.NewText(token.NewID(), false)
	basic := func(credential string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(credential))
	}
	for _, value := range []string{
		`Bearer "` + text + `"`, "Basic abc, Bearer " + text, "Bearer," + text, `Digest username="` + text + `", realm="x"`, "Bearer: " + text, "Bearer\u00a0" + text,
		basic("git:x:" + text), basic("x" + text + ":"), "(" + text + ")",
		basic("app:its own") + ", " + basic("git:"+text), basic("git:"+text) + ",", `"` + strings.TrimPrefix(basic(text), "Basic ") + `"`, "Bearer " + strings.TrimPrefix(basic("git:"+text), "Basic "),
	} {
		r := httptest.NewRequest(http.MethodGet, "https://app.example.com/", nil)
		r.Header["Authorization"] = []string{value, "Bearer of the app"}
		var c credentials
		if c.take(r); c.text != text || c.count != 1 || len(r.Header["Authorization"]) != 1 {
			t.Errorf("of %q the app gets %q, and %d tokens are found", value, r.Header["Authorization"], c.count)
		}
	}
}
