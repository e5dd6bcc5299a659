package txstore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// The records are JSON with short names, so that a record that gains a field
// is still read by the version before. Times are Unix milliseconds.

type deviceRecord struct {
	Browser string `json:"b,omitempty"`
	System  string `json:"o,omitempty"`
	Network string `json:"n,omitempty"`
}

type linkRecord struct {
	Used    bool            `json:"u,omitempty"` // all that is left of a used link is this, with Browser and Expires
	Browser []byte          `json:"r"`
	Expires int64           `json:"e"`
	Address address.Address `json:"a,omitempty"`
	Site    string          `json:"s,omitempty"`
	To      string          `json:"t,omitempty"`
	Asked   int64           `json:"q,omitempty"`
	Code    []byte          `json:"c,omitempty"`
	Policy  string          `json:"p,omitempty"`
	Device  *deviceRecord   `json:"d,omitempty"`
}

type requestRecord struct {
	Address address.Address `json:"a"`
	Typed   string          `json:"y"`
	Site    string          `json:"s"`
	To      string          `json:"t"`
	Asked   int64           `json:"q"`
	Expires int64           `json:"e"`
	Device  *deviceRecord   `json:"d,omitempty"`
	Tries   int             `json:"w,omitempty"`
	Links   [][]byte        `json:"l,omitempty"`
}

type sessionRecord struct {
	Address  address.Address `json:"a"`
	Scope    string          `json:"s"`
	SignedIn int64           `json:"i"`
	Seen     int64           `json:"l"`
	Expires  int64           `json:"e"`
	Device   *deviceRecord   `json:"d,omitempty"`
}

type personRecord struct {
	Created int64 `json:"c"`
}

// counterRecord is a count with the time from which nobody needs it.
type counterRecord struct {
	Expires int64  `json:"e"`
	Count   []byte `json:"n"`
}

func millis(t time.Time) int64 { return t.UnixMilli() }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms) }

func packDevice(d session.Device) *deviceRecord {
	if d == (session.Device{}) {
		return nil
	}
	return &deviceRecord{Browser: d.Browser, System: d.System, Network: d.Network}
}

func (d *deviceRecord) unpack() session.Device {
	if d == nil {
		return session.Device{}
	}
	return session.Device{Browser: d.Browser, System: d.System, Network: d.Network}
}

func (r linkRecord) request() signin.Request {
	return signin.Request{
		Address: r.Address, Site: r.Site, To: r.To, Asked: fromMillis(r.Asked), Expires: fromMillis(r.Expires), Device: r.Device.unpack(),
	}
}

func (r requestRecord) unpack() signin.Request {
	return signin.Request{
		Address: r.Address, Typed: r.Typed, Site: r.Site, To: r.To, Asked: fromMillis(r.Asked), Expires: fromMillis(r.Expires),
		Device: r.Device.unpack(), Tries: r.Tries,
	}
}

func packSession(r session.Record) sessionRecord {
	return sessionRecord{
		Address: r.Address, Scope: r.Scope, SignedIn: millis(r.SignedIn), Seen: millis(r.Seen), Expires: millis(r.Expires),
		Device: packDevice(r.Device),
	}
}

func (r sessionRecord) unpack() session.Record {
	return session.Record{
		Address: r.Address, Scope: r.Scope, SignedIn: fromMillis(r.SignedIn), Seen: fromMillis(r.Seen), Expires: fromMillis(r.Expires),
		Device: r.Device.unpack(),
	}
}

// load reads a record; found is false if there is none. A record that cannot
// be read is an error and not a missing one: what was used up must not look
// as if it had never been.
func load[R any](tx Tx, b Bucket, key []byte) (record R, found bool, err error) {
	raw := tx.Get(b, key)
	if raw == nil {
		return record, false, nil
	}
	if err := json.Unmarshal(raw, &record); err != nil {
		return record, false, fmt.Errorf("reading a record of %s: %w", b, err)
	}
	return record, true, nil
}

func save(tx Tx, b Bucket, key []byte, record any) error {
	raw, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("writing a record of %s: %w", b, err)
	}
	return tx.Put(b, key, raw)
}

// under joins an address and a key to one that lies with the others of that
// address. No address has a NUL.
func under(a address.Address, key []byte) []byte {
	joined := make([]byte, 0, len(a)+1+len(key))
	joined = append(joined, a...)
	joined = append(joined, 0)
	return append(joined, key...)
}
