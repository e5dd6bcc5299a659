package adminapi

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/admin"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// Checked is an order of which can be told, without a server, that none carries it out. What the
// text of a field stands for is read by the same method in the server.
type Checked interface{ Check() error }

func invalid(format string, values ...any) error {
	return fault.New(fault.Invalid, fmt.Sprintf(format, values...))
}

var days = regexp.MustCompile(`[0-9.]+d`)

// parseDuration reads a duration as a Caddyfile has it, with d for days.
func parseDuration(s string) (time.Duration, error) {
	return time.ParseDuration(days.ReplaceAllStringFunc(s, func(d string) string {
		n, err := strconv.ParseFloat(d[:len(d)-1], 64)
		if err != nil {
			return d
		}
		return strconv.FormatFloat(24*n, 'f', -1, 64) + "h"
	}))
}

// readDuration reads a duration of an order, by the name of its field. It may be left out.
func readDuration(field, given string, otherwise time.Duration) (time.Duration, error) {
	if given == "" {
		return otherwise, nil
	}
	d, err := parseDuration(given)
	if err != nil || d <= 0 {
		return 0, invalid("%s must be a duration, for example 90m, 12h or 7d", field)
	}
	return d, nil
}

func checkGroups(names []string) error {
	for _, name := range names {
		if err := people.CheckGroupName(name); err != nil {
			return invalid("%v", err)
		}
	}
	return nil
}

// Check implements Checked.
func (o UserOrder) Check() error { return checkGroups(o.Groups) }

// Key is that of the session that the order names by its id.
func (o EndOrder) Key() (session.Key, error) {
	key, ok := session.ParseKey(o.ID)
	if !ok {
		return key, invalid("id must be 32 hexadecimal digits, as sessions list shows them")
	}
	return key, nil
}

// Check implements Checked.
func (o EndOrder) Check() (err error) {
	if o.ID != "" {
		_, err = o.Key()
	}
	return err
}

// Life is how long the link of the invitation works.
func (o InviteOrder) Life() (time.Duration, error) {
	life, err := readDuration("for", o.For, access.DefaultInvitation)
	if err != nil {
		return 0, err
	}
	return life, access.CheckLife(life)
}

// Check implements Checked.
func (o InviteOrder) Check() error {
	if _, err := o.Life(); err != nil {
		return err
	}
	if o.Site != "" {
		if _, err := gate.ParseOrigin(o.Site); err != nil {
			return invalid("site: %v", err)
		}
	}
	return checkGroups(o.Groups)
}

// Target is the URL that the order is about.
func (o WhyOrder) Target() (*url.URL, error) {
	target, err := url.Parse(o.URL)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return nil, invalid("url must be absolute, for example https://app.example.com/page")
	}
	return target, nil
}

// Check implements Checked.
func (o WhyOrder) Check() error {
	_, err := o.Target()
	return err
}

// Lasts is for how long somebody is let in, 0 for good.
func (o ApproveOrder) Lasts() (time.Duration, error) { return readDuration("for", o.For, 0) }

// Check implements Checked.
func (o ApproveOrder) Check() error {
	_, err := o.Lasts()
	return err
}

// Token is what the order asks for, and how long it lasts, 0 for ever.
func (o TokenOrder) Token() (t token.Token, life time.Duration, err error) {
	t = token.Token{Name: o.Name, Sites: o.Sites, Paths: o.Paths, Methods: o.Methods, Groups: o.Groups}
	if t.Networks, err = token.ParseNetworks(o.Networks); err == nil && o.For != "never" {
		life, err = readDuration("for", o.For, token.UsualLife)
	}
	return t, life, err
}

// Check implements Checked.
func (o TokenOrder) Check() error {
	t, life, err := o.Token()
	if err == nil {
		_, err = admin.NewToken(t, life)
	}
	return err
}

// For is how long the text before is good, too.
func (o RotateOrder) For() (time.Duration, error) {
	if o.Overlap == "0" || o.Overlap == "0s" {
		return 0, nil
	}
	overlap, err := readDuration("overlap", o.Overlap, token.UsualOverlap)
	if err != nil {
		return 0, err
	}
	return overlap, token.CheckOverlap(overlap)
}

// Check implements Checked.
func (o RotateOrder) Check() error {
	_, err := o.For()
	return err
}
