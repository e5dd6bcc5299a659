package view_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

const address = "ada@example.com"

var frame = view.Frame{Host: "example.com"}

// said is the text of the main part of a page, as a person reads it.
func said(t *testing.T, page view.Page) string {
	t.Helper()
	for _, node := range elements(t, render(t, newViews(t, view.Brand{Name: "Reports", Support: "help@example.com"}), page)) {
		if node.Data == "main" {
			return content(node)
		}
	}
	t.Fatal("the page has no main part")
	return ""
}

func TestPagesSayWhatTheirStateCallsFor(t *testing.T) {
	day := time.Date(2026, time.May, 4, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		page   view.Page
		has    []string
		hasNot []string
	}{
		"a first sign-in":              {view.SignIn{Frame: frame}, []string{"Sign in to Reports", "no password needed"}, []string{"does not look", "signed in as"}},
		"a malformed address":          {view.SignIn{Frame: frame, Field: view.AddressField{Typed: "a b@x.y", Problem: view.AddressMalformed}}, []string{"Look for a space, or a character that does not belong there."}, nil},
		"an address without an @":      {view.SignIn{Frame: frame, Field: view.AddressField{Typed: "ada", Problem: view.AddressNoAt}}, []string{"An email address has an @ in it"}, []string{"does not look"}},
		"several addresses":            {view.SignIn{Frame: frame, Field: view.AddressField{Typed: "a@x.y, b@x.y", Problem: view.AddressSeveral}}, []string{"one email address only"}, nil},
		"an address without a dot":     {view.SignIn{Frame: frame, Field: view.AddressField{Typed: "ada@x", Problem: view.AddressNoDot}}, []string{"The part after the @ is not complete."}, nil},
		"an address of other letters":  {view.SignIn{Frame: frame, Field: view.AddressField{Typed: "ä@x.y", Problem: view.AddressNotASCII}}, []string{"the letters a to z"}, nil},
		"a sign-in of somebody":        {view.SignIn{Frame: frame, SignedInAs: address}, []string{"You are signed in as " + address + ".", "Go on", "another address"}, nil},
		"a message on its way":         {view.CheckMail{Frame: frame, Typed: address}, []string{"If " + address + " can sign in here", "Send it again", "Change the address"}, []string{"not the code"}},
		"nothing that was asked for":   {view.CheckMail{Frame: frame}, []string{"Start with your email address", "Nothing was asked for in this browser", "Sign in", "cookies"}, []string{"Send it again", "on its way", "Code from the message"}},
		"a message and its end":        {view.CheckMail{Frame: frame, Typed: address, Until: day}, []string{"work until 2026-05-04 00:00 UTC."}, []string{"Did you mean"}},
		"a slip":                       {view.CheckMail{Frame: frame, Typed: "ada@gmial.com", Meant: "ada@gmail.com"}, []string{"If ada@gmial.com can", "Did you mean ada@gmail.com?"}, []string{"work until"}},
		"a known mailbox":              {view.CheckMail{Frame: frame, Typed: address, Mailbox: view.Provider{Name: "Gmail", URL: "https://mail.google.com/"}}, []string{"Open Gmail"}, nil},
		"a wrong code":                 {view.CheckMail{Frame: frame, Typed: address, Problem: view.CodeWrong, TriesLeft: 3}, []string{"You have 3 more tries."}, nil},
		"no code at all":               {view.CheckMail{Frame: frame, Typed: address, Problem: view.CodeMalformed}, []string{"That cannot be the code.", "Code from the message"}, []string{"tries"}},
		"a used code":                  {view.CheckMail{Frame: frame, Typed: address, Problem: view.CodeUsed}, []string{"This code has been used.", "Send me a new message"}, []string{"wrong", "Code from the message"}},
		"an old code":                  {view.CheckMail{Frame: frame, Typed: address, Problem: view.CodeTooOld, ValidFor: 10 * time.Minute}, []string{"too old: codes work for 10 minutes.", "Send me a new message"}, []string{"wrong"}},
		"a message asked for again":    {view.CheckMail{Frame: frame, Typed: address, Again: 1, Asked: day}, []string{"We asked for the message again at 2026-05-04 00:00 UTC."}, nil},
		"one asked for many times":     {view.CheckMail{Frame: frame, Typed: address, Again: 2, ValidFor: 10 * time.Minute}, []string{"still work. For 10 minutes, new ones may not come"}, nil},
		"a wrong code before the last": {view.CheckMail{Frame: frame, Typed: address, Problem: view.CodeWrong, TriesLeft: 1}, []string{"You have one more try."}, nil},
		"the last wrong code":          {view.CheckMail{Frame: frame, Typed: address, Problem: view.CodesEnded}, []string{"Too many wrong codes", "Or ask for a new message.", "Send me a new message"}, []string{"Code from the message"}},
		"a link asked for just now":    {view.ConfirmElsewhere{Frame: frame, Email: address}, []string{"Sign in to Reports as " + address + "?", "less than a minute ago, with another browser."}, []string{"signed in as"}},
		"a link asked for before":      {view.ConfirmElsewhere{Frame: frame, AskedMinutes: 4, Browser: "Firefox", System: "Linux"}, []string{"4 minutes ago, with Firefox on Linux."}, nil},
		"a link of the same person":    {view.ConfirmElsewhere{Frame: frame, Email: address, SignedInAs: address}, nil, []string{"Going on"}},
		"a link that nobody asked for": {view.ConfirmElsewhere{Frame: frame, Email: address, Unasked: true}, []string{"This link was sent to " + address, "Sign in here"}, []string{"asked for less", "type the code"}},
		"an invitation":                {view.ConfirmElsewhere{Frame: frame, Email: address, Unasked: true, Invitation: true}, []string{"You are invited to Reports", "have invited " + address, "Sign in here"}, []string{"link", "type the code"}},
		"a used invitation":            {view.LinkUsed{Frame: frame, Invitation: true}, []string{"This invitation has been used", "An invitation works once.", "Ask for a new link"}, []string{"This link"}},
		"a used invitation, signed in": {view.LinkUsed{Frame: frame, Invitation: true, SignedIn: true}, []string{"This invitation has been used", "You are signed in already.", "Go on"}, []string{"This link"}},
		"an old invitation":            {view.LinkTooOld{Frame: frame, ValidFor: 10 * time.Minute, Invitation: true}, []string{"This invitation is too old", "Ask for a new link"}, []string{"This link", "10 minutes"}},
		"a link of another person":     {view.ConfirmElsewhere{Frame: frame, Email: address, SignedInAs: "bob@example.com"}, []string{"you are signed in as bob@example.com. Going on ends that."}, nil},
		"a used link, signed in":       {view.LinkUsed{Frame: frame, SignedIn: true, Email: address}, []string{"Go on"}, []string{"Send me"}},
		"a used link, here":            {view.LinkUsed{Frame: frame, Email: address}, []string{"Send me a new link", "It goes to " + address}, []string{"Go on"}},
		"a used link, elsewhere":       {view.LinkUsed{Frame: frame}, []string{"Ask for a new link"}, []string{"Send me"}},
		"an old link":                  {view.LinkTooOld{Frame: frame, ValidFor: 10 * time.Minute}, []string{"Links work for 10 minutes."}, nil},
		"an unknown link":              {view.LinkUnknown{Frame: frame}, []string{"It may have been cut off."}, nil},
		"stopping":                     {view.Stop{Frame: frame, Mute: 24 * time.Hour}, []string{"sign in to Reports", "Paste the link", "This lasts 24 hours"}, []string{"too old"}},
		"stopping with no link":        {view.Stop{Frame: frame, Mute: time.Hour, Unknown: true}, []string{"too old", "lasts 1 hour"}, nil},
		"stopping one message only":    {view.Stop{Frame: frame}, []string{"Paste the link"}, []string{"lasts"}},
		"stopped":                      {view.Stopped{Frame: frame, Mute: 48 * time.Hour}, []string{"does not work any more", "lasts 2 days"}, nil},
		"one message stopped":          {view.Stopped{Frame: frame}, []string{"does not work any more"}, []string{"lasts"}},
		"no access":                    {view.NotAdmitted{Frame: frame, Email: address}, []string{address + " cannot open Reports", "Ask help@example.com"}, nil},
		"too many attempts":            {view.Throttled{Frame: frame, RetryAfter: 61 * time.Second}, []string{"Try again in 2 minutes.", "Try again It may"}, nil},
		"an account with one session":  {view.Account{Frame: frame, Sessions: []view.AccountSession{{Current: true, Browser: "Safari"}}}, []string{"Safari This one", "Sign out here"}, []string{"everywhere else"}},
		"a page that is not there":     {view.Problem{Frame: frame, Kind: view.ProblemNotFound}, []string{"This page does not exist"}, nil},
		"a problem of another site":    {view.Problem{Frame: frame, Kind: view.ProblemCrossSite}, []string{"from another page", "Start again"}, nil},
		"not signed out":               {view.SignOutFailed{Frame: frame}, []string{"Signing out did not work"}, []string{"signed out"}},
		"signed out of this site":      {view.SignOutFailed{Frame: frame, Forgotten: true}, []string{"signed out here.", "may still be signed in elsewhere", "“Sign out everywhere”", "Sign in again"}, []string{"browser", "sites"}},
		"not yet at the portal":        {view.SignOutFailed{Frame: frame, Forgotten: true, Portal: view.SiteLink{Host: "login.example.com"}}, []string{"signed out of Reports only", "still signed in at login.example.com, and so at other sites. Sign out there, too. Sign out"}, []string{"Sign in", "signed out here"}},
		"signed out of the portal":     {view.SignOutFailed{Frame: frame, Forgotten: true, AtPortal: true}, []string{"signed out here.", "other sites may still be open, in this browser too", "“Sign out everywhere”"}, nil},
		"an empty mailbox":             {view.Mailbox{Frame: frame}, []string{"No messages yet.", "Look again"}, nil},

		"a sign-in once more":           {view.SignIn{Frame: frame, SignedInAs: address, Again: true}, []string{"Confirm that it is you", "We will send a link to " + address + ".", "Send me a link", "another address"}, []string{"Go on", "signed in as"}},
		"no access, but a way":          {view.NotAdmitted{Frame: frame, Email: address, MayAsk: true}, []string{"can let you in", "Why do you ask?", "Ask for access", "Use another address"}, []string{"too long", "on its way"}},
		"no access, and too many words": {view.NotAdmitted{Frame: frame, MayAsk: true, Words: "please", TooLong: true}, []string{"That is too long.", "please"}, nil},
		"asking":                        {view.RequestAccess{Frame: frame}, []string{"Ask for access to Reports", "Paste the link", "Why do you ask?"}, []string{"too old", "too long"}},
		"asking with no link":           {view.RequestAccess{Frame: frame, Unknown: true, Words: "please"}, []string{"too old", "please"}, []string{"too long"}},
		"asking with too many words":    {view.RequestAccess{Frame: frame, Token: "t", Words: "please", TooLong: true}, []string{"too long", "please"}, []string{"Paste the link"}},
		"asked":                         {view.AccessRequested{Frame: frame, Email: address}, []string{"Your request is on its way", "You will get a message at " + address}, nil},
		"a way to a request":            {view.DecideAccess{Frame: frame}, []string{"Somebody asks to enter Reports", "Paste the link", "Show the request"}, []string{"Let in", "Refuse", "too old"}},
		"a way to no request":           {view.DecideAccess{Frame: frame, Unknown: true}, []string{"too old"}, nil},
		"a request":                     {view.DecideAccess{Frame: frame, Token: "t", Request: view.AccessRequest{Email: address, Words: "please", Network: "203.0.113.0/24", System: "Linux"}}, []string{address + " asks to enter Reports", "In their own words: please", "Linux", "Network 203.0.113.0/24", "Let in for a day", "For an hour", "For good", "Refuse", "take this back"}, []string{"Paste the link"}},
		"a request without words":       {view.DecideAccess{Frame: frame, Token: "t", Request: view.AccessRequest{Email: address}}, []string{"They did not say why."}, []string{"In their own words", "Unknown device"}},
		"approved for a while":          {view.AccessDecided{Frame: frame, Email: address, Approved: true, Until: day}, []string{address + " can enter Reports", "Until 2026-05-04 00:00 UTC", "We have sent them a message"}, []string{"For good", "before"}},
		"approved for good":             {view.AccessDecided{Frame: frame, Email: address, Approved: true}, []string{"For good"}, []string{"Until"}},
		"refused":                       {view.AccessDecided{Frame: frame, Email: address}, []string{address + " cannot enter Reports", "They get no message"}, []string{"For good", "Until"}},
		"approved before":               {view.AccessDecided{Frame: frame, Email: address, Approved: true, Before: true, By: "bob@example.com"}, []string{"can enter", "Somebody has decided already.", "For good", "Decided by bob@example.com"}, []string{"We have sent"}},
		"refused before by nobody":      {view.AccessDecided{Frame: frame, Email: address, Before: true}, []string{"Somebody has decided already."}, []string{"Decided by", "They get no message"}},

		"an account without recovery":  {view.Account{Frame: frame}, []string{"Change my address", "Add a recovery address", "Delete my account"}, []string{"Remove"}},
		"an account with recovery":     {view.Account{Frame: frame, Recovery: "bob@example.com"}, []string{"Your recovery address is bob@example.com.", "Remove the recovery address"}, []string{"Add a recovery address"}},
		"a new address, by now":        {view.Account{Frame: frame, Email: "bob@example.com", Notice: view.AccountMoved}, []string{"Your address is bob@example.com now."}, nil},
		"a recovery address, by now":   {view.Account{Frame: frame, Recovery: "bob@example.com", Notice: view.AccountRecovery}, []string{"You can now sign in with bob@example.com too."}, nil},
		"no recovery address any more": {view.Account{Frame: frame, Notice: view.AccountRecovery}, []string{"You have no recovery address any more."}, nil},
		"what nobody changes":          {view.Account{Frame: frame, Email: address, Notice: "teapot"}, nil, []string{"teapot"}},
		"a malformed new address":      {view.Account{Frame: frame, NewAddress: view.AddressField{Typed: "bob", Problem: view.AddressNoAt}}, []string{"An email address has an @ in it"}, nil},
		"one's own address":            {view.Account{Frame: frame, NewRecovery: view.AddressField{Typed: address, Problem: view.AddressSame}}, []string{"You use this address already."}, nil},
		"too many new addresses":       {view.Account{Frame: frame, NewAddress: view.AddressField{Problem: view.AddressTooMany}}, []string{"Try again tomorrow."}, nil},
		"a change of address":          {view.ConfirmChange{Frame: frame, Kind: account.Move, Email: address, New: "bob@example.com", Present: true, ValidFor: 10 * time.Minute}, []string{"Use bob@example.com from now on?", "as " + address + " so far", "Everywhere else you are signed out.", "message to " + address, "message to bob@example.com", "work for 10 minutes", "Use the new address"}, []string{"more tries", "cannot be"}},
		"a new recovery address":       {view.ConfirmChange{Frame: frame, Kind: account.Recovery, Email: address, New: "bob@example.com"}, []string{"Make bob@example.com your recovery address?", "should you lose " + address, "message to bob@example.com"}, []string{"message to " + address, "signed out"}},
		"a wrong code for a change":    {view.ConfirmChange{Frame: frame, Kind: account.Recovery, Email: address, New: "bob@example.com", NewProblem: view.CodeWrong, TriesLeft: 3}, []string{"You have 3 more tries."}, nil},
		"what is no code":              {view.ConfirmChange{Frame: frame, Kind: account.Drop, Email: address, Present: true, Problem: view.CodeMalformed}, []string{"Remove your recovery address?", "That cannot be the code.", "Remove the recovery address"}, []string{"tries"}},
		"leaving, with a code":         {view.ConfirmChange{Frame: frame, Kind: account.Leave, Email: address, Present: true}, []string{"Delete your account at Reports?", "This cannot be undone.", "message to " + address, "Delete my account"}, nil},
		"leaving without a code":       {view.ConfirmChange{Frame: frame, Kind: account.Leave, Email: address}, []string{"Delete my account", "Leave everything as it is"}, []string{"Codes come", "message to"}},
		"nothing to confirm":           {view.NotChanged{Frame: frame, Why: view.NothingToConfirm}, []string{"There is nothing to confirm", "Go to your account"}, []string{"Nothing was changed"}},
		"too many wrong codes":         {view.NotChanged{Frame: frame, Why: view.TooManyWrongCodes}, []string{"Too many wrong codes", "Nothing was changed."}, nil},
		"an address of somebody else":  {view.NotChanged{Frame: frame, Why: view.AddressTaken, Email: "bob@example.com"}, []string{"bob@example.com belongs to somebody already", "Nothing was changed."}, nil},
		"an address without access":    {view.NotChanged{Frame: frame, Why: view.AddressDenied, Email: "bob@example.com"}, []string{"bob@example.com cannot open Reports", "Nothing was changed."}, nil},
		"leaving":                      {view.DeleteMe{Frame: frame, Email: address}, []string{"Delete your account at Reports?", "We delete " + address, "your recovery address", "Delete my account", "Keep my account"}, nil},
		"gone":                         {view.DeletedMe{Frame: frame}, []string{"Your account at Reports is deleted", "We keep nothing about you."}, nil},

		"a passkey removed":           {view.Account{Frame: frame, Notice: view.PasskeyRemoved, Tokens: []view.Token{{Name: "Calendar"}}}, []string{"does not sign you in any more. Your app passwords go on to work."}, nil},
		"one of somebody without any": {view.Account{Frame: frame, Notice: view.PasskeyRemoved, TokenSites: []view.SiteLink{{}}}, []string{"does not sign you in any more."}, []string{"go on to work"}},
		"another notice":              {view.Account{Frame: frame, Notice: view.PasskeyAdded, Tokens: []view.Token{{Name: "Calendar"}}}, []string{"Your passkey is ready."}, []string{"go on to work"}},
		"resetting passkeys":          {view.ConfirmPerson{Frame: frame, Email: address, Action: "reset"}, []string{"App passwords go on to work until they are removed."}, nil},

		"nobody":                      {view.People{Frame: frame}, []string{"Nobody is here yet."}, []string{"Waiting", "Show more", "Show everybody"}},
		"nobody who is searched for":  {view.People{Frame: frame, Search: "bob"}, []string{"There is nobody with such an address.", "Show everybody"}, []string{"Nobody is here yet."}},
		"somebody who waits":          {view.People{Frame: frame, Requests: []view.AccessRequest{{Email: address, Host: "wiki.example.com"}}}, []string{"Waiting for an answer", address, "Asks to enter wiki.example.com", "They did not say why.", "Let in for a day", "For good", "Refuse"}, nil},
		"a page of people":            {view.People{Frame: frame, NextPage: "after=x", People: []view.PeopleRow{{Email: address, Groups: []string{"a", "b"}}}}, []string{address + " Groups: a, b Never signed in", "More than 1 person", "Show more"}, []string{"Disabled"}},
		"a disabled person in a list": {view.People{Frame: frame, People: []view.PeopleRow{{Email: address, Disabled: true}}}, []string{"Disabled"}, nil},
		"what was done":               {view.People{Frame: frame, Notice: "removed", NoticeAddress: address}, []string{address + " is removed."}, nil},
		"what nobody does":            {view.People{Frame: frame, Notice: "teapot", NoticeAddress: address}, nil, []string{address, "teapot"}},
		"a person":                    {view.Person{Frame: frame, Email: address, Added: day, Recovery: "bob@example.com", Grants: []view.PersonGrant{{Host: "wiki.example.com"}}, Sessions: []view.AccountSession{{Browser: "Safari"}}}, []string{address, "Known since 2026-05-04", "Never signed in", "Recovery address: bob@example.com", "Access given by an owner or admin wiki.example.com For good", "Safari", "Sign out everywhere", "Disable", "Remove"}, []string{"This is you.", "Enable"}},
		"a disabled person":           {view.Person{Frame: frame, Email: address, Disabled: true, Yourself: true}, []string{"Disabled", "This is you.", "Enable", "Not signed in"}, []string{"Sign out", "Access given"}},
		"showing somebody out":        {view.ConfirmPerson{Frame: frame, Email: address, Action: "end"}, []string{"Sign out " + address + " everywhere?", "Sign out everywhere", "Go back"}, []string{"your own"}},
		"showing somebody out of one": {view.ConfirmPerson{Frame: frame, Email: address, Action: "end", Session: "s"}, []string{"on this device?"}, []string{"everywhere"}},
		"disabling oneself":           {view.ConfirmPerson{Frame: frame, Email: address, Action: "disable", Yourself: true}, []string{"Disable " + address + "?", "This is your own account."}, nil},
		"enabling":                    {view.ConfirmPerson{Frame: frame, Email: address, Action: "enable"}, []string{"Enable " + address + " again?"}, nil},
		"removing":                    {view.ConfirmPerson{Frame: frame, Email: address, Action: "remove"}, []string{"Remove " + address + "?", "we delete all"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			text := said(t, c.page)
			for _, want := range c.has {
				if !strings.Contains(text, want) {
					t.Errorf("the page does not say %q: %s", want, text)
				}
			}
			for _, unwanted := range c.hasNot {
				if strings.Contains(text, unwanted) {
					t.Errorf("the page says %q: %s", unwanted, text)
				}
			}
		})
	}
}

