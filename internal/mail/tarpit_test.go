package mail_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/mail/smtprelay"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/memstore"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// A relay asks the server of each recipient whether there is such a mailbox, or passes the
// message on before it answers, and one of those servers takes the call and says nothing.
func TestRecipientsWhoseServerIsSilentDoNotStopTheMailOfOthers(t *testing.T) {
	for _, silentAt := range []testkit.MailStep{testkit.AtRecipient, testkit.AtData, testkit.AtDot} {
		t.Run(string(silentAt), func(t *testing.T) { t.Parallel(); othersArrive(t, silentAt) })
	}
}

func othersArrive(t *testing.T, silentAt testkit.MailStep) {
	over := make(chan struct{})
	server := testkit.ServeMail(t, testkit.MailOptions{Conduct: func(at testkit.MailStep, about string) string {
		if at == silentAt && strings.Contains(about, "@silent.example") {
			<-over
		}
		return ""
	}})
	t.Cleanup(func() { close(over) })
	relay, err := smtprelay.New(smtprelay.Config{Addr: server.Address, TLS: smtprelay.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	store, err := memstore.New()
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ask := func(who string) (id string) {
		t.Helper()
		now := time.Now()
		m := outbox.Message{
			ID: mail.NewID(), Kind: outbox.Invite, To: address.Address(who), Origin: "https://app.example.com", Sealed: []byte("sealed"),
			Created: now, Deadline: now.Add(time.Hour), State: outbox.Queued, Since: now, Due: now,
		}
		link := signin.Link{Purpose: signin.ToAsk, Address: m.To, Expires: m.Deadline}
		if _, err := store.Promise(t.Context(), signin.Promised{Now: now, Link: link, Message: m}); err != nil {
			t.Fatal(err)
		}
		return m.ID
	}
	state := func(id string) outbox.State {
		m, found, err := store.Message(t.Context(), id)
		if err != nil || !found {
			t.Fatalf("found %t, %v", found, err)
		}
		return m.State
	}
	var logged lockedText
	logger := slog.New(slog.NewTextHandler(&logged, nil))
	failover := mail.NewFailover(logger, relay)
	courier := mail.NewCourier(store, failover, func(m outbox.Message) (mail.Message, error) {
		return mail.Message{ID: m.ID, From: mail.Mailbox{Address: "sign-in@example.com"}, To: string(m.To), Subject: "Sign in", Text: "text", HTML: "<p>text</p>"}, nil
	}, logger, mail.CourierOptions{Timeout: 12 * time.Second})
	courier.Start()
	defer func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		courier.Close(ctx)
	}()

	var silent []string
	for i := range 100 {
		silent = append(silent, ask(fmt.Sprintf("bob%d@silent.example", i)))
	}
	last := ask("alice@example.org")
	testkit.Await(t, 5*time.Second, "the link of somebody else arrives", func() bool { return state(last) == outbox.Sent })
	for _, id := range silent[:8] { // more than the failures after which a mailer is left alone
		testkit.Await(t, 30*time.Second, "the relay is given up for now", func() bool { return state(id) == outbox.Deferred })
	}
	last = ask("alice@example.org")
	testkit.Await(t, 5*time.Second, "the next link of somebody else arrives", func() bool { return state(last) == outbox.Sent })
	if health := failover.Health()[0]; !health.Available {
		t.Errorf("the relay is left alone: %+v", health)
	}
	if strings.Contains(logged.String(), "bob") {
		t.Errorf("an address is in the log:\n%s", &logged)
	}
}
