// Package signin proves that somebody reads the mail of an address: it makes
// links and codes, and redeems each once.
//
// A browser asks. It gets a random mark, the request cookie; the address gets
// a message with a link and a code. The browser that asked signs in with
// either. Any other browser signs in with the link after a deliberate click.
// What the store keeps of link, code and mark are hashes.
package signin

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// Service asks for links and redeems them. It is safe for concurrent use.
type Service struct {
	Store            Store
	Limits           Limits
	Sessions         session.Limits
	LinkLife         time.Duration // 1 minute to 24 hours
	Portal           string        // the origin where people sign in to all sites; empty: at each site itself
	Mute             time.Duration // how long nobody is written to after "it was not me"
	NotifyNewBrowser bool          // somebody is told of a sign-in, in a browser that is new to them
	Audit            *audit.Log

	tokens Tokens
	codes  codes
	sealer outbox.Sealer
	now    func() time.Time
}

// NewService makes a service from its parts and the operator's secrets.
func NewService(ring keys.Ring, parts Service) *Service {
	parts.tokens, parts.codes, parts.sealer = NewTokens(ring), newCodes(ring), outbox.NewSealer(ring)
	parts.now = time.Now
	return &parts
}

// pages is the origin of the pages by which people sign in to a site. Links lead there.
func (s *Service) pages(site Site) string { return cmp.Or(s.Portal, site.Origin) }

// home is where somebody goes who has signed in to a site and wanted nothing else.
func (s *Service) home(site Site) string {
	if s.pages(site) == site.Origin {
		return "/"
	}
	return site.Origin + "/"
}

// Ask is one person asking for a link, as the form says it.
type Ask struct {
	Browser  Browser
	Address  address.Address
	Typed    string
	To       string
	Device   session.Device
	Network  string // what counts as one client: an IPv4 address, an IPv6 /64
	Language string // BCP 47; empty if the browser names none
}

// Ask records a request and has its message sent if the rules and limits
// allow. Whether they do shows in nothing that it returns: the only news is
// that the network asked too often, with the time to wait.
func (s *Service) Ask(ctx context.Context, site Site, ask Ask) (wait time.Duration, err error) {
	now := s.now()
	browser := ask.Browser.Key()
	// Whoever is asked for, the same work is done.
	pages := s.pages(site)
	token, link := s.tokens.New(pages, ToSignIn)
	code := newCode()
	plain, _ := plainCode(code)
	expires := now.Add(s.LinkLife)
	promise := Promise{
		Token: token, Code: code, Asked: now, Expires: expires, Browser: ask.Device.Browser, System: ask.Device.System,
	}
	asking := Asking{
		Now:     now,
		Browser: browser,
		Request: Request{
			Address: ask.Address, Typed: ask.Typed, Origin: pages, To: ask.To,
			Asked: now, Expires: expires, Device: ask.Device,
		},
		Client:    limit.Use{Name: ask.Network, Rule: s.Limits.Client},
		Mailbox:   limit.Use{Name: ask.Address.Fold(), Rule: s.Limits.Mailbox},
		Total:     limit.Use{Rule: s.Limits.Total},
		Reserve:   s.Limits.Reserve(),
		Admission: site.Rules.Admission(ask.Address),
		Link:      link,
		Code:      s.codes.keys(browser, plain)[0],
		Policy:    site.Rules.Fingerprint(),
		Message:   s.message(outbox.SignIn, link, site, ask, promise),
	}
	if len(site.Rules.Owners()) > 0 {
		promise.Token, asking.OfferLink = s.tokens.New(pages, ToAsk)
		promise.Code = ""
		asking.Offer = s.message(outbox.Offer, asking.OfferLink, site, ask, promise)
	}
	asked, err := s.Store.Ask(ctx, asking)
	if err != nil {
		return 0, fault.Store("asking for a link", err)
	}
	if asked.Wait > 0 {
		s.Audit.Record(ctx, audit.Throttled, "", "site", site.Origin, "network", ask.Network, "wait", asked.Wait)
		return asked.Wait, nil
	}
	s.Audit.Record(ctx, audit.Asked, ask.Address, "site", site.Origin, "sent", asked.Send, "silent", string(asked.Silent))
	return 0, nil
}

// Attempt is one person trying to sign in.
type Attempt struct {
	Browser   Browser     // zero if the browser has no request cookie
	Token     string      // for RedeemLink
	Elsewhere bool        // the person confirmed that another browser asked
	Code      string      // for RedeemCode, as typed
	Replace   session.Key // the session of this browser so far, may be zero
	Scope     string      // what the new session is good for
	Device    session.Device
	Mark      Browser // to be familiar to the person from now on; may be zero
	Language  string  // BCP 47, to be kept with the person; may be empty
}

// Result says how an attempt ended.
type Result struct {
	Redeemed
	// SessionID is that of the session which was made, with SignedIn. Beside an
	// error that wraps ErrUncertain it is that of one which may have been made:
	// whoever holds the only link must not be left with a used one and nothing.
	SessionID session.ID
}

