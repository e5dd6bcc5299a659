package acceptance

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// versions are those of HTTP that a site with TLS speaks.
var versions = []string{"HTTP/1.1", "HTTP/2", "HTTP/3"}

// secureStage is a stage with TLS, so that all versions of HTTP are real.
type secureStage struct {
	*stage
	roots *x509.CertPool
}

// startSecure starts a gate with TLS. Lines of the setup's behind come after
// those that ask for it.
func startSecure(t testing.TB, s setup) *secureStage {
	t.Helper()
	g := &secureStage{stage: prepare(t, setup{}), roots: x509.NewCertPool()}
	if s.behind == "" {
		s.behind = "reverse_proxy " + g.upstream.address
	}
	s.address, s.behind = "https://localhost:"+g.port, "tls internal\n"+s.behind
	g.configure(s)
	// Caddy makes the certificate itself; nothing is installed for it.
	replaceInFile(t, g.caddyfile(), "auto_https off", "auto_https disable_redirects")
	g.gate = launch(t, g.home, "run", "--config", g.caddyfile())
	root := g.home.path("data/caddy/pki/authorities/local/root.crt")
	await(t, "a certificate authority", func() bool {
		if g.gate.HasEnded() {
			t.Fatalf("the gate did not start: %s", g.gate.Output())
		}
		certificate, err := os.ReadFile(root)
		return err == nil && g.roots.AppendCertsFromPEM(certificate)
	})
	for _, version := range versions {
		probe := g.over(version)
		await(t, "the gate to answer over "+version, func() bool {
			a, err := probe.try(probe.navigate("/_doorpost/sign-in"))
			return err == nil && a.status == http.StatusOK
		})
	}
	return g
}

// config is that of a TLS client that knows the authority of the stage.
func (g *secureStage) config(protocols ...string) *tls.Config {
	return &tls.Config{RootCAs: g.roots, ServerName: "localhost", NextProtos: protocols}
}

// over makes a browser that speaks one version of HTTP.
func (g *secureStage) over(version string) *visitor {
	v := g.visitor()
	switch transport := v.client.Transport.(*http.Transport); version {
	case "HTTP/3":
		quicTransport := &http3.Transport{
			TLSClientConfig: g.config(http3.NextProtoH3),
			Dial: func(ctx context.Context, _ string, config *tls.Config, options *quic.Config) (*quic.Conn, error) {
				return quic.DialAddrEarly(ctx, "127.0.0.1:"+g.port, config, options)
			},
		}
		g.t.Cleanup(func() { _ = quicTransport.Close() })
		v.client.Transport = speaks{quicTransport, 3}
	case "HTTP/2":
		transport.TLSClientConfig, transport.ForceAttemptHTTP2 = g.config(), true
		v.client.Transport = speaks{transport, 2}
	default:
		transport.TLSClientConfig = g.config("http/1.1")
		v.client.Transport = speaks{transport, 1}
	}
	return v
}

// as is the same browser with the same cookies over another version of HTTP.
func (g *secureStage) as(version string, v *visitor) *visitor {
	other := g.over(version)
	other.cookies = v.cookies
	return other
}

// speaks fails requests that went by another version of HTTP than they should.
type speaks struct {
	http.RoundTripper
	major int
}

func (s speaks) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.RoundTripper.RoundTrip(r)
	if err == nil && response.ProtoMajor != s.major {
		err = errors.Join(fmt.Errorf("the answer came by %s, not by version %d", response.Proto, s.major), response.Body.Close())
		return nil, err
	}
	return response, err
}
