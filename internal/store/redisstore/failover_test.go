package redisstore

import (
	"errors"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

const (
	// failoverTime is how soon a store works again once a replica is promoted, on
	// a busy machine.
	failoverTime = 30 * time.Second
	// loaded is how many sign-ins there are before something is broken.
	loaded = 300
)

func TestTheDeathOfAMasterUnderSentinelsIsSurvived(t *testing.T) {
	servers := redistest.Sentinel(t)
	stores := []*Store{open(t, ofSentinels(servers)), open(t, ofSentinels(servers))}
	master := servers.Master(t)
	surviveDeath(t, stores, master, func() { servers.AwaitMasterOtherThan(t, master) })
}

func TestTheDeathOfTheMasterOfOurSlotIsSurvived(t *testing.T) {
	nodes := redistest.Cluster(t)
	stores := []*Store{open(t, ofCluster(nodes)), open(t, ofCluster(nodes))}
	master := nodes.MasterOf(t, stores[0].base)
	surviveDeath(t, stores, master, func() { nodes.AwaitMasterOtherThan(t, master, stores[0].base) })
}

// surviveDeath kills the master while people sign in.
func surviveDeath(t *testing.T, stores []*Store, master *redistest.Server, awaitPromotion func()) {
	load := startLoad(t, stores...)
	redistest.Await(t, 30*time.Second, "there is load", func() bool { return load.count() >= loaded })
	safe := time.Now() // what is newer may be lost: Redis does not wait for replicas
	master.AwaitReplicas(t)
	died := time.Now()
	master.Kill()
	awaitPromotion()
	promoted := time.Now()
	for i, store := range stores {
		redistest.Await(t, failoverTime, "an instance works again", func() bool { return canSignIn(t, store) })
		t.Logf("instance %d works %v after the promotion and %v after the death", i, time.Since(promoted), time.Since(died))
	}
	before := load.count()
	redistest.Await(t, failoverTime, "the load goes on", func() bool { return load.count() >= before+loaded })
	for _, store := range stores {
		awaitListening(t, store)
	}
	load.end()
	load.wantNoRedirects(t)
	load.wantKept(t, stores[0], safe)
}

// outlastsMove is a timeout of which half, for which a step waits, is longer
// than the few keys of a test take to move on a busy machine.
const outlastsMove = 20 * time.Second

func TestAClusterWhoseSlotMovesUnderLoadLosesNothing(t *testing.T) {
	nodes := redistest.Cluster(t)
	o := ofCluster(nodes)
	o.Timeout = outlastsMove
	stores := []*Store{open(t, o), open(t, o)}
	load := startLoad(t, stores...)
	redistest.Await(t, 30*time.Second, "there is load", func() bool { return load.count() >= loaded })
	from := nodes.MasterOf(t, stores[0].base)
	for _, to := range append(othersThan(nodes.Masters(t), from), from) { // there and back
		began := time.Now()
		migration := nodes.StartMigration(t, stores[0].base, from, to)
		for migration.Move(t, 100) > 0 {
		}
		migration.Finish(t)
		t.Logf("the slot moved in %v", time.Since(began))
		from = to
		before := load.count()
		redistest.Await(t, failoverTime, "the load goes on", func() bool { return load.count() >= before+loaded })
	}
	load.end()
	load.wantNoRedirects(t)
	if n := len(load.failures); n > 0 {
		t.Errorf("%d calls failed while the slot moved", n)
	}
	load.wantKept(t, stores[0], time.Now())
}

func othersThan(servers []*redistest.Server, one *redistest.Server) []*redistest.Server {
	var others []*redistest.Server
	for _, server := range servers {
		if server != one {
			others = append(others, server)
		}
	}
	return others
}

func TestWhileASlotIsHalfMovedNothingIsHalfDone(t *testing.T) {
	nodes := redistest.Cluster(t)
	o := ofCluster(nodes)
	o.Timeout = shortTimeout
	store := open(t, o)
	var visits, waiting []*visit
	for range 50 {
		visits = append(visits, signIn(t, store))
		v := newVisit(t)
		v.ask(t, store)
		waiting = append(waiting, v)
	}
	from := nodes.MasterOf(t, store.base)
	migration := nodes.StartMigration(t, store.base, from, othersThan(nodes.Masters(t), from)[0])
	for half := range 2 {
		for i := range visits {
			visits[i].wantSession(t, store, true)
			if i%25 != 0 {
				continue
			}
			for _, o := range operations {
				if o.looks { // at one key, which one of the nodes has
					continue
				}
				err := callInTime(t, o, store, waiting[i])
				if errors.Is(err, signin.ErrUncertain) {
					t.Errorf("%s: what was refused is uncertain: %v", o.name, err)
				}
			}
		}
		if half == 0 {
			migration.Move(t, 200)
		}
	}
	for migration.Move(t, 100) > 0 {
	}
	migration.Finish(t)
	redistest.Await(t, recoveryTime, "somebody can sign in", func() bool { return canSignIn(t, store) })
	for i := range visits {
		visits[i].wantSession(t, store, true)
		visits[i].again().wantOutcome(t, store, signin.Used)
		waiting[i].redeem(t, store)
	}
}
