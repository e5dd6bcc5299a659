package caddymodule

import (
	"context"
	"net/http"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/mail"
)

// checkTime bounds each check that asks a mail service.
const checkTime = 30 * time.Second

// runDoctor checks store and mail, and answers with a finding on each line, as
// soon as it is known (application/x-ndjson).
func runDoctor(a *App, w http.ResponseWriter, r *http.Request) error {
	to, err := readDoctorOrder(w, r)
	if err != nil {
		return err
	}
	line := answerLines[adminapi.Finding](w)
	send := func(found ...adminapi.Finding) {
		for _, f := range found {
			line(f)
		}
	}
	ctx := r.Context()
	mailers := a.startMailerChecks(ctx)
	if rt, err := a.open(); err != nil {
		send(adminapi.Finding{Check: "store", Result: adminapi.Wrong, Found: "it cannot be opened: " + err.Error(), Advice: "mend it; nobody can sign in before"})
	} else {
		send(rt.checkStore(ctx)...)
	}
	send(a.advice()...)
	for _, m := range mailers {
		send(<-m)
	}
	if to != "" {
		send(a.sendTest(ctx, to))
	}
	return nil
}

// readDoctorOrder reads who is to get a test message. An empty body is fine.
func readDoctorOrder(w http.ResponseWriter, r *http.Request) (to address.Address, err error) {
	var order adminapi.DoctorOrder
	if err := readOrder(w, r, &order, `{"send_to": "<address>"}`); err != nil {
		return "", err
	}
	if order.SendTo == "" {
		return "", nil
	}
	if to, err = address.Parse(order.SendTo); err != nil {
		return "", apiError(http.StatusBadRequest, "send_to: %w", err)
	}
	return to, nil
}

func (rt *runningApp) checkStore(ctx context.Context) (found []adminapi.Finding) {
	warnings, err := rt.backend.store.Health(ctx)
	if err != nil {
		return []adminapi.Finding{{
			Check: "store", Result: adminapi.Wrong, Found: "it does not answer: " + err.Error(),
			Advice: "see that it runs and can be reached; until then only people who are signed in get through, for as long as the option grace allows",
		}}
	}
	for _, w := range warnings {
		found = append(found, adminapi.Finding{Check: "store", Result: adminapi.Warning, Found: w})
	}
	if found == nil {
		found = []adminapi.Finding{{Check: "store", Result: adminapi.Fine, Found: "it answers"}}
	}
	return found
}

// startMailerChecks asks all mail services at once. Each result comes through
// a channel of its own.
func (a *App) startMailerChecks(ctx context.Context) (results []chan adminapi.Finding) {
	known := healthOf(a.mailers)
	for i, module := range a.mailModules {
		checker, ok := module.Mailer().(mail.Checker)
		if _, prints := module.(*ConsoleMailer); prints || !ok {
			continue // there is no service to ask; see advice
		}
		result := make(chan adminapi.Finding, 1)
		results = append(results, result)
		go func() { result <- checkMailer(ctx, checker, a.from, known[i]) }()
	}
	return results
}

// checkMailer asks a mail service whether it would take messages from us.
func checkMailer(ctx context.Context, checker mail.Checker, from mail.Mailbox, known adminapi.MailerHealth) adminapi.Finding {
	f := adminapi.Finding{Check: "mailer " + known.Name, Result: adminapi.Fine}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	switch err := checker.Check(ctx, from); {
	case err != nil:
		f.Result, f.Found = adminapi.Wrong, err.Error()
		f.Advice = "mend it and run doctor again; outbox list shows what did not go out meanwhile"
	case !known.Available:
		f.Result, f.Found = adminapi.Warning, "it answers now, but is left alone for a while because it failed, since "+known.Since.Format("2006-01-02 15:04:05 UTC")+": "+known.Problem
		f.Advice = "nothing, if the problem is over: the next attempt is made within 5 minutes"
	default:
		f.Found = "it answers and takes our credentials"
	}
	return f
}

// sendTest sends a message as any other is sent: through the first mailer that
// is not left alone, or the next one that takes it.
func (a *App) sendTest(ctx context.Context, to address.Address) adminapi.Finding {
	f := adminapi.Finding{Check: "test message", Result: adminapi.Fine}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	receipt, err := a.mailers.Send(ctx, testMessage(a.from, to))
	if err != nil {
		f.Result, f.Found, f.Advice = adminapi.Wrong, err.Error(), "mend it and try again"
		return f
	}
	f.Found = receipt.Mailer + " took it for " + to.Mask()
	if receipt.ID != "" {
		f.Found += ", and knows it as " + receipt.ID
	}
	f.Advice = "look into the mailbox and into its spam folder; SPF, DKIM and DMARC records of the sender's domain keep messages out of the latter"
	return f
}

// testMessage is in English: operators read it.
func testMessage(from mail.Mailbox, to address.Address) mail.Message {
	return mail.Message{
		ID: mail.NewID(), From: from, To: string(to), Language: "en", Subject: "Test message from Doorpost",
		Text: "This is a test. Doorpost can send mail to this mailbox.\n\nAn operator asked for it with doorpost doctor --send-to. There is nothing to do.\n",
		HTML: "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Test message from Doorpost</title></head>\n" +
			"<body><p>This is a test. Doorpost can send mail to this mailbox.</p>\n" +
			"<p>An operator asked for it with <code>doorpost doctor --send-to</code>. There is nothing to do.</p></body></html>\n",
	}
}
