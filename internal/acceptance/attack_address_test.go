package acceptance

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// post sends a form of ours whose body and content type are as they are given.
func (v *visitor) post(path, contentType, body string) answer {
	v.t.Helper()
	return v.do(v.request(http.MethodPost, path, body, "Content-Type", contentType, "Accept", "text/html", "Origin", v.origin, "Sec-Fetch-Site", "same-origin"))
}

// Two addresses in one field, or a field in several places: refused as a whole.
func TestAttackEM01ListsAndArrays(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true, site: "allow *"})
	v := g.visitor()
	const form = "application/x-www-form-urlencoded"
	refused := func(what string, a answer) {
		t.Helper()
		if a.status != http.StatusUnprocessableEntity && a.status != http.StatusBadRequest && a.status != http.StatusUnsupportedMediaType {
			t.Errorf("%s was answered %d", what, a.status)
		}
		if len(a.header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s got a cookie", what)
		}
	}
	for _, between := range []string{",", ";", " ", ", ", "\n", "\r\n", "\t", "\x00", "|", "\r\nBcc: ", "%0a", "%2c", "\u2028", "&", ">,<", "\x0b", "\u3000"} {
		for _, pair := range []string{"ada@example.com" + between + "evil@example.net", "evil@example.net" + between + "ada@example.com", "ada@example.com" + between, between + "ada@example.com" + between + "x"} {
			if strings.TrimRight(strings.TrimSpace(pair), " ,;") == "ada@example.com" {
				continue // white space around an address and a comma behind it are dropped
			}
			refused(fmt.Sprintf("%q", pair), v.post("/_doorpost/sign-in", form, url.Values{"email": {pair}}.Encode()))
		}
	}
	for _, body := range []string{
		"email=ada@example.com&email=evil@example.net", "email=&email=evil@example.net", "email[]=ada@example.com&email[]=evil@example.net", "email[0]=ada@example.com", "email.x=ada@example.com",
		"Email=ada@example.com", "EMAIL=ada@example.com", "%65mail=ada@example.com&email=evil@example.net", "email%00=ada@example.com", "email%20=ada@example.com", "+email=ada@example.com",
		`{"email":"ada@example.com"}`, `["ada@example.com"]`, "email", "=ada@example.com", "", "&&&", "email=ada@example.com;email=evil@example.net",
	} {
		refused(body, v.post("/_doorpost/sign-in?email=ada@example.com", form, body))
	}
	for _, contentType := range []string{"application/json", "multipart/form-data; boundary=b", "text/plain", "application/x-www-form-urlencoded, application/json"} {
		refused(contentType, v.post("/_doorpost/sign-in", contentType, `{"email":"ada@example.com","email":"evil@example.net"}`))
	}
	g.comesToRest()
	g.gate.stop()
	if n := len(g.mail.received("ada@example.com")) + len(g.mail.received("evil@example.net")); n != 0 {
		t.Errorf("%d messages were sent", n)
	}
}

// exotic are strings that some parser of addresses takes for one at
// example.com, made of what such strings are made of.
func exotic(random *rand.Rand, count int) (all []string) {
	locals := []string{
		`"e@attacker.example"`, `"victim"`, `"a b"`, `"a\"b"`, `""`, "a%evil.example", "evil!a", "victim@evil.example", "victim@example.com", "(x)victim", "victim(x)", "<victim", "Eve <victim", "=?utf-8?q?victim?=", "@r.example:victim", "undisclosed:victim",
		".victim", "victim.", "vic..tim", "", " ", "vic tim", "vic\ttim", "vic\x00tim", "m\u0131ke", "mi\u212ae", "\u0430lice", "e\u0301ve", "victim\uff20x", "victim\ufe6bx", "stra\u00dfe", "\U0001f600",
		"(" + strings.Repeat("(", 300), strings.Repeat("a <", 100), strings.Repeat("a", 65), "victim:", "vic,tim", "vic;tim", "vic\\tim", "[victim", "vic]tim",
	}
	ats := []string{"@", "@@", " @ ", "\ufe6b", "%40", "(at)@", "@ ", " @"}
	domains := []string{
		"example.com", "example..com", ".example.com", "-example.com", "example-.com", "example", "[127.0.0.1]", "[IPv6:::1]", "127.0.0.1", "example.com (x)", "example.com,evil.example", "example.com@evil.example", "ex\u00e4mple.com",
		"exam\u0440le.com", "example.com:25", "example.com/x", "exam_ple.com", strings.Repeat("a", 64) + ".com", strings.Repeat("a.", 126) + "com", "example.com\r\nBcc: x@evil.example", "xn--.com", "example.com%00.evil.example",
	}
	for range count {
		local, at, domain := "victim", "@", "example.com"
		// At least one of the three is exotic.
		switch random.IntN(5) {
		case 0:
			local = locals[random.IntN(len(locals))]
		case 1:
			at = ats[1+random.IntN(len(ats)-1)]
		case 2:
			domain = domains[1+random.IntN(len(domains)-1)]
		case 3:
			local, at = locals[random.IntN(len(locals))], ats[random.IntN(len(ats))]
		default:
			local, domain = locals[random.IntN(len(locals))], domains[random.IntN(len(domains))]
		}
		all = append(all, local+at+domain)
	}
	return all
}

