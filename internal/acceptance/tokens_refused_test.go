package acceptance

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

// isRefusedProgram fails the test unless the answer is one for a program, with a reason
// and nothing for a browser. challenge is what WWW-Authenticate begins with, if anything.
func (a answer) isRefusedProgram(t *testing.T, status int, challenge, reason string) {
	t.Helper()
	said, _ := a.isProblem(t, status)["detail"].(string)
	if !strings.Contains(said, reason) {
		t.Errorf("the program is told %q, want %q", said, reason)
	}
	if got := a.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, challenge) || challenge == "" && got != "" || len(a.header.Values("WWW-Authenticate")) > 1 {
		t.Errorf("the program is asked for %q, want %q", a.header.Values("WWW-Authenticate"), challenge)
	}
	for _, name := range []string{"Location", "Set-Cookie", "Refresh"} {
		if got := a.header.Values(name); len(got) != 0 {
			t.Errorf("the program gets %s: %q", name, got)
		}
	}
}

func TestATokenThatIsNotGoodIsToldWhyAndNeverByAPage(t *testing.T) {
	t.Parallel()
	const bearer, box = `Bearer realm="Doorpost", error="invalid_token"`, `Basic realm="`
	g := start(t, setup{options: noTokensInLogs, site: "allow *@example.com\ntokens\npublic /public/*\ncors https://dash.example.com"})
	good, ended := g.makes("good"), g.makes("ended")
	g.succeeds("tokens", "end", ended.ID)
	member := g.signedIn("ada@example.com")
	middle := len(good.Token) / 2
	swapped := good.Token[:middle-1] + good.Token[middle:middle+1] + good.Token[middle-1:middle] + good.Token[middle+1:]
	unknown := forgedToken("dpst_", strings.Repeat("7", 11), strings.Repeat("x", 22))
	if swapped == good.Token {
		swapped = good.Token[:middle] + "-" + good.Token[middle+1:]
	}
	hits := g.upstream.count()
	for what, bad := range map[string]struct{ text, reason string }{
		"an ended one": {ended.Token, "it never was, or it was ended or rotated"}, "an unknown one": {unknown, "it never was, or it was ended or rotated"},
		"a person's that nobody made":  {forgedToken("dpat_", good.ID, strings.Repeat("x", 22)), "it never was"},
		"another secret":               {forgedToken("dpst_", good.ID, strings.Repeat("0", 22)), "it never was"},
		"the kind of another":          {forgedToken("dpat_", good.ID, good.Token[16:38]), "it never was"},
		"one cut short":                {good.Token[:len(good.Token)-1], "not a whole token"},
		"one with a letter too many":   {good.Token + "0", "not a whole token"},
		"one with two letters swapped": {swapped, "not a whole token"},
		"the prefix":                   {"dpst_", "not a whole token"},
		"a long one":                   {"dpst_" + strings.Repeat("0", 4000), "not a whole token"},
	} {
		for _, program := range []*visitor{g.curl(), member} {
			for way := range ways {
				// Whatever it accepts, and whatever a browser would say, which never opens a box.
				for _, headers := range [][]string{nil, append([]string{"Sec-Fetch-Site", "none"}, navigation...)} {
					challenge := bearer
					if way == "Basic" && headers == nil {
						challenge = box
					}
					if way == "Basic" && len(bad.text) > 1000 {
						continue
					}
					program.asks(way, bad.text, http.MethodGet, "/dav/x", headers...).isRefusedProgram(t, http.StatusUnauthorized, challenge, bad.reason)
					if t.Failed() {
						t.Fatalf("the program presented %s by %s", what, way)
					}
				}
			}
		}
	}
	for what, lines := range map[string]string{
		"twice":               "Authorization: Bearer " + good.Token + "\nAuthorization: Bearer " + good.Token + "\n",
		"in two headers":      "Authorization: " + basic(good.Token) + "\nDoorpost-Token: " + good.Token + "\n",
		"beside one that was": "Doorpost-Token: " + ended.Token + "\nDoorpost-Token: " + good.Token + "\n",
		"in one line":         "Doorpost-Token: " + good.Token + ", " + good.Token + "\n",
		"in a list":           "Authorization: Bearer " + good.Token + ", Bearer " + ended.Token + "\n",
		"without a scheme":    "Authorization: " + good.Token + " " + good.Token + "\n",
		"in quotes":           `Authorization: Token token="` + good.Token + `", other="` + good.Token + "\"\n",
		"user and password":   "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(good.Token+":"+good.Token)) + "\n",
		"both in a password":  "Authorization: " + basic(good.Token+good.Token) + "\n",
	} {
		for _, path := range []string{"/", "/public/x"} {
			g.mustRaw(g.line("GET", path, member.cookie())+lines).isRefusedProgram(t, http.StatusBadRequest, "", "several tokens")
		}
		if t.Failed() {
			t.Fatalf("the program presented two tokens %s", what)
		}
	}
	for _, at := range []string{"/?token=", "/?", "/x/", "/?a=b&access_token=%2F", "/x%2F"} {
		for _, own := range []string{"", "Authorization: Bearer " + good.Token + "\n"} {
			g.mustRaw(g.line("GET", at+good.Token, member.cookie())+own).isRefusedProgram(t, http.StatusBadRequest, "", "the URL has a token")
		}
	}
	if g.upstream.count() != hits {
		t.Error("a token that is not good opened the door")
	}
	if said := g.gate.Output(); !strings.Contains(said, `"reason":"in the URL","token":"`+good.ID) {
		t.Error("the audit log does not say which token stood in a URL")
	}
	// A page elsewhere that may read a 401 without a token may read any other.
	for by, way := range ways {
		name, value := way(ended.Token)
		a, _ := g.raw(g.line("GET", "/dav/x", "") + name + ": " + value + "\nOrigin: https://dash.example.com\n") // the error says that it is open to others
		if a.header.Get("Access-Control-Allow-Origin") != "https://dash.example.com" || a.header.Get("Access-Control-Allow-Credentials") != "true" || !strings.Contains(strings.Join(a.header.Values("Vary"), ","), "Origin") {
			t.Errorf("a page in cors cannot read what a program is told by %s: %v", by, a.header)
		}
	}
	// Nobody learns which tokens there were.
	if one, other := g.curl().asks("Bearer", ended.Token, "GET", "/"), g.curl().asks("Bearer", unknown, "GET", "/"); comparableAnswer(one) != comparableAnswer(other) {
		t.Errorf("a token that was is answered with\n%s\none that never was with\n%s", comparableAnswer(one), comparableAnswer(other))
	}
	// Public paths are open, and told nothing.
	got := g.curl().asks("Doorpost-Token", ended.Token, "GET", "/public/x").echo(t)
	checkIdentity(t, "a public path", got, "")
	g.curl().asks("Bearer", good.Token, "GET", "/").echo(t).isService(t, "good", good.Token)
}

