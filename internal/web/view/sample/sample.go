// Package sample holds pages with typical content, for tests and for looking
// at them.
package sample

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// Named is a page, in a state that has a name.
type Named struct {
	Name string
	Page view.Page
}

const (
	address     = "ada.lovelace@example.com"
	longAddress = "the.very.long.address.of.a.person.with.many.names@mail.department.university.example.com"
	to          = "/reports?year=2026"
)

var (
	frame = view.Frame{Host: "reports.example.com"}
	now   = time.Date(2026, time.March, 4, 17, 5, 0, 0, time.UTC)
)

// Pages lists every page in every state that looks different.
func Pages() []Named {
	return []Named{
		{"sign-in", view.SignIn{Frame: frame, To: to}},
		{"sign-in-malformed", view.SignIn{Frame: frame, To: to, Email: "ada.lovelace@example", Malformed: true}},
		{"sign-in-signed-in", view.SignIn{Frame: frame, To: to, SignedInAs: address}},
		{"check-mail", view.CheckMail{Frame: frame, Typed: address, To: to, ResendAfter: 30,
			Mailbox: view.Provider{Name: "Gmail", URL: "https://mail.google.com/"}}},
		{"check-mail-plain", view.CheckMail{Frame: frame, To: to}},
		{"check-mail-long", view.CheckMail{Frame: frame, Typed: longAddress, To: to, SignedInAs: address}},
		{"check-mail-wrong", view.CheckMail{Frame: frame, Typed: address, To: to, WrongCode: true, TriesLeft: 3}},
		{"check-mail-ended", view.CheckMail{Frame: frame, Typed: address, To: to, Ended: true}},
		{"check-mail-ended-plain", view.CheckMail{Frame: frame, To: to, Ended: true}},
		{"landing-here", view.Landing{Frame: frame, Here: true, To: to}},
		{"landing-elsewhere", view.Landing{Frame: frame, To: to}},
		{"confirm", view.ConfirmElsewhere{Frame: frame, Email: address, AskedMinutes: 4, Browser: "Firefox", System: "Windows",
			Token: "t0ken", Confirm: "c0nfirm"}},
		{"confirm-replaces", view.ConfirmElsewhere{Frame: frame, Email: longAddress, Token: "t0ken", Confirm: "c0nfirm", SignedInAs: address}},
		{"link-used", view.LinkUsed{Frame: frame, Email: address, To: to}},
		{"link-used-signed-in", view.LinkUsed{Frame: frame, SignedIn: true, To: to}},
		{"link-too-old", view.LinkTooOld{Frame: frame, ValidFor: "10 minutes", Email: address, To: to}},
		{"link-unknown", view.LinkUnknown{Frame: frame, To: to}},
		{"not-admitted", view.NotAdmitted{Frame: frame, Email: address, To: to}},
		{"throttled", view.Throttled{Frame: frame, RetryAfter: 90 * time.Second}},
		{"unavailable", view.Unavailable{Frame: frame, To: to}},
		{"form-not-sent", view.FormNotSent{Frame: frame, Back: to}},
		{"account", view.Account{Frame: frame, Email: address, SignedIn: now, Sessions: sessions()}},
		{"account-alone", view.Account{Frame: frame, Email: address, SignedIn: now, Sessions: sessions()[1:2]}},
		{"sign-out", view.SignOut{Frame: frame, Email: address, To: to}},
		{"signed-out", view.SignedOut{Frame: frame}},
		{"problem-not-found", view.Problem{Frame: frame, Status: 404, Kind: view.ProblemNotFound}},
		{"problem-cross-site", view.Problem{Frame: frame, Status: 403, Kind: view.ProblemCrossSite}},
		{"mailbox", view.Mailbox{Frame: view.Frame{Host: "localhost:8080"}, Messages: messages()}},
		{"mailbox-empty", view.Mailbox{Frame: view.Frame{Host: "localhost:8080"}}},
	}
}

func sessions() []view.AccountSession {
	return []view.AccountSession{
		{ID: "s2", Browser: "Safari", System: "iOS", Network: "198.51.100.0/24", First: now.AddDate(0, 0, -9), Last: now.Add(-3 * time.Hour)},
		{ID: "s1", Browser: "Firefox", System: "Windows", Network: "203.0.113.0/24", First: now, Last: now, Current: true},
		{ID: "s3", First: now.AddDate(0, -1, 0), Last: now.AddDate(0, 0, -20)},
	}
}

func messages() []view.MailboxMessage {
	return []view.MailboxMessage{
		{
			ID: "m1", At: now, From: "Reports <door@example.com>", To: address, Subject: "Sign in to Reports",
			Text: "Here is your link to sign in to Reports.\n\nhttp://localhost:8080/_doorpost/link#AbCdEfGhIjKlMnOpQrStUvWxYz0123456789\n\n" +
				"Or type this code: ABCD-2345\n\nWorks once, for 10 minutes.",
			HTML: "<p>Here is your link to sign in to Reports.</p>",
		},
		{
			ID: "m2", At: now.Add(time.Minute), From: "Reports <door@example.com>", To: longAddress, Subject: "Welcome to Reports",
			Text: "Reports uses your mailbox instead of a password. More at https://elsewhere.example.com/.",
		},
	}
}
