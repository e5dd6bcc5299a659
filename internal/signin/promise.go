package signin

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// lateMargin is how much life a link must have left to be worth sending.
const lateMargin = 2 * time.Minute

// Promise is what the message with a link says, beside what stands in
// outbox.Message.
type Promise struct {
	Token   string    `json:"token"` // of the link
	Code    string    `json:"code"`  // as shown
	Asked   time.Time `json:"asked"`
	Expires time.Time `json:"expires"` // end of the link
	Browser string    `json:"browser,omitempty"`
	System  string    `json:"system,omitempty"`
	Site    string    `json:"site,omitempty"` // origin that the message is about, if its links lead to another
	Network string    `json:"network,omitempty"`

	// Of messages that are not a person's own request.
	Person address.Address `json:"person,omitempty"` // who asks to be let in, or whose address it is about
	Change string          `json:"change,omitempty"` // of the account, see account.Kind
	New    address.Address `json:"new,omitempty"`    // address of such a change
	Words  string          `json:"words,omitempty"`  // of the person, as typed
	Until  time.Time       `json:"until,omitzero"`   // of what an owner granted; zero: for good
}

// Prepare makes a link that no browser asked for, with the message that brings
// it, to be kept by one of the stores. Purpose, Address and Subject of the link are
// given, Origin as that of the site, and what the message says beside the link.
func (s *Service) Prepare(kind outbox.Kind, link Link, life time.Duration, p Promise) Promised {
	now, site := s.now(), Site{Origin: link.Origin}
	link.Origin = s.pages(site)
	p.Token, link.Key = s.tokens.New(link.Origin, link.Purpose)
	p.Asked, p.Expires = now, now.Add(life)
	link.Expires = p.Expires
	return Promised{Now: now, Link: link, To: s.home(site), Message: s.message(kind, link.Key, site, Ask{Address: link.Address}, p)}
}

// noticeLife is how long it is tried to tell somebody of a sign-in.
const noticeLife = 24 * time.Hour

// notice makes messages that tell somebody of a sign-in.
func (s *Service) notice(kind outbox.Kind, site Site, now time.Time, device session.Device) Notice {
	return func(to address.Address) outbox.Message {
		return s.Letter(kind, site, to, "", Promise{
			Person: to, Asked: now, Expires: now.Add(noticeLife), Browser: device.Browser, System: device.System,
		})
	}
}

// Letter makes a message without a link, to be kept by one of the stores. Asked
// and Expires of what it says are given. Its token is good for nothing but to
// stop such messages.
func (s *Service) Letter(kind outbox.Kind, site Site, to address.Address, language string, p Promise) outbox.Message {
	var key LinkKey
	p.Token, key = s.tokens.New(s.pages(site), ToStop)
	return s.message(kind, key, site, Ask{Address: to, Language: language}, p)
}

// NewCode makes a code that somebody has to type where it is asked for: in the
// browser, or the session, that is named.
func (s *Service) NewCode(of BrowserKey) (shown string, key CodeKey) {
	shown = newCode()
	plain, _ := plainCode(shown)
	return shown, s.codes.keys(of, plain)[0]
}

// CodeKeys are what a typed code may be known as.
func (s *Service) CodeKeys(of BrowserKey, typed string) []CodeKey {
	plain, _ := plainCode(typed)
	return s.codes.keys(of, plain)
}

// Use reads the token of a link that does not sign in; false for one that is
// not of this purpose and site, which costs no look into the store.
func (s *Service) Use(site Site, purpose Purpose, token string) (Use, bool) {
	key, genuine := s.tokens.Open(s.pages(site), purpose, token)
	return Use{Now: s.now(), Link: key, Purpose: purpose, Origin: s.pages(site)}, genuine
}

// Wanted is where somebody wanted to go when they asked for a link that does not sign in;
// empty for a link that is not good, or that nobody asked for.
func (s *Service) Wanted(ctx context.Context, site Site, purpose Purpose, token string) (to string, err error) {
	use, genuine := s.Use(site, purpose, token)
	if !genuine {
		return "", nil
	}
	link, _, err := s.Store.Link(ctx, use)
	return link.To, fault.Store("looking up a link", err)
}

// message is the message that brings a link.
func (s *Service) message(kind outbox.Kind, link LinkKey, site Site, ask Ask, p Promise) outbox.Message {
	if s.pages(site) != site.Origin {
		p.Site = site.Origin
	}
	m := outbox.Message{
		ID: messageID(link), Kind: kind, To: ask.Address, Origin: s.pages(site), Language: ask.Language,
		Created: p.Asked, Deadline: p.Expires.Add(-min(lateMargin, p.Expires.Sub(p.Asked)/2)), State: outbox.Queued, Since: p.Asked, Due: p.Asked,
	}
	content, err := json.Marshal(p)
	if err != nil {
		panic("writing a message: " + err.Error()) // of strings and times it is always possible
	}
	m.Sealed = s.sealer.Seal(m, content)
	return m
}

// OpenPromise reads what the message with a link says.
func OpenPromise(sealer outbox.Sealer, m outbox.Message) (p Promise, err error) {
	content, err := sealer.Open(m)
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(content, &p); err != nil {
		return p, fmt.Errorf("reading the content of a message: %w", err)
	}
	return p, nil
}

// messageID derives the id of a message from the link that it brings, so that
// a link leads to its message, and every copy of a message has the same id.
// The way back does not exist.
func messageID(link LinkKey) string {
	sum := sha256.Sum256(append([]byte("message\x00"), link[:]...))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

// Stop is the reader of a message saying that it was not them who asked: the
// request ends, and for a while only browsers in which they have signed in
// before make us write to them. It is false for a token that is not known, or
// not any more.
func (s *Service) Stop(ctx context.Context, site Site, token string) (stopped bool, err error) {
	link, genuine := LinkKey{}, false
	for _, purpose := range []Purpose{ToSignIn, ToAsk, ToStop} {
		if link, genuine = s.tokens.Open(s.pages(site), purpose, token); genuine {
			break
		}
	}
	if !genuine {
		s.Audit.Record(ctx, audit.Refused, "", "site", site.Origin, "reason", reasons[Unknown])
		return false, nil
	}
	now := s.now()
	stopped, err = s.Store.Stop(ctx, Stopping{Now: now, Origin: s.pages(site), Link: link, Message: messageID(link), Until: now.Add(s.Mute)})
	if err != nil {
		return false, fault.Store("stopping messages", err)
	}
	if stopped {
		s.Audit.Record(ctx, audit.Stopped, "", "site", site.Origin, "message", messageID(link))
	} else {
		s.Audit.Record(ctx, audit.Refused, "", "site", site.Origin, "reason", "nothing to stop")
	}
	return stopped, nil
}
