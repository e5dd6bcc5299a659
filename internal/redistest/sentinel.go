package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// MasterName is what the sentinels call the master.
const MasterName = "main"

// Sentinels are a master with its replicas and three sentinels that watch it.
type Sentinels struct {
	Servers   []*Server // the first is the master until it fails
	Sentinels []*Server
}

// Sentinel starts a master, two replicas and three sentinels, which end with
// the test.
func Sentinel(t testing.TB) *Sentinels {
	t.Helper()
	s, err := StartSentinel()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, server := range append(s.Sentinels, s.Servers...) {
			server.stop()
		}
	})
	return s
}

// StartSentinel starts the same, to end with Main.
func StartSentinel() (*Sentinels, error) {
	s := &Sentinels{}
	const replicas, sentinels = 2, 3
	for i := range 1 + replicas {
		var args []string
		if i > 0 {
			host, port, _ := net.SplitHostPort(s.Servers[0].Address)
			args = []string{"--replicaof", host + " " + port}
		}
		server, err := Start(args...)
		if err != nil {
			return nil, err
		}
		s.Servers = append(s.Servers, server)
	}
	for range sentinels {
		server, err := start([]string{"--sentinel"}, func(port, folder string) ([]string, error) {
			return sentinelArgs(port, folder, s.Servers[0].Address)
		})
		if err != nil {
			return nil, err
		}
		s.Sentinels = append(s.Sentinels, server)
	}
	ready := testkit.HoldsWithin(time.Minute, func() bool {
		for _, sentinel := range s.Sentinels {
			fields, err := sentinel.Info("sentinel")
			want := fmt.Sprintf("slaves=%d,sentinels=%d", replicas, sentinels)
			if err != nil || !strings.Contains(fields["master0"], want) || !strings.Contains(fields["master0"], "status=ok") {
				return false
			}
		}
		return s.replicasAreInStep()
	})
	if !ready {
		return nil, errors.New("the sentinels do not know one another and the replicas")
	}
	return s, nil
}

// sentinelArgs writes the file that a sentinel needs: it keeps its state there.
func sentinelArgs(port, folder, master string) ([]string, error) {
	host, masterPort, _ := net.SplitHostPort(master)
	path := filepath.Join(folder, "sentinel.conf")
	lines := []string{
		"port " + port, "bind 127.0.0.1", "dir " + folder, "loglevel warning",
		"sentinel monitor " + MasterName + " " + host + " " + masterPort + " 2",
		"sentinel down-after-milliseconds " + MasterName + " 3000",
		"sentinel failover-timeout " + MasterName + " 3000",
		"sentinel parallel-syncs " + MasterName + " 2",
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("writing the file of a sentinel: %w", err)
	}
	return []string{path}, nil
}

func (s *Sentinels) replicasAreInStep() bool {
	for _, server := range s.Servers[1:] {
		fields, err := server.Info("replication")
		if err != nil || fields["role"] == "slave" && fields["master_link_status"] != "up" {
			return false
		}
	}
	return true
}

// URLs names the sentinels.
func (s *Sentinels) URLs() []string { return urls(s.Sentinels) }

func urls(servers []*Server) []string {
	var all []string
	for _, server := range servers {
		all = append(all, server.URL())
	}
	return all
}

// MasterAddress is where the sentinels say that the master is; empty if they
// do not agree.
func (s *Sentinels) MasterAddress() string {
	named := ""
	for _, sentinel := range s.Sentinels {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		found := redis.NewStringSliceCmd(ctx, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", MasterName)
		err := sentinel.Client().Process(ctx, found)
		cancel()
		if err != nil || len(found.Val()) != 2 {
			return ""
		}
		address := net.JoinHostPort(found.Val()[0], found.Val()[1])
		if named != "" && named != address {
			return ""
		}
		named = address
	}
	return named
}

// Master is the server that the sentinels name.
func (s *Sentinels) Master(t testing.TB) *Server {
	t.Helper()
	var master *Server
	Await(t, startTime, "the sentinels name a master", func() bool {
		master = find(s.Servers, s.MasterAddress())
		return master != nil
	})
	return master
}

func find(servers []*Server, address string) *Server {
	for _, server := range servers {
		if server.Address == address {
			return server
		}
	}
	return nil
}

// AwaitMasterOtherThan waits until another server is master and writable.
func (s *Sentinels) AwaitMasterOtherThan(t testing.TB, old *Server) *Server {
	t.Helper()
	var master *Server
	Await(t, time.Minute, "another master is promoted", func() bool {
		for _, server := range s.Servers {
			if server == old {
				continue
			}
			if fields, err := server.Info("replication"); err == nil && fields["role"] == "master" {
				master = server
				return true
			}
		}
		return false
	})
	return master
}
