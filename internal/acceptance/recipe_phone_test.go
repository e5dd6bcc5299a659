package acceptance

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var headerRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| `([^`]+)` \\|$")

// A phone app has fields for two custom headers, and sends both with whatever it asks for.
// The server behind the gate has accounts of its own.
func TestRecipeForPhoneAppsLetsInByCustomHeaders(t *testing.T) {
	t.Parallel()
	const site, ownHeader = "https://photos.example.com", "X-Immich-Device"
	app := startUpstream(t)
	g := startCaddyfileOf(t, programsPage, 2, "", "localhost:2283", app.address)
	ada := g.at(site)
	g.signIn(ada, "ada@example.com", "/")
	token := ada.makesToken(t, g.stage, "ada@example.com", "phone")
	g.learn(token)
	_, section, _ := strings.Cut(recipePage(t, programsPage), "## Phone apps\n")
	typed := headerRow.FindStringSubmatch(section)
	if typed == nil || typed[1] != "Doorpost-Token" || typed[2] != "dpat_…" {
		t.Fatalf("the page has people type %q", typed)
	}
	// As a phone may have it: it begins with a capital or does not, and a space comes with what
	// is pasted.
	names := []string{typed[1], strings.ToLower(typed[1]), strings.ToUpper(typed[1])}
	for i, name := range names {
		phone := g.at(site)
		phone.agent = "Immich_Android_2.5.0"
		custom := []string{name, token + strings.Repeat(" ", i), ownHeader, "pixel"}
		for _, r := range []*http.Request{
			phone.request(http.MethodGet, "/api/server/ping", "", "Accept", "application/json"),
			phone.request(http.MethodPost, "/api/auth/login", `{"email":"ada@example.com","password":"her own"}`, "Content-Type", "application/json"),
			phone.request(http.MethodGet, "/api/users/me", "", "Authorization", "Bearer of.the.app", "X-Immich-User-Token", "a"),
			phone.request(http.MethodPost, "/api/assets", strings.Repeat("picture", 1<<15), "Authorization", "Bearer of.the.app", "Content-Type", "multipart/form-data; boundary=x"),
			phone.request(http.MethodGet, "/api/assets/1/original", "", "Authorization", "Bearer of.the.app", "Range", "bytes=0-99", "Cookie", "immich_access_token=a"),
			phone.request(http.MethodDelete, "/api/assets?force=false", "", "Authorization", "Bearer of.the.app"),
		} {
			own, cookie := r.Header.Values("Authorization"), r.Header.Values("Cookie")
			for i := 0; i < len(custom); i += 2 {
				r.Header[custom[i]] = []string{custom[i+1]}
			}
			if a := phone.do(r); a.status != http.StatusOK || !a.isUpstream() {
				t.Errorf("%s %s is answered %d: %s", r.Method, r.URL, a.status, a.body)
				continue
			}
			got := app.latest()
			if !strings.HasPrefix(got.Line, r.Method+" "+r.URL.RequestURI()+" ") || !slices.Equal(got.values("Authorization"), own) || !slices.Equal(got.values("Cookie"), cookie) {
				t.Errorf("of %s %s arrives %s with %q", r.Method, r.URL, got.Line, got.Raw)
			}
			checkPhone(t, got, token, ownHeader)
		}
		opensSocket(t, "127.0.0.1:"+g.port, site, "/api/socket.io/?EIO=4&transport=websocket", fmt.Sprintf("%s: %s\r\n%s: pixel\r\n", name, token, ownHeader))
		checkPhone(t, app.latest(), token, ownHeader)
	}
	lost := g.at(site)
	lost.do(lost.request(http.MethodGet, "/api/server/ping", "", "Doorpost-Token", token[:30])).isRefusedProgram(t, http.StatusUnauthorized, `Bearer realm="Doorpost", error="invalid_token"`, "cut")
}

// checkPhone checks that the server behind the gate is told of the person, gets the header of
// its own, and nothing of the token.
func checkPhone(t *testing.T, got arrived, token, ownHeader string) {
	t.Helper()
	who, own := got.values("Remote-User"), got.values(ownHeader)
	if len(who) != 1 || who[0] != "ada@example.com" || len(own) != 1 || own[0] != "pixel" {
		t.Errorf("%s arrives as of %q, with %q", got.Line, who, own)
	}
	if all := got.Line + strings.Join(got.Raw, "\n") + got.Body; strings.Contains(all, token) || strings.Contains(strings.ToLower(all), "doorpost") {
		t.Errorf("the server is sent the token: %s", all)
	}
}

// opensSocket opens a WebSocket at a site, where somebody listens for its host.
func opensSocket(t *testing.T, address, site, path, lines string) net.Conn {
	t.Helper()
	host := strings.TrimPrefix(site, "https://")
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, ServerName: host}) // an authority of its own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n%s%s\r\n", path, host, strings.ReplaceAll(upgrade, "\n", "\r\n"), lines); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("a WebSocket is answered with %v (%v)", response, err)
	}
	return conn
}
