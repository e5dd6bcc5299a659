package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Defaults of Options.
const (
	DefaultPrefix  = "doorpost:"
	DefaultTimeout = time.Second
)

// Options says which Redis to use: one server, the master that sentinels name,
// or a cluster.
type Options struct {
	URLs     []string      // redis://host:port/db or rediss:// with TLS; several for sentinels and clusters
	Cluster  bool          // the URLs are nodes of a cluster
	Sentinel string        // name of the master, if the URLs are sentinels
	Username string        // for servers with access control lists
	Password string        // of the servers, not of the sentinels, unless they have the same
	TLS      *tls.Config   // nil: as the URLs say
	Prefix   string        // all keys begin with it; empty means DefaultPrefix
	Timeout  time.Duration // for one operation, connecting included; zero means DefaultTimeout

	CopyOf string // the name of another store, which is copied into this one, see steps.EnterFormat
}

// parsed is options made ready for a client.
type parsed struct {
	addresses []string
	universal redis.UniversalOptions
	prefix    string
	timeout   time.Duration
}

// CheckTimeout tells what is wrong with a timeout, if anything.
func CheckTimeout(d time.Duration) error {
	if d < 10*time.Millisecond || d > time.Minute {
		return fmt.Errorf("%v is not between 10ms and 1m; 1s is a good choice", d)
	}
	return nil
}

// Check tells what is wrong with the options, if anything. It connects to
// nothing, and its errors repeat no password.
func (o Options) Check() error {
	_, err := o.parse()
	return err
}

// parse checks the options. Its errors repeat no password.
func (o Options) parse() (parsed, error) {
	p := parsed{prefix: o.Prefix, timeout: o.Timeout}
	switch {
	case len(o.URLs) == 0:
		return p, errors.New("no server is named; write for example redis://localhost:6379")
	case o.Cluster && o.Sentinel != "":
		return p, errors.New("cluster and sentinel exclude one another; keep one")
	case len(o.URLs) > 1 && !o.Cluster && o.Sentinel == "":
		return p, errors.New("several servers are named; say whether they are a cluster (cluster) or sentinels (sentinel <master>)")
	}
	if p.prefix == "" {
		p.prefix = DefaultPrefix
	}
	if strings.ContainsAny(p.prefix, "{}") {
		return p, errors.New("prefix has no braces in it: they mean something to a cluster")
	}
	if p.timeout == 0 {
		p.timeout = DefaultTimeout
	}
	if err := CheckTimeout(p.timeout); err != nil {
		return p, fmt.Errorf("timeout: %w", err)
	}
	u := &p.universal
	for i, given := range o.URLs {
		server, err := parseURL(given)
		if err != nil {
			return p, err
		}
		p.addresses = append(p.addresses, server.Addr)
		if i == 0 {
			u.DB, u.Username, u.Password, u.TLSConfig = server.DB, server.Username, server.Password, server.TLSConfig
		} else if server.DB != u.DB || server.Username != u.Username || server.Password != u.Password || (server.TLSConfig == nil) != (u.TLSConfig == nil) {
			return p, errors.New("the servers differ in more than host and port; they share database, user, password and TLS")
		}
	}
	if o.Cluster && u.DB != 0 {
		return p, errors.New("a cluster has database 0 only")
	}
	slices.Sort(p.addresses)
	u.Addrs, u.MasterName, u.IsClusterMode = p.addresses, o.Sentinel, o.Cluster
	if o.Username != "" {
		u.Username = o.Username
	}
	if o.Password != "" {
		u.Password = o.Password
	}
	if o.TLS != nil {
		u.TLSConfig = o.TLS
	}
	return p, nil
}

func parseURL(given string) (*redis.Options, error) {
	u, err := url.Parse(given)
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Hostname() == "" {
		return nil, errors.New("a server is named by a URL such as redis://localhost:6379 or, with TLS, rediss://redis.example.com:6379")
	}
	if u.RawQuery != "" {
		return nil, errors.New("the URL of a server has no query; its options stand in the block")
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), "6379")
	}
	options, err := redis.ParseURL(u.String())
	if err != nil {
		return nil, errors.New("the URL of a server has a path that is not the number of a database")
	}
	return options, nil
}

// client makes the client. It repeats nothing by itself: whether a step may be
// repeated is known here, not there.
func (p parsed) client() redis.UniversalClient {
	u := p.universal
	u.ContextTimeoutEnabled = true // otherwise a deadline does not end what is on the wire
	u.MaxRetries = -1
	u.DialTimeout, u.ReadTimeout, u.WriteTimeout, u.PoolTimeout = p.timeout, p.timeout, p.timeout, p.timeout
	u.DialerRetries = 1
	u.MaxRedirects = 8 // while slots of a cluster move
	u.ConnMaxIdleTime = 5 * time.Minute
	u.ClientName = "doorpost"
	u.DisableIdentity = true
	return redis.NewUniversalClient(&u)
}

// bounded gives an operation the time that it may take.
func (s *Store) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.timeout)
}
