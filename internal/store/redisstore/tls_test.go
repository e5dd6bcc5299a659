package redisstore

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/session"
)

func TestTLSIsVerifiedAndNeverLeftOut(t *testing.T) {
	server, url, certificate := redistest.TLS(t)
	pem, err := os.ReadFile(certificate)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(pem) {
		t.Fatal("the certificate cannot be read")
	}
	trusting := &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}

	store := open(t, Options{URLs: []string{url}, TLS: trusting})
	if _, found, err := store.Session(t.Context(), session.NewID().Key(), time.Now()); found || err != nil {
		t.Errorf("over TLS a session that does not exist is %v, %v", found, err)
	}
	for name, o := range map[string]Options{
		"a certificate that nobody we trust vouches for": {URLs: []string{url}},
		"another name":                {URLs: []string{strings.Replace(url, "localhost", "127.0.0.1", 1)}, TLS: trusting},
		"a server that speaks no TLS": {URLs: []string{server.URL()}, TLS: trusting},
	} {
		t.Run(name, func(t *testing.T) {
			logged := &log{}
			store, err := Open(o, slog.New(slog.NewTextHandler(logged, nil)))
			if err != nil {
				return // refused at once, as good as never connected
			}
			defer store.Close()
			redistest.Await(t, recoveryTime, "an error that says that it is TLS", func() bool { // on a slow machine the first says that it took too long
				_, _, err := store.Session(t.Context(), session.NewID().Key(), time.Now())
				if err == nil {
					t.Fatal("the store works")
				}
				return o.URLs[0] == server.URL() || strings.Contains(logged.String()+err.Error(), "tls")
			})
		})
	}
}
