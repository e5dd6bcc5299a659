package acceptance

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// balancer stands in front of several instances and gives each the next
// request in turn. One that does not take connections is passed over.
type balancer struct {
	origin    string // that visitors see
	address   string
	instances []string // addresses
	transport *http.Transport
	turn      atomic.Uint64
	passed    atomic.Int64 // connections that an instance did not take
	cuts      atomic.Int64 // connections that were cut before an answer
}

func startBalancer(t testing.TB, instances ...string) *balancer {
	t.Helper()
	b := &balancer{instances: instances, transport: &http.Transport{MaxIdleConnsPerHost: 100, DisableCompression: true}}
	server := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.Host = "http", r.In.Host
			r.SetXForwarded()
		},
		Transport: b,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, "the balancer has no answer: "+err.Error(), http.StatusBadGateway)
		},
	})
	t.Cleanup(server.Close)
	t.Cleanup(b.transport.CloseIdleConnections)
	b.address = server.Listener.Addr().String()
	_, port, _ := net.SplitHostPort(b.address)
	b.origin = "http://localhost:" + port
	return b
}

// RoundTrip sends a request to the instance whose turn it is, or to the first
// after it that takes the connection. One whose connection was cut before there
// was an answer goes once more, to the next instance, see again.
func (b *balancer) RoundTrip(r *http.Request) (response *http.Response, err error) {
	if r.GetBody == nil && r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
	turn, wasCut := b.turn.Add(1), false
	for i := range uint64(len(b.instances)) {
		r.URL.Host = b.instances[(turn+i)%uint64(len(b.instances))]
		if r.GetBody != nil {
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
		response, err = b.transport.RoundTrip(r)
		dial := (*net.OpError)(nil)
		switch {
		case errors.As(err, &dial) && dial.Op == "dial":
			b.passed.Add(1)
		case err != nil && !wasCut && wasCutBeforeAnAnswer(err):
			wasCut = true
			b.cuts.Add(1)
		default:
			return response, err
		}
	}
	return nil, err
}

// wasCutBeforeAnAnswer tells a connection that its instance closed while a
// request was on its way. Which of the errors the transport gives for it depends
// on how far either had come. The last has no value to compare with: see
// errServerClosedIdle in net/http.
func wasCutBeforeAnAnswer(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		strings.Contains(err.Error(), "server closed idle connection")
}

func TestBalancerTakesTurnsAndPassesOverWhoIsDown(t *testing.T) {
	t.Parallel()
	one, other := startUpstream(t), startUpstream(t)
	b := startBalancer(t, one.address, "127.0.0.1:"+testkit.FreePort(), other.address)
	v := newVisitor(t, b.origin, b.address)
	for range 6 {
		v.do(v.form("/x", "a", "b")).echo(t)
		for _, u := range []*upstream{one, other} {
			if last := u.latest(); u.count() > 0 && (last.Body != "a=b" || "http://"+strings.Join(last.values("Host"), "") != b.origin) {
				t.Fatalf("an instance was sent %q for %q", last.Body, last.values("Host"))
			}
		}
	}
	if one.count() != 2 || other.count() != 4 || b.passed.Load() != 2 {
		t.Errorf("instances were sent %d and %d requests, %d were passed over", one.count(), other.count(), b.passed.Load())
	}
}
