package acceptance

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// anonymous are requests of somebody who is nobody, none of which may cost more
// than its answer.
func anonymous(g *stage, i int) string {
	kinds := []string{
		g.line("GET", fmt.Sprintf("/app?unique=%d", i), "") + "Accept: text/html\n",
		g.line("GET", fmt.Sprintf("/api/%d", i), ""),
		g.line("GET", fmt.Sprintf("/_doorpost/sign-in?to=/page%d", i), "") + "Accept: text/html\n",
		g.line("GET", "/_doorpost/link", ""), g.line("GET", "/_doorpost/session", ""), g.line("GET", fmt.Sprintf("/_doorpost/none%d", i), ""),
		g.line("HEAD", "/_doorpost/sign-out", ""), g.line("GET", "/_doorpost/check-mail", ""),
		g.line("GET", "/app", fmt.Sprintf("doorpost-%s=MTc2NDAw%dfGFiYw==", g.port, i)) + "Accept: text/html\n",
		g.line("GET", "/_doorpost/check-mail", fmt.Sprintf("doorpost-ask-%s=MTc2NDAw%dfGFiYw==", g.port, i)) + "Accept: text/html\n",
		g.line("POST", "/_doorpost/link", "") + "Origin: https://evil.example\nContent-Length: 0\n",
	}
	return kinds[i%len(kinds)] + "Connection: close\n"
}

// checkCheap sends requests of nobody and checks what they get.
func (g *stage) checkCheap(count int) {
	g.t.Helper()
	for i := range count {
		a := g.mustRaw(anonymous(g, i))
		if a.status >= 500 {
			g.t.Errorf("%s was answered %d", anonymous(g, i), a.status)
		}
		set := 0
		for _, line := range a.header.Values("Set-Cookie") {
			if !strings.Contains(line, "Max-Age=0") {
				set++
			}
			if len(line) > 512 {
				g.t.Errorf("a cookie of %d bytes was set", len(line))
			}
		}
		if set > 1 {
			g.t.Errorf("%s set %d cookies", anonymous(g, i), set)
		}
	}
}

func TestAttackDS01NobodyCostsTheStoreNothing(t *testing.T) {
	t.Parallel()
	const requests = 1500
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		server := redistest.Single(t)
		g := start(t, setup{silent: true, store: "redis " + server.URL(), global: "secret " + newSecret()})
		g.signedIn("ada@example.com")
		before := settledCalls(t, server)
		g.checkCheap(requests)
		if calls := storeCalls(t, server) - before; calls != 0 {
			t.Errorf("%d requests of nobody cost Redis %d calls", requests, calls)
		}
	})
	t.Run("bolt", func(t *testing.T) {
		t.Parallel()
		g := start(t, setup{silent: true})
		v := g.signedIn("ada@example.com")
		v.open("/").echo(t)
		g.comesToRest() // it writes nothing by itself any more
		before, err := os.Stat(g.store())
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(g.store())
		if err != nil {
			t.Fatal(err)
		}
		g.checkCheap(requests)
		after, err := os.Stat(g.store())
		if err != nil {
			t.Fatal(err)
		}
		same, err := os.ReadFile(g.store())
		if err != nil {
			t.Fatal(err)
		}
		if after.Size() != before.Size() || string(same) != string(content) {
			t.Errorf("%d requests of nobody changed the store: %d bytes before, %d after", requests, before.Size(), after.Size())
		}
	})
}

// What is sent as a form is read to its bound and no further.
func TestAttackDS01NoBodyIsReadBeyondItsBound(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	for _, head := range []string{
		g.line("POST", "/_doorpost/sign-in", "") + "Origin: " + g.origin + "\nContent-Type: application/x-www-form-urlencoded\nTransfer-Encoding: chunked\n\n",
		g.line("POST", "/_doorpost/sign-in", "") + "Origin: https://evil.example\nContent-Type: application/x-www-form-urlencoded\nTransfer-Encoding: chunked\n\n",
		g.line("POST", "/app", "") + "Content-Type: application/octet-stream\nTransfer-Encoding: chunked\n\n",
	} {
		conn, err := net.Dial("tcp", "127.0.0.1:"+g.port)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		answered := make(chan int, 1)
		go func() {
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				answered <- 0
				return
			}
			defer response.Body.Close()
			answered <- response.StatusCode
		}()
		if _, err := io.WriteString(conn, strings.ReplaceAll(head, "\n", "\r\n")); err != nil {
			t.Fatal(err)
		}
		chunk := "1000\r\n" + strings.Repeat("a", 0x1000) + "\r\n"
		sent, refused := 0, false
		for ; sent < 64<<20 && !refused; sent += 0x1000 {
			_, err := io.WriteString(conn, chunk)
			refused = err != nil
		}
		if !refused {
			t.Errorf("%.40q: %d bytes were taken", head, sent)
		}
		if status := <-answered; status != 0 && (status < 400 || status >= 500) {
			t.Errorf("%.40q was answered %d", head, status)
		}
	}
}

func TestAttackDS04ManyCookies(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	g := start(t, setup{silent: true, store: "redis " + server.URL(), global: "secret " + newSecret()})
	v := g.signedIn("ada@example.com")
	v.open("/").echo(t)
	before := settledCalls(t, server)
	for what, cookies := range map[string]string{
		"nothing many times": strings.Repeat("a=;", 5000), "names only": strings.Repeat("a;", 7000), "our name many times": strings.Repeat("doorpost-"+g.port+"=x; ", 500),
		"other names of ours": strings.Repeat("doorpost-x=1; ", 800), "a long one": "doorpost-" + g.port + "=" + strings.Repeat("A", 15000), "separators": strings.Repeat(";", 15000), "spaces": strings.Repeat(" ", 15000),
	} {
		a, err := g.raw(g.line("GET", "/app", cookies) + "Connection: close\n")
		if err != nil || a.status != http.StatusUnauthorized && a.status != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s: answered %d (%v)", what, a.status, err)
		}
	}
	if a, err := g.raw(g.line("GET", "/app", strings.Repeat(v.cookie()+"; ", 50)) + "Connection: close\n"); err != nil || a.status != http.StatusOK {
		t.Errorf("our own many times: answered %d (%v)", a.status, err)
	}
	name, value := v.sessionCookie()
	forgeries := damaged(value)
	began := time.Now()
	for _, value := range forgeries {
		if a, err := g.raw(g.line("GET", "/app", name+"="+value) + "Connection: close\n"); err != nil || a.status != http.StatusUnauthorized {
			t.Errorf("a forged cookie was answered %d (%v)", a.status, err)
		}
	}
	t.Logf("%d forged cookies in %v", len(forgeries), time.Since(began).Round(time.Millisecond))
	if calls := storeCalls(t, server) - before; calls != 0 {
		t.Errorf("cookies that are none cost Redis %d calls", calls)
	}
}
