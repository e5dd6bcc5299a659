package acceptance

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func TestAReloadThatRemovesOnePersonDisturbsNobodyElse(t *testing.T) {
	eachStore(t, setup{silent: true, site: "allow *@example.com"}, func(t *testing.T, d doorway) {
		const others, rate = 50, 200
		out := enter(t, d, "out@example.com")
		var served, cuts atomic.Int64
		stop, failed := make(chan struct{}), make(chan error, others)
		for i := range others {
			who := fmt.Sprintf("member%02d@example.com", i)
			v := enter(t, d, who)
			v.client.Transport = again{v.client.Transport, &cuts}
			go func() { failed <- visitAtRate(v, time.Second*others/rate, &served, stop) }()
		}
		await(t, "the load to run", func() bool { return served.Load() > rate })
		out.isIn("out@example.com")
		d.reload("allow *@example.com\ndeny out@example.com")
		reloaded := time.Now()
		if !testkit.HoldsWithin(revocationTime, func() bool { return !out.open("/").isUpstream() }) {
			t.Error("a second after the reload the person is let through")
		}
		out.open("/").is(t, http.StatusForbidden)
		before := served.Load()
		await(t, "the load to go on", func() bool { return served.Load() > before+rate && time.Since(reloaded) > time.Second })
		close(stop)
		for range others {
			if err := <-failed; err != nil {
				t.Error(err)
			}
		}
		t.Logf("%d requests of %d others, %d connections cut", served.Load(), others, cuts.Load())
		d.reload("allow *@example.com")
		out.isIn("out@example.com") // what was not ended goes on when it is let in again
	})
}

// visitAtRate opens a page again and again, one each interval, until it is
// stopped. Anything but the app's answer is an error.
func visitAtRate(v *visitor, interval time.Duration, served *atomic.Int64, stop <-chan struct{}) error {
	next := time.NewTicker(interval)
	defer next.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-next.C:
		}
		a, err := v.try(v.navigate("/"))
		if err != nil {
			return err
		}
		if a.status != http.StatusOK || !a.isUpstream() {
			return fmt.Errorf("somebody else was answered %d: %s", a.status, strings.TrimSpace(a.text()))
		}
		served.Add(1)
	}
}
