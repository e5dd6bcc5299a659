package acceptance

import (
	"encoding/base64"
	"hash/crc32"
	"math/big"
	"net/http"
	"strings"
	"testing"
)

// noTokensInLogs are global options that keep tokens out of Caddy's logs.
const noTokensInLogs = "log {\nformat filter {\nrequest>headers>Doorpost-Token delete\n}\n}\n"

// trustsLocal are global options that let a test say where a program comes from.
const trustsLocal = "servers {\ntrusted_proxies static 127.0.0.1/32\ntrusted_proxies_strict\n}\n"

// service is the token of a program, as the command that makes it says.
type service struct{ ID, Name, Token string }

// makes makes the token of a service, for the site of the stage.
func (g *stage) makes(name string, limits ...string) (made service) {
	g.t.Helper()
	g.prints(&made, append([]string{"tokens", "create", name, "--site", g.origin}, limits...)...)
	g.learn(made.Token)
	return made
}

// learn keeps a token, and how it looks in Basic, among what no log may have.
func (g *stage) learn(text string) {
	g.known = append(g.known, text, strings.TrimPrefix(basic(text), "Basic "))
}

// rotates gives a token another text.
func (g *stage) rotates(old service, overlap string) (made service) {
	g.t.Helper()
	g.prints(&made, "tokens", "rotate", old.ID, "--overlap", overlap)
	g.learn(made.Token)
	if made.ID != old.ID || made.Token == old.Token {
		g.t.Fatalf("the rotation of %+v made %+v", old, made)
	}
	return made
}

func basic(text string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte("anybody:"+text))
}

// ways are the ways to present a token: the header and its value.
var ways = map[string]func(text string) (name, value string){
	"Bearer":         func(text string) (string, string) { return "Authorization", "Bearer " + text },
	"Basic":          func(text string) (string, string) { return "Authorization", basic(text) },
	"Doorpost-Token": func(text string) (string, string) { return "Doorpost-Token", text },
}

// curl is a program, which has no cookies.
func (g *stage) curl() *visitor {
	v := g.visitor()
	v.agent = "curl/8.14.1"
	return v
}

// asks is the answer to a program that presents a token in one of the ways.
func (v *visitor) asks(way, text, method, path string, headers ...string) answer {
	v.t.Helper()
	name, value := ways[way](text)
	return v.do(v.request(method, path, "", append([]string{name, value, "Accept", "*/*"}, headers...)...))
}

// isService checks that the app is told of a service, and nothing of its token.
func (got arrived) isService(t testing.TB, name, text string) {
	t.Helper()
	if told := got.values("Remote-User"); len(told) != 1 || told[0] != "service:"+name {
		t.Errorf("the app is told %q, want service:%s", told, name)
	}
	if told := append(got.values("Remote-Email"), got.values("Doorpost-Token")...); len(told) != 0 {
		t.Errorf("the app is told %q, too", told)
	}
	if raw := got.Line + strings.Join(got.Raw, "\n"); strings.Contains(raw, text) || strings.Contains(raw, strings.TrimPrefix(basic(text), "Basic ")) {
		t.Errorf("the app gets the token: %s", raw)
	}
}

// forgedToken is a token that nobody made, written down as documents say it: id, secret and
// checksum in base62.
func forgedToken(prefix, id, secret string) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	text := prefix + id + secret
	rest, checksum := big.NewInt(int64(crc32.ChecksumIEEE([]byte(text)))), ""
	for range 6 {
		digit := new(big.Int)
		rest.DivMod(rest, big.NewInt(62), digit)
		checksum = digits[digit.Int64():digit.Int64()+1] + checksum
	}
	return text + checksum
}

// What an app's own credentials are, in ways that the gate could take for its own.
var theirs = []string{
	"Bearer eyJhbGciOiJub25lIn0.e30.", "bearer  two  spaces ", "Basic YWRhOmRwcw==", "Basic not base64", "Basic", "Digest username=\"ada\", nonce=\"dpst\"",
	"AWS4-HMAC-SHA256 Credential=AKIA/20260101/x/s3/aws4_request, SignedHeaders=host, Signature=00", "Token  dps_t", "Bearer DPST_upper", "x",
}

func TestATokenLetsInOverEveryVersionAndLeavesTheRestOfTheRequest(t *testing.T) {
	t.Parallel()
	g := startSecure(t, setup{options: noTokensInLogs, site: "allow *@example.com\ntokens\npublic /public/*"})
	var made service
	g.prints(&made, "tokens", "create", "backup", "--site", g.origin, "--group", "readers", "--group", "dav")
	g.learn(made.Token)
	if made.Token != forgedToken("dpst_", made.ID, made.Token[5+len(made.ID):len(made.Token)-6]) {
		t.Errorf("%s is not made as documents say", made.Token)
	}
	member := g.over("HTTP/2")
	g.signIn(member, "ada@example.com", "/")
	for _, version := range versions {
		// A program has no cookies. The token of one that has some counts alone.
		for _, program := range []*visitor{g.over(version), g.as(version, member)} {
			for way := range ways {
				for _, path := range []string{"/dav/x?y=%20", "/public/x"} {
					got := program.asks(way, made.Token, "PROPFIND", path, "Depth", "1").echo(t)
					got.isService(t, "backup", made.Token)
					if told := strings.Join(got.values("Remote-Groups"), "|"); told != "readers,dav" {
						t.Errorf("the app is told the groups %q", told)
					}
					if !strings.HasPrefix(got.Line, "PROPFIND "+path+" ") || len(got.values("Authorization")) != 0 {
						t.Errorf("of a request by %s over %s arrives %s %q", way, version, got.Line, got.Raw)
					}
				}
			}
			for _, own := range theirs {
				got := program.asks("Doorpost-Token", made.Token, http.MethodGet, "/app", "Authorization", own).echo(t)
				got.isService(t, "backup", made.Token)
				if arrived := got.values("Authorization"); len(arrived) != 1 || arrived[0] != strings.TrimSpace(own) {
					t.Errorf("over %s the app's own %q arrives as %q", version, own, arrived)
				}
			}
		}
	}
	if got := member.open("/").echo(t).values("Remote-User"); len(got) != 1 || got[0] != "ada@example.com" {
		t.Errorf("beside the programs, the app is told %q of a person", got)
	}
}
