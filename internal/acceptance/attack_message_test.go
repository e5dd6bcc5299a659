package acceptance

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// On a site that answers to every Host, behind a proxy that is trusted: whatever
// the request says of where it was sent, the link leads to the configured
// origin, or there is none.
func TestAttackML01NoRequestMovesTheLink(t *testing.T) {
	t.Parallel()
	port := testkit.FreePort()
	g := prepare(t, setup{})
	g.port = port
	host := "localhost:" + port
	g.configure(setup{address: ":" + port, origin: "http://" + host, site: "allow *@example.com\nurl http://" + host, silent: true})
	replaceInFile(t, g.caddyfile(), "skip_install_trust\n", "skip_install_trust\nservers {\ntrusted_proxies static 127.0.0.1/32\n}\n")
	g.run()
	number := 0
	ask := func(target string, hosts []string, headers string) {
		t.Helper()
		number++
		address := fmt.Sprintf("victim%d@example.com", number)
		body := "email=" + address
		var head strings.Builder
		fmt.Fprintf(&head, "POST %s HTTP/1.1\n", target)
		for _, h := range hosts {
			head.WriteString("Host: " + h + "\n")
		}
		fmt.Fprintf(&head, "Origin: http://%s\nContent-Type: application/x-www-form-urlencoded\nContent-Length: %d\nConnection: close\n%s\n", host, len(body), headers)
		a, err := g.rawBody(head.String(), body)
		what := fmt.Sprintf("%s %q %q", target, hosts, headers)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return
		}
		if a.status != http.StatusSeeOther {
			if a.status < 400 || a.status >= 500 || strings.Contains(a.body, "evil") {
				t.Errorf("%s was answered %d %s", what, a.status, a.text())
			}
			return
		}
		m := g.mail.await(address)
		m.check(t, address)
		if !strings.HasPrefix(m.link, "http://"+host+"/_doorpost/link#") || strings.Contains(string(m.raw), "evil") {
			t.Errorf("%s: the link is %s", what, m.link)
		}
	}
	const path = "/_doorpost/sign-in"
	for _, name := range []string{"X-Forwarded-Host", "X-Host", "X-Original-Host", "X-Forwarded-Server", "X-HTTP-Host-Override", "Forwarded", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Original-URL", "X-Real-Host", "Referer", "Via"} {
		for _, value := range []string{"evil.example", "host=evil.example;proto=http", "http", "8080", "evil.example:443, " + host} {
			ask(path, []string{host}, name+": "+value+"\n")
		}
		ask(path, []string{host}, strings.ReplaceAll(name, "-", "_")+": evil.example\n"+name+": evil.example\n"+name+": evil2.example\n")
	}
	for _, hosts := range [][]string{
		{"evil.example"}, {"evil.example:" + port}, {host, "evil.example"}, {"evil.example", host}, {host + "@evil.example"}, {"localhost:" + port + ".evil.example"}, {"localhost:1@evil.example"}, {"localhost:80"}, {host + "/evil.example"},
		{host + ", evil.example"}, {"evil.example#" + host}, {"LOCALHOST:" + port}, {"localhost.:" + port}, {""}, {}, {host + " "}, {"[::1]:" + port}, {"127.0.0.1:" + port}, {"localhost:0" + port},
	} {
		ask(path, hosts, "")
		ask("http://evil.example"+path, hosts, "")
		ask("http://"+host+path, hosts, "")
		ask("http://evil.example@"+host+path, hosts, "")
	}
}
