package redistest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// clusterMasters is how many masters a cluster has, each with one replica.
const clusterMasters = 3

// Nodes are a cluster.
type Nodes struct {
	Servers []*Server
}

// Cluster starts three masters with a replica each, which end with the test.
func Cluster(t testing.TB) *Nodes {
	t.Helper()
	n, err := StartCluster()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, server := range n.Servers {
			server.stop()
		}
	})
	return n
}

// StartCluster starts the same, to end with Main.
func StartCluster() (*Nodes, error) {
	n := &Nodes{}
	for range 2 * clusterMasters {
		server, err := start(nil, func(port, folder string) ([]string, error) {
			return append(serverArgs(port, folder), "--cluster-enabled", "yes", "--cluster-node-timeout", "3000",
				"--cluster-port", testkit.FreePort(), "--cluster-config-file", "nodes.conf"), nil
		})
		if err != nil {
			return nil, err
		}
		n.Servers = append(n.Servers, server)
	}
	path, err := exec.LookPath("redis-cli")
	if err != nil {
		return nil, errors.New("redis-cli is missing: install the package redis-tools (Debian: apt-get install redis-tools)")
	}
	args := []string{"--cluster", "create"}
	for _, server := range n.Servers {
		args = append(args, server.Address)
	}
	args = append(args, "--cluster-replicas", "1", "--cluster-yes")
	if output, err := exec.Command(path, args...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("making a cluster: %w: %s", err, output)
	}
	isUp := testkit.HoldsWithin(time.Minute, func() bool {
		for _, server := range n.Servers {
			state, err := server.Info("replication")
			if err != nil || state["role"] == "slave" && state["master_link_status"] != "up" || !n.isUp(server) {
				return false
			}
		}
		return true
	})
	if !isUp {
		return nil, errors.New("the nodes do not agree that the cluster is up")
	}
	return n, nil
}

// isUp reports whether a node sees the whole cluster, replicas included.
func (n *Nodes) isUp(server *Server) bool {
	ctx := context.Background()
	info, err := server.Client().ClusterInfo(ctx).Result()
	if err != nil || !strings.Contains(info, "cluster_state:ok") {
		return false
	}
	nodes, err := server.Client().ClusterNodes(ctx).Result()
	return err == nil && strings.Count(nodes, "slave ") == clusterMasters && strings.Count(nodes, "master ") == clusterMasters
}

// URLs names the nodes.
func (n *Nodes) URLs() []string { return urls(n.Servers) }

// MasterOf is the node that serves a key, as seen by the others.
func (n *Nodes) MasterOf(t testing.TB, key string) *Server {
	t.Helper()
	var master *Server
	Await(t, startTime, "the cluster names a master for "+key, func() bool {
		master = n.masterOf(key, nil)
		return master != nil
	})
	return master
}

// AwaitMasterOtherThan waits until another node serves a key.
func (n *Nodes) AwaitMasterOtherThan(t testing.TB, old *Server, key string) *Server {
	t.Helper()
	var master *Server
	Await(t, time.Minute, "another node serves "+key, func() bool {
		master = n.masterOf(key, old)
		return master != nil && master != old
	})
	return master
}

// masterOf asks any node but the one that may be dead.
func (n *Nodes) masterOf(key string, except *Server) *Server {
	for _, server := range n.Servers {
		if server == except {
			continue
		}
		ctx := context.Background()
		slot, err := server.Client().ClusterKeySlot(ctx, key).Result()
		if err != nil {
			continue
		}
		ranges := redis.NewClusterSlotsCmd(ctx, "CLUSTER", "SLOTS")
		if err := server.Client().Process(ctx, ranges); err != nil {
			continue
		}
		for _, r := range ranges.Val() {
			if r.Start <= int(slot) && int(slot) <= r.End && len(r.Nodes) > 0 {
				return find(n.Servers, r.Nodes[0].Addr)
			}
		}
	}
	return nil
}

// ID is the name of a node within the cluster.
func (n *Nodes) ID(t testing.TB, server *Server) string {
	t.Helper()
	id, _ := server.Do(t, "CLUSTER", "MYID").(string)
	return id
}

// Masters are the nodes that serve slots.
func (n *Nodes) Masters(t testing.TB) []*Server {
	t.Helper()
	var masters []*Server
	for _, server := range n.Servers {
		if fields, err := server.Info("replication"); err == nil && fields["role"] == "master" {
			masters = append(masters, server)
		}
	}
	return masters
}

// Migration moves the slot of a key from one master to another, in steps that
// a test can look between.
type Migration struct {
	nodes    *Nodes
	slot     int64
	from, to *Server
}

// StartMigration opens the slot of a key for moving.
func (n *Nodes) StartMigration(t testing.TB, key string, from, to *Server) *Migration {
	t.Helper()
	slot, err := from.Client().ClusterKeySlot(context.Background(), key).Result()
	if err != nil {
		t.Fatal(err)
	}
	to.Do(t, "CLUSTER", "SETSLOT", slot, "IMPORTING", n.ID(t, from))
	from.Do(t, "CLUSTER", "SETSLOT", slot, "MIGRATING", n.ID(t, to))
	return &Migration{nodes: n, slot: slot, from: from, to: to}
}

// Move moves up to count keys and tells how many there were.
func (m *Migration) Move(t testing.TB, count int) int {
	t.Helper()
	ctx := context.Background()
	keys, err := m.from.Client().ClusterGetKeysInSlot(ctx, int(m.slot), count).Result()
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) == 0 {
		return 0
	}
	host, port, _ := strings.Cut(m.to.Address, ":")
	command := []any{"MIGRATE", host, port, "", 0, 5000, "KEYS"}
	for _, key := range keys {
		command = append(command, key)
	}
	if err := m.from.Client().Process(ctx, redis.NewStatusCmd(ctx, command...)); err != nil {
		t.Fatalf("moving keys: %v", err)
	}
	return len(keys)
}

// Finish gives the slot to its new master.
func (m *Migration) Finish(t testing.TB) {
	t.Helper()
	id := m.nodes.ID(t, m.to)
	m.to.Do(t, "CLUSTER", "SETSLOT", m.slot, "NODE", id)
	m.from.Do(t, "CLUSTER", "SETSLOT", m.slot, "NODE", id)
}
