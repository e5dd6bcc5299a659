package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
)

// Sample is a page with typical content, in a state that has a name.
type Sample struct {
	Name string
	Page Page
}

const (
	sampleAddress     = "ada.lovelace@example.com"
	sampleLongAddress = "the.very.long.address.of.a.person.with.many.names@mail.department.university.example.com"
	sampleTo          = "/reports?year=2026"
	sampleWords       = "I am the new one in the team of Grace.\nShe told me to read the report of May: https://reports.example.com/may"
)

var (
	sampleFrame = Frame{Host: "reports.example.com"}
	sampleTime  = time.Date(2026, time.March, 4, 17, 5, 0, 0, time.UTC)
)

// Samples lists every page in every state that looks different. They are for tests,
// for screenshots, and for trying an operator's templates.
func Samples() []Sample {
	return append([]Sample{
		{"sign-in", SignIn{Frame: sampleFrame, To: sampleTo}},
		{"sign-in-malformed", SignIn{Frame: sampleFrame, To: sampleTo, Email: "ada.lovelace@example", Malformed: true}},
		{"sign-in-signed-in", SignIn{Frame: sampleFrame, To: sampleTo, SignedInAs: sampleAddress}},
		{"sign-in-again", SignIn{Frame: sampleFrame, To: sampleTo, SignedInAs: sampleLongAddress, Again: true}},
		{"check-mail", CheckMail{Frame: sampleFrame, Typed: sampleAddress, To: sampleTo, ResendAfter: 30,
			Mailbox: Provider{Name: "Gmail", URL: "https://mail.google.com/"}}},
		{"check-mail-plain", CheckMail{Frame: sampleFrame, To: sampleTo}},
		{"check-mail-long", CheckMail{Frame: sampleFrame, Typed: sampleLongAddress, To: sampleTo, Before: "2026-03-04T17:05:00Z"}},
		{"check-mail-wrong", CheckMail{Frame: sampleFrame, Typed: sampleAddress, To: sampleTo, WrongCode: true, TriesLeft: 3}},
		{"check-mail-ended", CheckMail{Frame: sampleFrame, Typed: sampleAddress, To: sampleTo, Ended: true}},
		{"check-mail-ended-plain", CheckMail{Frame: sampleFrame, To: sampleTo, Ended: true}},
		{"landing-here", Landing{Frame: sampleFrame, Here: true, To: sampleTo}},
		{"landing-elsewhere", Landing{Frame: sampleFrame, To: sampleTo}},
		{"confirm", ConfirmElsewhere{Frame: sampleFrame, Email: sampleAddress, AskedMinutes: 4, Browser: "Firefox", System: "Windows",
			Token: "t0ken", Confirm: "c0nfirm"}},
		{"confirm-replaces", ConfirmElsewhere{Frame: sampleFrame, Email: sampleLongAddress, Token: "t0ken", Confirm: "c0nfirm", SignedInAs: sampleAddress}},
		{"stop", Stop{Frame: sampleFrame, Mute: 24 * time.Hour}},
		{"stop-unknown", Stop{Frame: sampleFrame, Mute: 24 * time.Hour, Unknown: true}},
		{"stopped", Stopped{Frame: sampleFrame, Mute: 24 * time.Hour}},
		{"link-used", LinkUsed{Frame: sampleFrame, Email: sampleAddress, To: sampleTo}},
		{"link-used-signed-in", LinkUsed{Frame: sampleFrame, SignedIn: true, To: sampleTo}},
		{"link-too-old", LinkTooOld{Frame: sampleFrame, ValidFor: "10 minutes", Email: sampleAddress, To: sampleTo}},
		{"link-unknown", LinkUnknown{Frame: sampleFrame, To: sampleTo}},
		{"not-admitted", NotAdmitted{Frame: sampleFrame, Email: sampleAddress, To: sampleTo}},
		{"not-admitted-may-ask", NotAdmitted{Frame: sampleFrame, Email: sampleAddress, To: sampleTo, MayAsk: true}},
		{"not-admitted-too-long", NotAdmitted{Frame: sampleFrame, Email: sampleAddress, To: sampleTo, MayAsk: true, Words: sampleWords, TooLong: true}},
		{"throttled", Throttled{Frame: sampleFrame, RetryAfter: 90 * time.Second}},
		{"unavailable", Unavailable{Frame: sampleFrame, To: sampleTo}},
		{"form-not-sent", FormNotSent{Frame: sampleFrame, Back: sampleTo}},
		{"account", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions()}},
		{"account-alone", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions()[1:2]}},
		{"account-recovery", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions()[1:2],
			Recovery: "ada@example.org", Notice: AccountRecovery}},
		{"account-removed", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions()[1:2], Notice: AccountRecovery}},
		{"account-moved", Account{Frame: sampleFrame, Email: sampleLongAddress, SignedIn: sampleTime, Sessions: sampleSessions()[1:2], Notice: AccountMoved}},
		{"account-malformed", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions()[1:2],
			NewAddress: AccountField{Typed: "ada@example", Problem: AccountMalformed}}},
		{"account-too-many", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions()[1:2],
			NewRecovery: AccountField{Typed: "ada@example.org", Problem: AccountTooMany}}},
		{"confirm-change", ConfirmChange{Frame: sampleFrame, Kind: account.Move, Email: sampleAddress, New: "ada@example.org", Present: true, ValidFor: 10 * time.Minute}},
		{"confirm-change-wrong", ConfirmChange{Frame: sampleFrame, Kind: account.Move, Email: sampleAddress, New: sampleLongAddress, Present: true,
			ValidFor: 10 * time.Minute, Typed: "ABCD-23", NewTyped: "ABCD-2345", Problem: CodeMalformed, NewProblem: CodeWrong, TriesLeft: 3}},
		{"confirm-change-recovery", ConfirmChange{Frame: sampleFrame, Kind: account.Recovery, Email: sampleAddress, New: "ada@example.org", ValidFor: 10 * time.Minute,
			NewProblem: CodeWrong, TriesLeft: 1}},
		{"confirm-change-drop", ConfirmChange{Frame: sampleFrame, Kind: account.Drop, Email: sampleAddress, Present: true, ValidFor: 10 * time.Minute}},
		{"confirm-change-leave", ConfirmChange{Frame: sampleFrame, Kind: account.Leave, Email: sampleAddress, Present: true, ValidFor: 10 * time.Minute}},
		{"confirm-change-leave-at-once", ConfirmChange{Frame: sampleFrame, Kind: account.Leave, Email: sampleLongAddress}},
		{"not-changed", NotChanged{Frame: sampleFrame, Why: NothingToConfirm}},
		{"not-changed-over", NotChanged{Frame: sampleFrame, Why: TooManyWrongCodes}},
		{"not-changed-taken", NotChanged{Frame: sampleFrame, Why: AddressTaken, Email: sampleLongAddress}},
		{"not-changed-denied", NotChanged{Frame: sampleFrame, Why: AddressDenied, Email: sampleAddress}},
		{"delete-me", DeleteMe{Frame: sampleFrame, Email: sampleAddress}},
		{"deleted-me", DeletedMe{Frame: sampleFrame}},
		{"sign-out", SignOut{Frame: sampleFrame, Email: sampleAddress, To: sampleTo}},
		{"signed-out", SignedOut{Frame: sampleFrame}},
		{"problem-not-found", Problem{Frame: sampleFrame, Status: 404, Kind: ProblemNotFound}},
		{"problem-cross-site", Problem{Frame: sampleFrame, Status: 403, Kind: ProblemCrossSite}},
		{"ask", RequestAccess{Frame: sampleFrame}},
		{"ask-unknown", RequestAccess{Frame: sampleFrame, Unknown: true, Words: sampleWords}},
		{"ask-too-long", RequestAccess{Frame: sampleFrame, Token: "t0ken", Words: sampleWords, TooLong: true}},
		{"asked", AccessRequested{Frame: sampleFrame, Email: sampleAddress}},
		{"decide", DecideAccess{Frame: sampleFrame, Token: "t0ken", Request: AccessRequest{Email: sampleAddress, Words: sampleWords, Asked: sampleTime,
			Browser: "Firefox", System: "Windows", Network: "203.0.113.0/24"}}},
		{"decide-bare", DecideAccess{Frame: sampleFrame, Token: "t0ken", Request: AccessRequest{Email: sampleLongAddress, Asked: sampleTime}}},
		{"decide-landing", DecideAccess{Frame: sampleFrame}},
		{"decide-unknown", DecideAccess{Frame: sampleFrame, Unknown: true}},
		{"decided", AccessDecided{Frame: sampleFrame, Email: sampleAddress, Approved: true, Until: sampleTime}},
		{"decided-always", AccessDecided{Frame: sampleFrame, Email: sampleAddress, Approved: true}},
		{"decided-refused", AccessDecided{Frame: sampleFrame, Email: sampleAddress}},
		{"decided-before", AccessDecided{Frame: sampleFrame, Email: sampleLongAddress, Before: true, By: "grace@example.com"}},
		{"mailbox", Mailbox{Frame: Frame{Host: "localhost:8080"}, Messages: sampleMessages()}},
		{"mailbox-empty", Mailbox{Frame: Frame{Host: "localhost:8080"}}},
	}, samplesForAdmins()...)
}

