package smtprelay

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
)

// ReadAuthorities reads the certificates of a PEM file, which are trusted instead of the
// system's authorities. It is an error if there is none.
func ReadAuthorities(path string) (*x509.CertPool, error) {
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("the CA file %q is not an absolute path; write for example /etc/doorpost/ca.pem", path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the CA file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("the CA file %s has no certificate in it; it is PEM, with lines -----BEGIN CERTIFICATE-----", path)
	}
	return pool, nil
}
