package acceptance

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// arrival is one copy of a message that a mail service took.
type arrival struct {
	message
	id string // Message-ID, without angle brackets
	at time.Time
}

// mailService is a mail service that does as a test tells it. It keeps what it
// took and when it was asked.
type mailService struct {
	mailer string // lines of the configuration that send through it

	mu       sync.Mutex
	flaws    []string
	tries    map[string][]time.Time // of each address
	arrivals map[string][]arrival   // at each address, in their order
}

func newMailService(t testing.TB) *mailService {
	s := &mailService{tries: make(map[string][]time.Time), arrivals: make(map[string][]arrival)}
	t.Cleanup(func() {
		for _, flaw := range s.flaws {
			t.Error(flaw)
		}
	})
	return s
}

// tried notes an attempt and returns its number, counted from 1.
func (s *mailService) tried(to string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries[to] = append(s.tries[to], time.Now())
	return len(s.tries[to])
}

// attempts are the times at which the service was asked for an address.
func (s *mailService) attempts(to string) []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.tries[to])
}

// asked is for how many addresses the service was asked.
func (s *mailService) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tries)
}

func (s *mailService) take(to string, m message, id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id = strings.Trim(id, "<>"); err == nil && id == "" {
		err = errors.New("a message has no Message-ID")
	}
	if err != nil {
		s.flaws = append(s.flaws, fmt.Sprintf("a message to %s: %v", to, err))
	}
	s.arrivals[to] = append(s.arrivals[to], arrival{m, id, time.Now()})
}

// at is what a mailbox got.
func (s *mailService) at(to string) []arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.arrivals[to])
}

// await waits for the first message to a mailbox, for as long as a message may
// need that is tried several times.
func (s *mailService) await(t testing.TB, to string) arrival {
	t.Helper()
	if !testkit.HoldsWithin(deliveryPatience, func() bool { return len(s.at(to)) > 0 }) {
		t.Fatalf("no message for %s came within %v, in %d attempts", to, deliveryPatience, len(s.attempts(to)))
	}
	return s.at(to)[0]
}

// deliveryPatience is how long a message may take that is tried again and
// again, or taken over from a process that died.
const deliveryPatience = 2 * time.Minute

// missing are those of some mailboxes that got nothing.
func (s *mailService) missing(addresses []string) (missing []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, to := range addresses {
		if len(s.arrivals[to]) == 0 {
			missing = append(missing, to)
		}
	}
	return missing
}

// secrets are all tokens and codes that arrived, which no log may have.
func (s *mailService) secrets() (found []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, copies := range s.arrivals {
		for _, c := range copies {
			found = append(found, c.token, c.code)
		}
	}
	return found
}

// checkCopies fails the test if a mailbox got more than one extra copy of a
// message, or copies that are not alike. Each address was asked for once. It
// returns how many extra copies there are.
func (s *mailService) checkCopies(t testing.TB) (extra int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for to, copies := range s.arrivals {
		extra += len(copies) - 1
		if len(copies) > 2 {
			t.Errorf("%s got %d copies of a message", to, len(copies))
		}
		for _, c := range copies {
			if c.token != copies[0].token || c.code != copies[0].code || c.id != copies[0].id {
				t.Errorf("copies of the message to %s differ: %s and %s", to, c.id, copies[0].id)
			}
		}
	}
	return extra
}

// sendsThrough lets a gate send through the service. Its secrets are looked for
// in the logs when the test ends.
func (s *mailService) sendsThrough(t testing.TB, set setup) *stage {
	t.Helper()
	set.mailer = s.mailer
	g := start(t, set)
	t.Cleanup(func() { g.known = append(g.known, s.secrets()...) })
	return g
}

// startMailgun starts a service with Mailgun's API. conduct, if set, is asked
// before a message is taken, and answers itself if it returns false.
func startMailgun(t testing.TB, conduct func(w http.ResponseWriter, r *http.Request, to string, try int) (take bool)) *mailService {
	t.Helper()
	s := newMailService(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			return // its process died
		}
		to := r.FormValue("to")
		if try := s.tried(to); conduct != nil && !conduct(w, r, to, try) {
			return
		}
		m := message{text: r.FormValue("text"), html: r.FormValue("html")}
		err := m.find()
		s.take(to, m, r.FormValue("h:Message-Id"), err)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id":"<%d@mg.example.com>","message":"Queued. Thank you."}`, time.Now().UnixNano())
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	s.mailer = "mailer mailgun {\ndomain mg.example.com\napi_key key-of-acceptance\napi_base " + server.URL + "\n}"
	return s
}

// startSMTP starts an SMTP server. conduct, if set, is asked for its reply when it
// is told a recipient and when it has read a message; empty for the usual one.
func startSMTP(t testing.TB, conduct func(at testkit.MailStep, to string, try int) string) *mailService {
	t.Helper()
	s := newMailService(t)
	server := testkit.ServeMail(t, testkit.MailOptions{
		Conduct: func(at testkit.MailStep, to string) string {
			if at == testkit.AtRecipient {
				s.tried(to)
			}
			if conduct == nil || at != testkit.AtRecipient && at != testkit.AtDot {
				return ""
			}
			return conduct(at, to, len(s.attempts(to)))
		},
		Take: func(l testkit.Letter) {
			m, err := parseMessage(l.Raw)
			s.take(l.To[0], m, m.header.Get("Message-Id"), err)
		},
	})
	s.mailer = smtpMailer(server.Address)
	return s
}