func sampleSessions() []AccountSession {
	return []AccountSession{
		{ID: "s2", Browser: "Safari", System: "iOS", Network: "198.51.100.0/24", First: sampleTime.AddDate(0, 0, -9), Last: sampleTime.Add(-3 * time.Hour)},
		{ID: "s1", Browser: "Firefox", System: "Windows", Network: "203.0.113.0/24", First: sampleTime, Last: sampleTime, Current: true},
		{ID: "s3", First: sampleTime.AddDate(0, -1, 0), Last: sampleTime.AddDate(0, 0, -20)},
	}
}

func sampleMessages() []MailboxMessage {
	return []MailboxMessage{
		{
			ID: "m1", At: sampleTime, From: "Reports <door@example.com>", To: sampleAddress, Subject: "Sign in to Reports",
			Text: "Here is your link to sign in to Reports.\n\nhttp://localhost:8080/_doorpost/link#AbCdEfGhIjKlMnOpQrStUvWxYz0123456789\n\n" +
				"Or type this code: ABCD-2345\n\nWorks once, for 10 minutes.",
			HTML: "<p>Here is your link to sign in to Reports.</p>",
		},
		{
			ID: "m2", At: sampleTime.Add(time.Minute), From: "Reports <door@example.com>", To: sampleLongAddress, Subject: "Welcome to Reports",
			Text: "Reports uses your mailbox instead of a password. More at https://elsewhere.example.com/.",
		},
	}
}
