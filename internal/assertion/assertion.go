// Package assertion makes the word on who somebody is that an app can check: a JWT (RFC
// 7519), signed with a key of ours whose public half the app can fetch. Who reaches the
// app past the gate can set headers, and cannot sign.
//
// The keys are in the store, so that all instances sign with the same one, sealed by the
// operator's secret. Each signs for 30 days.
package assertion

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/doorpost-auth/doorpost/internal/people"
)

// Header is the name that the app gets it under, unless the operator chose another.
const Header = "Doorpost-Assertion"

// Type is what an assertion says of itself, so that none is taken for a JWT of another
// kind, or that for one (RFC 8725, section 3.11).
const Type = "doorpost+jwt"

// Life is how long an assertion is good for. What the app gets is good for half of that
// at least: one is handed over again until it is as old as renewal.
const (
	Life    = 2 * time.Minute
	renewal = Life / 2
)

// Person is what an assertion says of somebody.
type Person struct {
	Subject    people.Subject
	Email      string    // empty for none
	Groups     string    // joined by commas, as the app gets them in a header
	Methods    []string  // of the proof; read only
	SignedInAt time.Time // when they proved who they are
}

// claims are those of RFC 7519, of OpenID Connect (auth_time, email) and of RFC 8176
// (amr).
type claims struct {
	Issuer   string   `json:"iss"`
	Audience string   `json:"aud"`
	Subject  string   `json:"sub"`
	Email    string   `json:"email,omitempty"`
	Groups   []string `json:"groups"`
	Methods  []string `json:"amr"`
	AuthTime int64    `json:"auth_time"`
	IssuedAt int64    `json:"iat"`
	Expires  int64    `json:"exp"`
	ID       string   `json:"jti"`
}

// Signed is what was signed for one session, and lies beside it. The zero value has
// nothing.
type Signed struct{ latest atomic.Pointer[signed] }

type signed struct {
	by     *Keys
	origin string
	email  string
	groups string
	at     int64 // Unix nanoseconds
	token  string
	next   *signed // for another origin, where sites share a session
}

// find finds the assertion for an origin, if it is new enough to be handed over and the
// app would be told the same.
func (s *Signed) find(k *Keys, origin string, p *Person, now int64) (token string, found bool) {
	for each := s.latest.Load(); each != nil; each = each.next {
		if each.by == k && each.origin == origin && each.email == p.Email && each.groups == p.Groups && each.isNew(now) {
			return each.token, true
		}
	}
	return "", false
}

func (s *signed) isNew(now int64) bool {
	age := now - s.at
	return 0 <= age && age < int64(renewal) // a clock may go back
}

// maxOrigins bounds how many assertions lie beside a session: who is signed in at a
// wildcard site can make up hosts.
const maxOrigins = 16

// add puts an assertion before the others, of which it drops the old ones. The caller
// holds the lock for the session.
func (s *Signed) add(made signed) {
	made.next = keepNew(s.latest.Load(), made.at, maxOrigins-1)
	s.latest.Store(&made)
}

// keepNew is a copy of a list without what is old: a request may be reading the list.
func keepNew(list *signed, now int64, most int) *signed {
	switch {
	case list == nil || most == 0:
		return nil
	case !list.isNew(now):
		return keepNew(list.next, now, most)
	}
	kept := *list
	kept.next = keepNew(list.next, now, most-1)
	return &kept
}

// Sign is the assertion of somebody for the app at an origin. One that was signed for the
// same session within a minute and says the same is handed over again. The error is
// fault.Unavailable: there is no key, since the store did not answer yet.
func (k *Keys) Sign(s *Signed, origin string, p Person) (string, error) {
	if token, found := s.find(k, origin, &p, time.Now().UnixNano()); found {
		return token, nil
	}
	lock := &k.signing[int(p.Subject[0])%len(k.signing)]
	lock.Lock()
	defer lock.Unlock()
	now := time.Now()
	if token, found := s.find(k, origin, &p, now.UnixNano()); found { // another request was first
		return token, nil
	}
	token, err := k.sign(origin, &p, now)
	if err != nil {
		return "", err
	}
	s.add(signed{by: k, origin: origin, email: p.Email, groups: p.Groups, at: now.UnixNano(), token: token})
	return token, nil
}

func (k *Keys) sign(origin string, p *Person, now time.Time) (string, error) {
	key, err := k.current(now)
	if err != nil {
		return "", err
	}
	c := claims{
		Issuer: origin, Audience: origin, Subject: p.Subject.String(), Email: p.Email, Groups: []string{}, Methods: p.Methods,
		AuthTime: p.SignedInAt.Unix(), IssuedAt: now.Unix(), Expires: now.Add(Life).Unix(), ID: rand.Text(),
	}
	if p.Groups != "" {
		c.Groups = strings.Split(p.Groups, ",")
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("writing an assertion: %w", err)
	}
	return key.sign(payload)
}
