package mail

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
)

func TestAClockThatIsSetBackDelaysNoMessage(t *testing.T) {
	for back := time.Second; back < time.Hour; back *= 4 {
		synctest.Test(t, func(t *testing.T) {
			store, w := newStore(t), &watch{}
			ahead := time.Now().Add(back)
			untried := put(t, store, 2*time.Hour, func(m *outbox.Message) { m.Since, m.Due = ahead, ahead })
			tried := put(t, store, 2*time.Hour, func(m *outbox.Message) {
				m.State, m.Since, m.Due = outbox.Deferred, ahead, ahead.Add(time.Minute)
			})
			w.courier(t, store, &fakeMailer{name: "fake"}, CourierOptions{})
			synctest.Wait()
			if now, later := look(t, store, untried).State, look(t, store, tried).State; now != outbox.Sent || later != outbox.Deferred {
				t.Errorf("set back by %v: at once they are %s and %s", back, now, later)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if later := look(t, store, tried).State; later != outbox.Sent {
				t.Errorf("set back by %v: after its pause it is %s", back, later)
			}
		})
	}
}
