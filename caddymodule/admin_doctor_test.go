package caddymodule

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// examine has the gateway examined and returns the findings by their checks.
func (a endpoint) examine(body string) map[string]adminapi.Finding {
	a.t.Helper()
	got := a.ask("POST", "/doorpost/doctor", body, nil)
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "application/x-ndjson" {
		a.t.Fatalf("doctor is answered with %d %s", got.status, got.body)
	}
	found := make(map[string]adminapi.Finding)
	for lines := json.NewDecoder(strings.NewReader(got.body)); ; {
		var f adminapi.Finding
		err := lines.Decode(&f)
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil || f.Check == "" || f.Found == "" || f.Result != adminapi.Fine && f.Result != adminapi.Warning && f.Result != adminapi.Wrong {
			a.t.Fatalf("a finding is %+v (%v)", f, err)
		}
		found[f.Check] = f
	}
}

func TestDoctorFindsWhatIsWellAndWhatIsNot(t *testing.T) {
	a := newAdmin(t, "doorpost {\nstore memory\nfrom a@door.invalid\nmailer console\nmailer smtp "+closedPort()+" {\ntls off\n}\n}\n", helloBehindGate)
	found := a.examine("")
	for check, want := range map[string]adminapi.Result{
		"store": adminapi.Fine, "secret": adminapi.Fine, "site": adminapi.Warning, "mailer console": adminapi.Warning, "mailer smtp": adminapi.Wrong,
		// no such domain has records, and without DNS that is said.
		"SPF": adminapi.Warning, "DKIM": adminapi.Warning, "DMARC": adminapi.Warning, "MX": adminapi.Warning,
	} {
		if found[check].Result != want {
			t.Errorf("%s is %+v, want %s", check, found[check], want)
		}
		if want != adminapi.Fine && found[check].Advice == "" {
			t.Errorf("%s is %s without advice", check, want)
		}
	}
	if _, sent := found["test message"]; sent || len(found) != 9 {
		t.Errorf("the findings are %+v", found)
	}
}

func TestDoctorSendsATestMessageWhenItIsAskedTo(t *testing.T) {
	a := newAdmin(t, "", helloBehindGate)
	found := a.examine(`{"send_to": "Operator@example.com"}`)["test message"]
	if found.Result != adminapi.Fine || !strings.Contains(found.Found, "console took it for o***@example.com") {
		t.Errorf("sending is %+v", found)
	}
	for {
		select {
		case message := <-mailbox:
			if strings.Contains(message, "To:      operator@example.com\n") && strings.Contains(message, "This is a test.") {
				return
			}
		case <-time.After(patience):
			t.Fatal("the message did not come")
		}
	}
}

func TestDoctorTellsOfAMailerThatIsLeftAlone(t *testing.T) {
	address := closedPort()
	a := newAdmin(t, "doorpost {\nstore memory\nfrom a@example.com\nmailer smtp "+address+" {\ntls off\n}\n}\n", helloBehindGate)
	a.exhaust()
	testkit.ServeMail(t, testkit.MailOptions{Address: address}) // the service is back, and was not tried since
	if f := a.examine("")["mailer smtp"]; f.Result != adminapi.Warning || !strings.Contains(f.Found, "has failed since") {
		t.Errorf("doctor finds %+v", f)
	}
}

// A service that says only after the message that the account may not send it.
func TestDoctorTellsOfAMailerWhoseServiceSendsNothingForUs(t *testing.T) {
	refusing := testkit.ServeMail(t, testkit.MailOptions{Conduct: func(at testkit.MailStep, _ string) string {
		if at == testkit.AtDot {
			return "554 5.2.252 SendAsDenied; a@example.com not allowed to send as b@example.com"
		}
		return ""
	}})
	taking := testkit.ServeMail(t, testkit.MailOptions{})
	a := newAdmin(t, "doorpost {\nstore memory\nfrom b@example.com\nmailer smtp "+refusing.Address+" {\ntls off\n}\nmailer smtp "+taking.Address+" {\ntls off\n}\n}\n", helloBehindGate)
	f := a.examine(`{"send_to": "operator@example.com"}`)["test message"]
	for _, words := range []string{"smtp-2 took it", "after a mailer before it did not: sending mail through smtp (", "5.2.252", "check that the account may send from this address"} {
		if f.Result != adminapi.Warning || !strings.Contains(f.Found, words) {
			t.Errorf("doctor finds %+v, want %q", f, words)
		}
	}
	if n := len(taking.Letters()); n != 1 {
		t.Errorf("%d messages came", n)
	}
}

func TestDoctorTellsOfAStoreThatIsDownOrToBeMended(t *testing.T) {
	server := redistest.Single(t)
	a := newAdmin(t, "doorpost {\nsecret "+strings.Repeat("0123456789abcdef", 4)+"\nstore redis "+server.URL()+"\nmailer console\n}\n", helloBehindGate)
	if f := a.examine("")["store"]; f.Result != adminapi.Fine {
		t.Errorf("a healthy store is %+v", f)
	}
	server.Set(t, "maxmemory-policy", "allkeys-lru")
	if f := a.examine("")["store"]; f.Result != adminapi.Warning || !strings.Contains(f.Found, "allkeys-lru") {
		t.Errorf("a store that forgets is %+v", f)
	}
	server.Kill()
	if f := a.examine("")["store"]; f.Result != adminapi.Wrong || f.Advice == "" {
		t.Errorf("a store that is down is %+v", f)
	}
}

func TestDoctorRefusesWhatItCannotRead(t *testing.T) {
	a := newAdmin(t, "", helloBehindGate)
	for body, says := range map[string]string{
		`{"sendto": "alice@example.com"}`:                   "send_to",
		`{"send_to": "nobody"}`:                             "exactly one @",
		`{"send_to": "` + strings.Repeat("a", 20000) + `"}`: "too large",
	} {
		if said := a.refuses("POST", "/doorpost/doctor", body, http.StatusBadRequest); !strings.Contains(said, says) {
			t.Errorf("%.40s is refused with %q, want %q in it", body, said, says)
		}
	}
}