func TestAttackEM02ExoticAddressesGetNoMail(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true, site: "allow *"})
	v := g.visitor()
	for _, typed := range exotic(rand.New(rand.NewPCG(2, 2)), 1200) {
		a := v.submit("/_doorpost/sign-in", "email", typed)
		if a.status != http.StatusUnprocessableEntity || len(a.header.Values("Set-Cookie")) > 0 {
			t.Errorf("%q was answered %d, with the cookies %q", typed, a.status, a.header.Values("Set-Cookie"))
		}
	}
	g.comesToRest()
	g.gate.stop()
	g.mail.mu.Lock()
	defer g.mail.mu.Unlock()
	for _, m := range g.mail.messages {
		t.Errorf("a message went to %q", m.recipients)
	}
}

// A letter that looks like another, or folds to it, names nobody: it is refused
// before anything folds it.
func TestAttackEM04NoLetterStandsForAnother(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true, site: "allow alice@example.com *@corp.example"})
	v := g.visitor()
	asked := 0
	for _, good := range []string{"alice@example.com", "bob@corp.example"} {
		for i := range good {
			for _, lookalike := range lookalikes[good[i]] {
				typed := good[:i] + lookalike + good[i+1:]
				asked++
				v.submit("/_doorpost/sign-in", "email", typed).is(t, http.StatusUnprocessableEntity)
			}
		}
	}
	if asked < 60 {
		t.Fatalf("only %d lookalikes were tried", asked)
	}
	g.comesToRest()
	g.gate.stop()
	if n := len(g.mail.received("alice@example.com")) + len(g.mail.received("bob@corp.example")); n != 0 {
		t.Errorf("%d messages were sent to whom the lookalikes look like", n)
	}
}

// lookalikes are characters that fold to an ASCII one under NFKC or by a change
// of case, or that people take for it. Those of full width are the same letter.
var lookalikes = map[byte][]string{
	'a': {"\u0430", "\u00e1", "a\u0301", "\u1d43", "\u24d0"}, 'b': {"\u0184", "\u24d1"}, 'c': {"\u0441", "\u2ca5", "\u217d"}, 'e': {"\u0435", "\u212f", "e\u0301"},
	'i': {"\u0131", "\u0130", "\u0456", "\u2170"}, 'l': {"\u217c", "\u04cf"}, 'm': {"\u217f"}, 'o': {"\u043e", "\u03bf", "\u00ba", "\u2134"}, 'p': {"\u0440"}, 'r': {"\u0433"},
	'x': {"\u0445", "\u2179"}, '@': {"\ufe6b"}, '.': {"\u2024"},
}

