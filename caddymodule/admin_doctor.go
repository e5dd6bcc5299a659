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
// soon as it is known.
func runDoctor(c *adminCall) error {
	var order adminapi.DoctorOrder
	if err := c.readOrder(&order, `{"send_to": "<address>"}`); err != nil {
		return err
	}
	var to address.Address
	if order.SendTo != "" {
		var err error
		if to, err = address.Parse(order.SendTo); err != nil {
			return apiError(http.StatusBadRequest, "send_to: %w", err)
		}
	}
	line := c.lines()
	send := func(found ...adminapi.Finding) {
		for _, f := range found {
			line(f)
		}
	}
	mailers, records := c.startMailerChecks(c.ctx), c.startRecordsCheck(c.ctx)
	if rt, err := c.open(); err != nil {
		send(adminapi.NewFinding("store", adminapi.Wrong, "it cannot be opened: "+err.Error(), "mend it; nobody can sign in before"))
	} else {
		send(rt.checkStore(c.ctx)...)
	}
	send(c.advice()...)
	send(<-records...)
	for _, m := range mailers {
		send(<-m)
	}
	if to != "" {
		send(c.sendTest(c.ctx, to))
	}
	return nil
}

func (rt *runningApp) checkStore(ctx context.Context) (found []adminapi.Finding) {
	warnings, err := rt.backend.health(ctx)
	if err != nil {
		return append(found, adminapi.NewFinding("store", adminapi.Wrong, "it does not do its part: "+err.Error(),
			"see that it runs, can be reached and has room: on the disk, or in Redis below maxmemory and with as many replicas as min-replicas-to-write wants; until then nobody signs in, and where it does not answer at all people who are signed in go on for as long as the option grace allows"))
	}
	for _, w := range warnings {
		found = append(found, adminapi.NewFinding("store", adminapi.Warning, w, ""))
	}
	if found == nil {
		found = append(found, adminapi.NewFinding("store", adminapi.Fine, "it answers", ""))
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
	name := "mailer " + known.Name
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	switch err := checker.Check(ctx, from); {
	case err != nil:
		return adminapi.NewFinding(name, adminapi.Wrong, err.Error(), "mend it, unless it passes by itself, and run doctor again; outbox list shows what did not go out meanwhile")
	case !known.Available:
		return adminapi.NewFinding(name, adminapi.Warning,
			"it answers now, but has failed since "+known.Since.Format("2006-01-02 15:04:05 UTC")+": "+known.Problem,
			"do what that says, if it is not done: the next attempt is made within 5 minutes, or with the next message")
	}
	return adminapi.NewFinding(name, adminapi.Fine, "it answers and takes our credentials", "")
}

// sendTest sends a message as any other is sent: through the first mailer that
// is not left alone, or the next one that takes it.
func (a *App) sendTest(ctx context.Context, to address.Address) adminapi.Finding {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	receipt, err := a.mailers.Send(ctx, mail.Message{ // in English: operators read it
		ID: mail.NewID(), From: a.from, To: string(to), Language: "en", Subject: "Test message from Doorpost",
		Text: "This is a test. Doorpost can send mail to this mailbox.\n\nAn operator asked for it with doorpost doctor --send-to. There is nothing to do.\n",
		HTML: "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Test message from Doorpost</title></head>\n" +
			"<body><p>This is a test. Doorpost can send mail to this mailbox.</p>\n" +
			"<p>An operator asked for it with <code>doorpost doctor --send-to</code>. There is nothing to do.</p></body></html>\n",
	})
	if err != nil {
		return adminapi.NewFinding("test message", adminapi.Wrong, err.Error(), "mend it, unless it passes by itself, and try again")
	}
	found := receipt.Mailer + " took it for " + to.Mask()
	if receipt.ID != "" {
		found += ", and knows it as " + receipt.ID
	}
	if receipt.Before != nil && receipt.Before.Unauthorized { // some services say only then that they send nothing for us
		return adminapi.NewFinding("test message", adminapi.Warning, found+", after a mailer before it did not: "+receipt.Before.Error(),
			"do what that says, and try again")
	}
	return adminapi.NewFinding("test message", adminapi.Fine, found,
		"look into the mailbox and into its spam folder")
}
