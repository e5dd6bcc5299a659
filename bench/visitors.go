package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// sessionLife is that of the sessions which are made beforehand.
const sessionLife = 7 * 24 * time.Hour

// person is somebody who is signed in; who is so more than once is there for
// each session, one after the other.
type person struct {
	address  address.Address
	id       session.ID
	key      session.Key
	standing *people.Standing // nil for none
}

// crowd is people who are signed in: a store with their sessions, for a gate at
// one place, and a file with the cookie of each.
type crowd struct {
	place          place
	store, cookies string
	n              int
}

// newCrowd makes sessions for a gate. They are written past the steps of a
// sign-in: a million of those take long, and leave links behind. If the form of
// the records changes, the gate knows none of them, and the loads fail.
func (s *stand) newCrowd(c setup, n int) (made crowd, err error) {
	if made.place, err = newPlace(); err != nil {
		return made, err
	}
	made.n, made.store, made.cookies = n, s.path("store-"+made.place.port), s.path("cookies-"+made.place.port)
	signedIn := newPeople(n)
	origin := "http://" + c.host(made.place.port)
	if err := writeCookies(made.cookies, s.ring, origin, signedIn); err != nil {
		return made, err
	}
	return made, writeStore(made.store, origin, signedIn)
}

// newPeople makes people, known by their numbers; the first is the one whom
// configurations with many rules name.
func newPeople(n int) []person {
	all := make([]person, n)
	for i := range all {
		id := session.NewID()
		all[i] = person{address: numbered(i), id: id, key: id.Key()}
	}
	all[0].address = visitorAddress
	return all
}

// numbered is an address, of the same length for each number.
func numbered(n int) address.Address {
	return address.Address(fmt.Sprintf("first.last.%07d@example.com", n))
}

// appCookie is one of the app that all send.
const appCookie = "theme=dark"

// writeCookies writes a session cookie of each, a line each, as browsers send
// it, beside one of the app.
func writeCookies(path string, ring keys.Ring, origin string, people []person) error {
	cookie := session.NewCookie(ring, session.CookieOptions{Scope: origin, Lifetime: sessionLife})
	var lines bytes.Buffer
	for _, p := range people {
		issued, err := cookie.Issue(p.id)
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%s; %s=%s\n", appCookie, issued.Name, issued.Value)
	}
	if err := os.WriteFile(path, lines.Bytes(), 0o600); err != nil {
		return fmt.Errorf("writing cookies: %w", err)
	}
	return nil
}

// forged writes a file of cookies that look like ours and are signed with a
// secret that is not.
func forged(path, origin string, n int) error {
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		return err
	}
	return writeCookies(path, ring, origin, newPeople(n))
}

func firstLine(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading a cookie: %w", err)
	}
	defer file.Close()
	line, err := bufio.NewReader(file).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("reading a cookie: %w", err)
	}
	return strings.TrimSpace(line), nil
}
