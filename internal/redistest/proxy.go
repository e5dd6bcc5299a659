package redistest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Proxy stands between a client and a server and does harm.
type Proxy struct {
	Address string // host:port
	proxy   *toxiproxy.Proxy
}

// Between starts a proxy to a server. It ends with the test.
func Between(t testing.TB, server *Server) *Proxy {
	t.Helper()
	host := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	p := &Proxy{proxy: toxiproxy.NewProxy(host, t.Name(), "127.0.0.1:0", server.Address)}
	if err := p.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	p.Address = p.proxy.Listen
	t.Cleanup(p.proxy.Stop)
	return p
}

// URL names the server as it is reached through the proxy.
func (p *Proxy) URL() string { return "redis://" + p.Address }

// Cut refuses connections and ends those that are.
func (p *Proxy) Cut() { p.proxy.Stop() }

// Mend ends a Cut.
func (p *Proxy) Mend(t testing.TB) {
	t.Helper()
	if err := p.proxy.Start(); err != nil {
		t.Fatal(err)
	}
}

// Harm is a toxic of toxiproxy.
type Harm struct {
	Type       string         `json:"type"`
	Stream     string         `json:"stream"` // upstream: to the server; downstream: from it
	Attributes map[string]int `json:"attributes"`
}

// Harms of interest.
var (
	// FiveSecondsLate delays every answer by five seconds.
	FiveSecondsLate = Harm{"latency", "downstream", map[string]int{"latency": 5000}}
	// BlackHole swallows what is sent, in silence.
	BlackHole = Harm{"timeout", "upstream", map[string]int{"timeout": 0}}
	// AnswerReset lets requests through, and resets the connection when the
	// answer comes.
	AnswerReset = Harm{"reset_peer", "downstream", map[string]int{"timeout": 0}}
	// AnswerCut lets requests through, and closes the connection in place of
	// the answer.
	AnswerCut = Harm{"limit_data", "downstream", map[string]int{"bytes": 0}}
	// AnswerLost lets requests through and swallows the answers.
	AnswerLost = Harm{"timeout", "downstream", map[string]int{"timeout": 0}}
)

// Do harms all connections, those that are and those to come.
func (p *Proxy) Do(t testing.TB, harm Harm) {
	t.Helper()
	encoded, err := json.Marshal(harm)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.proxy.Toxics.AddToxicJson(strings.NewReader(string(encoded))); err != nil {
		t.Fatal(err)
	}
}

// Heal ends all harm.
func (p *Proxy) Heal() { p.proxy.Toxics.ResetToxics(context.Background()) }
