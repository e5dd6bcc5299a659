package acceptance

import (
	"crypto/tls"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

var nginxOfDocs = regexp.MustCompile("(?ms)^```nginx\n(.*?)^```$")

// The nginx of Debian stands before the gate as the recipe says.
func TestRecipeBehindNginx(t *testing.T) {
	t.Parallel()
	const page = "behind-nginx-or-traefik.md"
	app, port := startTalker(t), testkit.FreePort()
	g := startRecipe(t, page, "", ":8081", ":"+port, "localhost:3000", app.address)
	servers := nginxOfDocs.FindStringSubmatch(recipePage(t, page))[1]
	for _, pair := range [][2]string{
		{"listen 443 ssl", "listen ADDRESS ssl"}, {"127.0.0.1:8081", "127.0.0.1:" + port},
		{"/etc/ssl/app.example.com.pem", "DATA/cert.pem"}, {"/etc/ssl/app.example.com.key", "DATA/key.pem"},
	} {
		if !strings.Contains(servers, pair[0]) {
			t.Fatalf("the nginx of %s does not have %s:\n%s", page, pair[0], servers)
		}
		servers = strings.Replace(servers, pair[0], pair[1], 1)
	}
	nginx := testkit.StartNginx(t, servers)

	alice := newVisitor(t, recipeSite, nginx.Address)
	alice.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	await(t, "the gate to answer", func() bool {
		a, err := alice.try(alice.navigate("/_doorpost/sign-in"))
		return err == nil && a.status == http.StatusOK
	})
	const deep = "/books/a%2Fb;c=1//d?x=%20y"
	alice.open(deep).leadsTo(t, "/_doorpost/sign-in?to=%2Fbooks%2Fa%252Fb%3Bc%3D1%2F%2Fd%3Fx%3D%2520y")
	alice.ask("alice@example.com", deep).leadsTo(t, "/_doorpost/check-mail")
	m := g.mail.await("alice@example.com")
	if !strings.HasPrefix(m.link, recipeSite+"/_doorpost/link#") {
		t.Errorf("the link leads to %s", m.link)
	}
	alice.redeem(m, deep)
	if name, _ := alice.sessionCookie(); name != "__Host-doorpost" {
		t.Errorf("the cookie is called %s", name)
	}

	// What the visitor says of where they are does not count, and of who they are neither.
	conn := opensSocket(t, nginx.Address, recipeSite, "/", "Cookie: "+alice.cookie()+"\r\nRemote-User: eve@example.com\r\n")
	app.mu.Lock()
	told := app.heard.Values("Remote-User")
	app.mu.Unlock()
	if len(told) != 1 || told[0] != "alice@example.com" {
		t.Errorf("the app is told of %q", told)
	}
	alice.do(alice.request(http.MethodGet, "/_doorpost/account", "", "Accept", "text/html", "X-Forwarded-For", "203.0.113.9")).is(t, http.StatusOK).says(t, "127.0.0.0/24")

	// What is open ends with the session, through nginx, too.
	since := time.Now()
	alice.submit("/_doorpost/sign-out").leadsTo(t, "/_doorpost/sign-out")
	if err := conn.SetDeadline(since.Add(2 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("the WebSocket is open %v after the session has ended: %v", time.Since(since), err)
	}
	alice.isOut()
}
