package redisstore

import (
	"cmp"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/record"
	"github.com/doorpost-auth/doorpost/internal/store/registry"
)

// link is the record of a link, see links.lua.
type link struct {
	state                     byte
	code                      string
	new                       int
	revision, policy, browser string
	about                     string // as it is kept

	request signin.Request // what about says
	purpose signin.Purpose
	subject string
}

// The states of a link, see links.lua.
const (
	signsIn   = 'l'
	usedUp    = 'u'
	bounded   = 'o'
	unbounded = 'd'
)

// noCode is in the place of a code.
var noCode = strings.Repeat("\x00", nameLength)

func stateOf(p signin.Purpose) byte {
	switch {
	case p == signin.ToSignIn:
		return signsIn
	case p.Bounded():
		return bounded
	}
	return unbounded
}

func unpackLink(raw string) (l link, err error) {
	u := unpacking{rest: raw}
	l.state, l.code, l.new = byte(u.small()), u.take(nameLength), u.small()
	l.revision, l.policy, l.browser = u.text(), u.text(), u.text()
	l.about = u.rest
	l.request = u.about()
	l.purpose, l.subject = signin.Purpose(u.text()), u.text()
	if u.damaged {
		return link{}, errDamaged
	}
	return l, nil
}

func (l link) pack() string {
	return string(packed(nil).small(int(l.state)).fixed(cmp.Or(l.code, noCode)).small(l.new).text(l.revision, l.policy, l.browser)) + l.about
}

func (l link) isAlive(now time.Time) bool { return l.state != usedUp && l.request.Expires.After(now) }

// decodeLink reads the key of a link as far as Redis has it.
func decodeLink(name string) (key signin.LinkKey) {
	half, err := base64.RawURLEncoding.DecodeString(name)
	if err == nil {
		copy(key[:], half)
	}
	return key
}

// Link implements registry.Tx.
func (t *transaction) Link(key signin.LinkKey) (registry.Link, bool, error) {
	raw, err := t.getOne("l:" + encodeLink(key))
	if err != nil || raw == "" {
		return registry.Link{}, false, err
	}
	l, err := unpackLink(raw)
	if err != nil {
		return registry.Link{}, false, err
	}
	found := registry.Link{Link: signin.Link{Key: key, Expires: l.request.Expires}, Used: l.state == usedUp}
	if found.Used && l.purpose != signin.ToDecide {
		return found, true, nil
	}
	found.Purpose, found.Address, found.Site, found.Subject = l.purpose, l.request.Address, l.request.Site, l.subject
	if !found.Used {
		found.Policy = l.policy
	}
	found.To, found.Asked = l.request.To, l.request.Asked
	if l.revision != "" {
		if found.Revision, err = strconv.ParseUint(l.revision, 10, 64); err != nil {
			return registry.Link{}, false, errDamaged
		}
	}
	return found, true, nil
}

// PutLink implements registry.Tx.
func (t *transaction) PutLink(l registry.Link) error {
	name := encodeLink(l.Key)
	about := packed(nil).about(signin.Request{Expires: l.Expires, Address: l.Address, Site: l.Site, To: l.To, Asked: l.Asked})
	if l.Purpose != signin.ToSignIn {
		about = about.text(string(l.Purpose), l.Subject)
	}
	made := link{state: stateOf(l.Purpose), revision: revisionText(l.Revision), policy: l.Policy, about: string(about)}
	t.putUntil("l:"+name, made.pack(), l.Expires.Add(signin.Remembered))
	list := name
	err := t.eachLink(l.Address, func(other string, o link) {
		if other != name && o.isAlive(t.now) {
			list += other
		}
	})
	if err != nil {
		return err
	}
	return t.change(l.Address, func(k *kept) error {
		k.links, k.last = list, max(k.last, record.Millis(l.Expires))
		return nil
	})
}

// UseLink implements registry.Tx.
func (t *transaction) UseLink(key signin.LinkKey) error { return t.useUp(encodeLink(key)) }

func (t *transaction) useUp(name string) error {
	raw, err := t.getOne("l:" + name)
	if err != nil || raw == "" {
		return err
	}
	l, err := unpackLink(raw)
	if err != nil || l.state == usedUp {
		return err
	}
	l.state = usedUp
	t.put("l:"+name, l.pack(), asItWas)
	return nil
}

// eachLink calls f with each link in the list of an address that is still there.
func (t *transaction) eachLink(who address.Address, f func(name string, l link)) error {
	k, err := t.kept(who)
	if err != nil {
		return err
	}
	names := linkNames(k.links)
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = "l:" + name
	}
	texts, err := t.get(keys...)
	if err != nil {
		return err
	}
	for i, raw := range texts {
		if raw == "" {
			continue
		}
		l, err := unpackLink(raw)
		if err != nil {
			return err
		}
		f(names[i], l)
	}
	return nil
}

func linkNames(list string) (names []string) {
	for at := 0; at+nameLength <= len(list); at += nameLength {
		names = append(names, list[at:at+nameLength])
	}
	return names
}

// Links implements registry.Tx.
func (t *transaction) Links(who address.Address, now time.Time) (keys []signin.LinkKey, err error) {
	err = t.eachLink(who, func(name string, l link) {
		if l.isAlive(now) {
			keys = append(keys, decodeLink(name))
		}
	})
	return keys, err
}

// EndRequests implements registry.Tx.
func (t *transaction) EndRequests(keys []signin.LinkKey) error {
	for _, key := range keys {
		raw, err := t.getOne("l:" + encodeLink(key))
		if err != nil {
			return err
		}
		if raw == "" {
			continue
		}
		l, err := unpackLink(raw)
		if err != nil {
			return err
		}
		if err := t.endRequest(l.browser, encodeLink(key)); err != nil {
			return err
		}
	}
	return nil
}

// endRequest ends what a browser asked for last, if the link is one of it, as
// ending.lua does.
func (t *transaction) endRequest(browser, link string) error {
	if browser == "" {
		return nil
	}
	raw, err := t.getOne("r:" + browser)
	if err != nil || raw == "" {
		return err
	}
	u := unpacking{rest: raw}
	u.small()         // tries
	u.take(u.small()) // the last wrong one
	links, typed := u.text(), u.text()
	if u.damaged {
		return errDamaged
	}
	if !strings.Contains(links, link) {
		return nil
	}
	for _, name := range linkNames(links) {
		if err := t.useUp(name); err != nil {
			return err
		}
	}
	t.put("r:"+browser, string(packed(nil).small(signin.MaxCodeTries).small(0).text(links, typed))+u.rest, asItWas)
	return nil
}
