package caddymodule

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/doorpost-auth/doorpost/internal/store/redisstore"
)

// RedisStore keeps everything in Redis, for several instances. They need the
// same secret.
type RedisStore struct {
	// URLs of the servers: redis://host:port/db, or rediss:// with TLS. One for
	// a single server, several for a cluster or for sentinels.
	URLs []string `json:"urls,omitempty"`

	// Cluster says that the URLs are nodes of a cluster.
	Cluster bool `json:"cluster,omitempty"`

	// Sentinel is the name of the master, if the URLs are sentinels.
	Sentinel string `json:"sentinel,omitempty"`

	// Username and Password, if the servers want them.
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`

	// TLS protects the connections.
	TLS *RedisTLS `json:"tls,omitempty"`

	// Prefix that all keys begin with. Default "doorpost:".
	Prefix string `json:"prefix,omitempty"`

	// Timeout of one operation. Default 1s.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	options redisstore.Options
	logger  *slog.Logger
}

// RedisTLS says which servers to trust.
type RedisTLS struct {
	// CA is a file with the certificates, in PEM form, that may vouch for the
	// servers. Default: those of the system.
	CA string `json:"ca,omitempty"`
}

func (RedisStore) CaddyModule() caddy.ModuleInfo {
	return moduleInfo[RedisStore]("doorpost.stores.redis")
}

// Provision resolves and checks the options. It connects to nothing.
func (s *RedisStore) Provision(ctx caddy.Context) error {
	s.logger = ctx.Slogger()
	s.options = s.written()
	s.options.URLs = make([]string, len(s.URLs))
	urls := make([]value, len(s.URLs))
	for i, given := range s.URLs {
		urls[i] = value{"url", given, &s.options.URLs[i], true}
	}
	err := resolveAll(append(urls,
		value{"username", s.Username, &s.options.Username, false},
		value{"password", s.Password, &s.options.Password, false},
	)...)
	if err != nil {
		return err
	}
	if s.TLS != nil {
		if s.options.TLS, err = s.TLS.config(); err != nil {
			return fmt.Errorf("tls: %w", err)
		}
	}
	return s.options.Check()
}

func (t *RedisTLS) config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CA == "" {
		return config, nil
	}
	path, err := resolve("ca", t.CA)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading ca: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate in PEM form", path)
	}
	return config, nil
}

// Key implements StoreModule. Credentials are part of it, as a hash.
func (s *RedisStore) Key() string {
	urls := slices.Sorted(slices.Values(s.options.URLs))
	ca := ""
	if s.TLS != nil {
		ca = "tls " + s.TLS.CA
	}
	sum := sha256.Sum256([]byte(strings.Join(append(urls, s.Sentinel, s.options.Username, s.options.Password, s.Prefix, ca,
		time.Duration(s.Timeout).String()), "\x00")))
	return "redis:" + hex.EncodeToString(sum[:])
}

func (s *RedisStore) Open() (Store, error) { return redisstore.Open(s.options, s.logger) }

// UnmarshalCaddyfile reads store redis, as docs/options.md has it.
func (s *RedisStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if s.URLs = d.RemainingArgs(); len(s.URLs) == 0 {
		return d.Err("store redis needs a server, for example store redis redis://localhost:6379")
	}
	return readBlock(d, "store redis", s.checkWritten,
		option{name: "cluster", read: noValue(&s.Cluster)},
		option{name: "sentinel", read: oneValue(&s.Sentinel, "mymaster")},
		option{name: "username", read: oneValue(&s.Username, "doorpost")},
		option{name: "password", read: oneValue(&s.Password, "{env.REDIS_PASSWORD}")},
		option{name: "tls", read: func(d *caddyfile.Dispenser) error {
			s.TLS = new(RedisTLS)
			if d.CountRemainingArgs() == 0 {
				return nil
			}
			return oneValue(&s.TLS.CA, "/etc/ssl/redis-ca.pem")(d)
		}},
		option{name: "prefix", read: oneValue(&s.Prefix, "doorpost:")},
		option{name: "timeout", read: duration(&s.Timeout, "1s", redisstore.CheckTimeout)},
	)
}

// written are the options that are not secret, as they are written.
func (s *RedisStore) written() redisstore.Options {
	return redisstore.Options{URLs: s.URLs, Cluster: s.Cluster, Sentinel: s.Sentinel, Prefix: s.Prefix, Timeout: time.Duration(s.Timeout)}
}

// checkWritten checks them while their line is known.
func (s *RedisStore) checkWritten() error {
	if slices.ContainsFunc(s.URLs, hasPlaceholder) {
		return nil // checked when the configuration loads
	}
	return wrong("store redis", s.written().Check())
}

var errSecretForRedis = errors.New("store redis needs the option secret, because all instances sign with the same one; make one with openssl rand -base64 32 and configure it with secret {env.DOORPOST_SECRET}")

var _ caddy.Provisioner = (*RedisStore)(nil)
