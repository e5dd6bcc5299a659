package caddymodule

import (
	"context"
	"net"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/mail/records"
)

// recordsTime bounds all questions to DNS.
const recordsTime = 10 * time.Second

// startRecordsCheck looks up the DNS records of the sender. Nothing is looked up where
// messages are printed only.
func (a *App) startRecordsCheck(ctx context.Context) (results chan []adminapi.Finding) {
	results = make(chan []adminapi.Finding, 1)
	sender, sends := a.sender()
	if !sends {
		results <- nil
		return results
	}
	go func() {
		ctx, cancel := context.WithTimeout(ctx, recordsTime)
		defer cancel()
		var found []adminapi.Finding
		for _, f := range records.Check(ctx, net.DefaultResolver, sender) {
			result := adminapi.Warning // mail goes out, and may end in spam
			if f.Verdict == records.Good {
				result = adminapi.Fine
			}
			found = append(found, adminapi.NewFinding(f.Record, result, f.Found, f.Advice))
		}
		results <- found
	}()
	return results
}

// sender is the sender whose records count, as the first mailer that sends has it. sends
// is false if messages are printed only.
func (a *App) sender() (s records.Sender, sends bool) {
	s = records.Sender{Domain: a.from.Domain(), Envelope: a.from.Domain(), Selector: a.DKIMSelector}
	for _, module := range a.mailModules {
		switch m := module.(type) {
		case *MailgunMailer:
			if domain, err := resolve("domain", m.Domain); err == nil {
				s.Envelope = domain
			}
			s.Includes = []string{"mailgun.org"}
			return s, true
		case *SMTPMailer:
			host, _, _ := strings.Cut(m.Address, ":")
			if name := spfNames[host]; name != "" {
				s.Includes = []string{name}
			}
			return s, true
		}
	}
	return s, false
}

// spfNames are the SPF records of services that send with the domain of their customer in
// the envelope.
var spfNames = map[string]string{
	"smtp.office365.com": "spf.protection.outlook.com", "smtp.gmail.com": "_spf.google.com", "smtp-relay.gmail.com": "_spf.google.com",
}