func TestRequestsWithoutATokenAreAskedForOneUnlessBrowsersMakeThem(t *testing.T) {
	t.Parallel()
	g := start(t, setup{options: noTokensInLogs, site: "allow *@example.com\ntokens"})
	program := g.curl().do(g.curl().request("GET", "/", "", "Accept", "*/*")).is(t, http.StatusUnauthorized)
	if got := strings.Join(program.header.Values("WWW-Authenticate"), "\n"); !strings.Contains(got, `Basic realm="`) {
		t.Errorf("a program is asked for %q", got)
	}
	v := g.visitor()
	for _, r := range []*http.Request{v.script("GET", "/"), v.script("POST", "/"), v.navigate("/"), v.form("/", "a", "b")} {
		a := v.do(r)
		if got := strings.Join(a.header.Values("WWW-Authenticate"), "\n"); strings.Contains(got, "Basic") {
			t.Errorf("a browser is asked for %q", got)
		}
	}
}

func TestNetworksWithManyBadTokensWaitAndOthersDoNot(t *testing.T) {
	const allowed = 5
	s := setup{
		options: noTokensInLogs + trustsLocal, site: "allow *@example.com\ntokens", limits: "limit client 5 1h",
	}
	eachStore(t, s, func(t *testing.T, d doorway) {
		gates := stages(d)
		good := gates[0].makes("good")
		try := func(i int, text, from string) answer {
			return gates[i%len(gates)].curl().asks("Bearer", text, "GET", "/", "X-Forwarded-For", from)
		}
		for i := range allowed {
			id := strings.Repeat("0", 10) + string(rune('a'+i))
			try(i, forgedToken("dpst_", id, strings.Repeat("x", 22)), "192.0.2.1").isRefusedProgram(t, http.StatusUnauthorized, "Bearer", "it never was")
			// What no store was asked about does not count.
			try(i, good.Token[:20], "192.0.2.1").isRefusedProgram(t, http.StatusUnauthorized, "Bearer", "not a whole token")
		}
		for i := range 4 {
			a := try(i, forgedToken("dpst_", strings.Repeat("z", 11), strings.Repeat("x", 22)), "192.0.2.1")
			a.isRefusedProgram(t, http.StatusTooManyRequests, "", "Retry-After")
			if a.header.Get("Retry-After") == "" {
				t.Error("nobody says how long to wait")
			}
			try(i, good.Token, "192.0.2.1").echo(t).isService(t, "good", good.Token)
			try(i, good.Token, "198.51.100.1").echo(t).isService(t, "good", good.Token)
			try(i, forgedToken("dpst_", strings.Repeat("y", 11), strings.Repeat("x", 22)), "198.51.100.1").isRefusedProgram(t, http.StatusUnauthorized, "Bearer", "it never was")
		}
	})
}

func TestTokensThatCannotBeMadeAreRefusedWithAWayOut(t *testing.T) {
	t.Parallel()
	g := start(t, setup{options: noTokensInLogs, site: "allow *@example.com\ntokens"})
	create := func(name string, more ...string) []string {
		return append([]string{"tokens", "create", name, "--site", g.origin}, more...)
	}
	g.misuses("--site", "tokens", "create", "backup")
	for words, call := range map[string][]string{
		"is not a network such as":                 create("backup", "--from", "192.0.2.300/24"),
		"bits behind its mask":                     create("backup", "--from", "192.0.2.1/24"),
		"at most 400 days; for one without an end": create("backup", "--for", "401d"),
		"is not the name of a service":             create("back up"),
		"must be a duration":                       create("backup", "--for", "soon"),
		"is not a method such as":                  create("backup", "--method", "get"),
		"sites that do: " + g.origin:               {"tokens", "create", "backup", "--site", "https://elsewhere.example.com"},
	} {
		g.misuses(words, call...)
	}
	if out := g.succeeds("tokens", "list"); out != "There are no tokens.\n" {
		t.Errorf("after none was made, listed are %s", out)
	}
	for _, life := range []string{"400d", "never", "90s"} {
		g.succeeds(create("for-"+life, "--for", life)...)
	}
	var first service
	g.prints(&first, create("backup")...)
	g.learn(first.Token)
	g.fails("give that another text with tokens rotate "+first.ID+", end it with tokens end "+first.ID+", or choose another name", create("Backup")...)
	g.rotates(first, "1h")
	g.fails("a service has that name already", create("backup")...)
	g.succeeds("tokens", "end", first.ID)
	g.succeeds(create("backup")...)
}
