package acceptance

import (
	"bufio"
	"net/http"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// dialHTTP3 is dial for a WebSocket over HTTP/3 (RFC 9220), with headers given as name,
// value, name, value.
func (g *secureStage) dialHTTP3(who string, headers ...string) *socket {
	g.t.Helper()
	conn, err := quic.DialAddr(g.t.Context(), "127.0.0.1:"+g.port, g.config(http3.NextProtoH3), nil)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = conn.CloseWithError(0, "") })
	stream, err := new(http3.Transport).NewClientConn(conn).OpenRequestStream(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodConnect, g.origin+socketPath, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	r.Proto = "websocket"
	r.Header.Set("Sec-Websocket-Version", "13")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if err := stream.SendRequestHeader(r); err != nil {
		g.t.Fatal(err)
	}
	response, err := stream.ReadResponse()
	if err != nil || response.StatusCode != http.StatusOK {
		g.t.Fatalf("a WebSocket of %s over HTTP/3 is answered with %v (%v)", who, response, err)
	}
	s := &socket{t: g.t, who: who, conn: stream, reader: bufio.NewReader(stream)}
	s.speaks()
	return s
}

func TestAttackID09WebSocketOverHTTP3EndsWithItsSessionOrToken(t *testing.T) {
	t.Parallel()
	app := startChat(t)
	g := startSecure(t, setup{options: noTokensInLogs, site: "allow *@example.com\ntokens", behind: "reverse_proxy " + app.address})
	ada, bob := g.over("HTTP/2"), g.over("HTTP/2")
	g.signIn(ada, "ada@example.com", "/")
	g.signIn(bob, "bob@example.com", "/")
	hers, his := g.dialHTTP3("ada@example.com", "Cookie", ada.cookie()), g.dialHTTP3("bob@example.com", "Cookie", bob.cookie())
	program := g.makes("sync")
	var its []*socket
	for way := range ways {
		name, value := ways[way](program.Token)
		its = append(its, g.dialHTTP3("service:sync", name, value))
	}
	ada.submit("/_doorpost/sign-out").leadsTo(t, "/_doorpost/sign-out")
	hers.ends(app, time.Now(), revocationTime)
	his.speaks()
	g.succeeds("tokens", "end", program.ID)
	ended := time.Now()
	for _, s := range its {
		t.Logf("ended after %v", s.ends(app, ended, revocationTime))
	}
}