func TestAttackEM07LongAddressesCostLittle(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true, site: "allow *"})
	v := g.visitor()
	domain := func(length int) string {
		return strings.Repeat("d.", (length-3)/2) + strings.Repeat("d", (length-3)%2) + "com"
	}
	for _, c := range []struct{ local, total, status int }{
		{64, 64 + 1 + 63, http.StatusSeeOther}, {65, 65 + 1 + 63, http.StatusUnprocessableEntity}, {64, 254, http.StatusSeeOther}, {64, 255, http.StatusUnprocessableEntity}, {1, 254, http.StatusSeeOther}, {1, 255, http.StatusUnprocessableEntity},
	} {
		address := strings.Repeat("a", c.local) + "@" + domain(c.total-c.local-1)
		if len(address) != c.total {
			t.Fatalf("the test made an address of %d bytes, not %d", len(address), c.total)
		}
		if a := v.submit("/_doorpost/sign-in", "email", address); a.status != c.status {
			t.Errorf("an address of %d bytes, %d before the @, was answered %d", c.total, c.local, a.status)
		}
	}
	const tries = 20
	cost := func(typed string) time.Duration {
		began := time.Now()
		for range tries {
			v.submit("/_doorpost/sign-in", "email", typed).is(t, http.StatusUnprocessableEntity)
		}
		return time.Since(began) / tries
	}
	cost("x")
	plain := cost("x")
	for _, unit := range []string{"(", "[", "a <", "\"", ",", "@", "\\", "=?utf-8?q?", "a.", "é", "<", ";"} {
		typed := strings.Repeat(unit, 5000/len(url.QueryEscape(unit)))
		if took := cost(typed); took > plain+50*time.Millisecond {
			t.Errorf("%d times %q took %v, a short one %v", len(typed)/len(unit), unit, took, plain)
		}
	}
}

// Whatever may stand in an address comes out the same everywhere: in the
// envelope, the message, the session, the headers.
func TestAttackEM08OneCanonicalString(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true, site: "allow *"})
	random := rand.New(rand.NewPCG(8, 8))
	const letters, special = "abcdefghijklmnopqrstuvwxyz0123456789", "#$&'*+-/=^_`{|}~"
	seen := make(map[string]bool)
	for i := range 60 {
		var local strings.Builder
		for n := range 1 + random.IntN(12) {
			if n > 0 && random.IntN(6) == 0 {
				local.WriteByte('.')
			}
			if random.IntN(3) == 0 {
				local.WriteByte(special[random.IntN(len(special))])
			} else {
				local.WriteByte(letters[random.IntN(len(letters))])
			}
		}
		hosts := []string{"example.com", "mail.example.org", "xn--exmple-cua.com", "a-b.example"}
		want := fmt.Sprintf("%s%d@%s", &local, i, hosts[random.IntN(len(hosts))])
		typed := []byte(want)
		for j, c := range typed {
			if c >= 'a' && c <= 'z' && random.IntN(2) == 0 {
				typed[j] = c - 'a' + 'A'
			}
		}
		if seen[want] {
			continue
		}
		seen[want] = true
		v := g.visitor()
		if a := v.submit("/_doorpost/sign-in", "email", " "+string(typed)+"\t"); a.status != http.StatusSeeOther {
			t.Fatalf("%q was answered %d", typed, a.status)
		}
		m := g.mail.await(want)
		if len(m.recipients) != 1 || m.recipients[0] != want {
			t.Errorf("%s: the envelope has %q", typed, m.recipients)
		}
		if to, err := m.header.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != want || len(m.header["To"]) != 1 {
			t.Errorf("%s: To is %q (%v)", typed, m.header["To"], err)
		}
		v.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/")
		got := v.open("/").echo(t)
		for _, name := range []string{"Remote-User", "Remote-Email"} {
			if values := got.values(name); len(values) != 1 || values[0] != want {
				t.Errorf("%s: %s is %q, want %s", typed, name, values, want)
			}
		}
		if who := v.who(); who != want {
			t.Errorf("%s: the session is that of %s", typed, who)
		}
	}
}

// Spellings that differ are different people, or the same by the one rule that
// the case of letters does not count.
func TestAttackEM09SpellingsAreOnePersonOrVisiblyTwo(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true, site: "allow *"})
	people := make(map[string]string)
	for _, typed := range []string{"alice@example.com", "ALICE@example.com", "Alice@Example.Com", "a.lice@example.com", "alice+x@example.com", "alice+@example.com", "alice-@example.com", "al1ce@example.com", "alice@example.org"} {
		v := g.visitor()
		g.signIn(v, typed, "/")
		people[typed] = v.open("/").echo(t).values("Remote-User")[0]
	}
	for typed, user := range people {
		if user != strings.ToLower(typed) {
			t.Errorf("%s is %s to the app", typed, user)
		}
	}
}