// proof is by what somebody proves their address.
type proof string

const (
	byLink proof = "link"
	byCode proof = "code"
)

// RedeemLink signs in with the token of a link.
func (s *Service) RedeemLink(ctx context.Context, site Site, a Attempt) (Result, error) {
	link, genuine := s.tokens.Open(s.pages(site), ToSignIn, a.Token)
	if !genuine {
		s.record(ctx, site, byLink, Result{})
		return Result{}, nil
	}
	return s.redeem(ctx, site, a, byLink, Redemption{Link: link}, s.Store.RedeemLink)
}

// RedeemCode signs in with a code.
func (s *Service) RedeemCode(ctx context.Context, site Site, a Attempt) (Result, error) {
	if a.Browser == (Browser{}) {
		s.record(ctx, site, byCode, Result{})
		return Result{}, nil
	}
	plain, ok := plainCode(a.Code)
	if !ok {
		s.record(ctx, site, byCode, Result{Redeemed: Redeemed{Outcome: NotACode}})
		return Result{Redeemed: Redeemed{Outcome: NotACode}}, nil
	}
	return s.redeem(ctx, site, a, byCode, Redemption{Codes: s.codes.keys(a.Browser.Key(), plain)}, s.Store.RedeemCode)
}

func (s *Service) redeem(ctx context.Context, site Site, a Attempt, proof proof, r Redemption,
	step func(context.Context, Redemption) (Redeemed, error),
) (Result, error) {
	arrival, id := s.Arrival(site, a)
	r.Arrival, r.Origin, r.Browser, r.Elsewhere, r.Policy = arrival, s.pages(site), a.Browser.Key(), a.Elsewhere, site.Rules.Fingerprint()
	r.Recovered = s.notice(outbox.Recovered, site, r.Now, a.Device)
	redeemed, err := step(ctx, r)
	if err == nil && redeemed.Outcome == PolicyChanged {
		if !site.Rules.Admits(redeemed.Request.Address, &redeemed.Person.Standing) {
			redeemed.Outcome = NotAdmitted
		} else {
			r.Policy, r.Revision = redeemed.Policy, &redeemed.Person.Revision // those of today admit what those of then did
			redeemed, err = step(ctx, r)
		}
	}
	if err != nil {
		result := Result{}
		if errors.Is(err, ErrUncertain) {
			result.SessionID = id
		}
		return result, fault.Store("redeeming a link", err)
	}
	result := Result{Redeemed: redeemed}
	if redeemed.Outcome == SignedIn {
		result.SessionID = id
	}
	s.record(ctx, site, proof, result)
	return result, nil
}

// Arrival is the sign-in that an attempt is to end in, with the id of its session.
func (s *Service) Arrival(site Site, a Attempt) (Arrival, session.ID) {
	now, id := s.now(), session.NewID()
	arrival := Arrival{
		Now: now, Mailbox: s.Limits.Mailbox, Total: limit.Use{Rule: s.Limits.Total}, Reserve: s.Limits.Reserve(),
		Mark: a.Mark.Key(), Language: a.Language, Replace: a.Replace,
		Session: session.Entry{Key: id.Key(), Record: session.Record{
			Scope: a.Scope, SignedIn: now, Seen: now, Expires: s.Sessions.Expiry(now, now), Device: a.Device,
		}},
	}
	if s.NotifyNewBrowser {
		arrival.NewBrowser = s.notice(outbox.NewBrowser, site, now, a.Device)
	}
	return arrival, id
}

// reasons are why a link or code was refused.
var reasons = map[Outcome]string{
	Unknown: "unknown", Used: "used before", TooOld: "too old", NotAdmitted: "not admitted any more", PolicyChanged: "rules changed",
	WrongCode: "wrong code", RequestEnded: "too many wrong codes", NotACode: "not a code",
}

// record writes down how an attempt ended.
func (s *Service) record(ctx context.Context, site Site, proof proof, r Result) {
	switch r.Outcome {
	case SignedIn:
		s.Audit.Record(ctx, audit.Redeemed, r.Request.Address, "site", site.Origin, "proof", string(proof), "new_person", r.NewPerson)
	case OtherBrowser:
		s.Audit.Record(ctx, audit.Opened, r.Request.Address, "site", site.Origin)
	default:
		s.Audit.Record(ctx, audit.Refused, r.Request.Address, "site", site.Origin, "proof", string(proof), "reason", reasons[r.Outcome])
	}
}

// Request returns what a browser last asked for at a site, if it did and it is
// remembered.
func (s *Service) Request(ctx context.Context, site Site, browser Browser) (Request, bool, error) {
	if browser == (Browser{}) {
		return Request{}, false, nil
	}
	request, found, err := s.Store.Request(ctx, browser.Key(), s.now())
	if err != nil {
		return Request{}, false, fault.Store("looking up a request", err)
	}
	if !found || request.Origin != s.pages(site) {
		return Request{}, false, nil
	}
	return request, true, nil
}
