package redistest

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// TLS starts a server that speaks TLS too, with a certificate for localhost
// that signs itself. It returns the URL for TLS and the file of the
// certificate.
func TLS(t testing.TB) (server *Server, url, certificate string) {
	t.Helper()
	made, err := testkit.NewCertificate()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	certificate, key := filepath.Join(folder, "server.pem"), filepath.Join(folder, "server-key.pem")
	for path, content := range map[string][]byte{certificate: made.PEM, key: made.KeyPEM} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	port := testkit.FreePort()
	server = Single(t, "--tls-port", port, "--tls-cert-file", certificate, "--tls-key-file", key,
		"--tls-ca-cert-file", certificate, "--tls-auth-clients", "no")
	return server, "rediss://" + net.JoinHostPort("localhost", port), certificate
}