func TestTheSessionOfThisBrowserComesFirstThenTheLastUsed(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, time.May, d, 0, 0, 0, 0, time.UTC) }
	page := view.Account{Frame: frame, Sessions: []view.AccountSession{
		{ID: "old", Browser: "Oldest", Last: day(1)},
		{ID: "new", Browser: "Newest", Last: day(9)},
		{ID: "here", Browser: "Here", Last: day(5), Current: true},
	}}
	text := said(t, page)
	here, newest, oldest := strings.Index(text, "Here"), strings.Index(text, "Newest"), strings.Index(text, "Oldest")
	if here < 0 || newest < here || oldest < newest {
		t.Errorf("got %s", text)
	}
	if page.Sessions[0].ID != "old" {
		t.Error("rendering has sorted the caller's list")
	}
}

func TestAWaitingPageIgnoresTheSessionFromBefore(t *testing.T) {
	for name, c := range map[string]struct {
		page view.CheckMail
		want string
	}{
		"signed out": {view.CheckMail{Typed: address}, ""},
		"signed in":  {view.CheckMail{Typed: address, Before: "2026-03-04T17:05:00.123Z"}, "2026-03-04T17:05:00.123Z"},
	} {
		t.Run(name, func(t *testing.T) {
			c.page.Frame = frame
			for _, node := range elements(t, render(t, newViews(t, view.Brand{}), c.page)) {
				if before, ok := attribute(node, "data-before"); ok && before != c.want {
					t.Errorf("got %q, want %q", before, c.want)
				} else if ok {
					return
				}
			}
			t.Error("the page does not say who was signed in before")
		})
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken pipe")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestAPageThatCannotBeWrittenIsAnError(t *testing.T) {
	err := newViews(t, brand).Render(brokenWriter{}, english(t), view.SignedOut{Frame: frame}, false)
	if !errors.Is(err, errBroken) {
		t.Errorf("got %v, want %v", err, errBroken)
	}
}
