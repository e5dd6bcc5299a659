package redisstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// packed is texts and numbers one after the other, as the scripts read and
// write them with struct. That takes a script one call, where JSON takes it
// longer than all the rest of a step.
//
// What a script passes on as it is may get new fields at its end, and nowhere
// else: a version that does not know them leaves them out, and one that misses
// them reads them as empty.
type packed []byte

// text appends a text, which struct calls I2c0.
func (p packed) text(texts ...string) packed {
	for _, text := range texts {
		if len(text) > math.MaxUint16 {
			text = text[:math.MaxUint16] // no form, address or origin is that long
		}
		p = append(binary.BigEndian.AppendUint16(p, uint16(len(text))), text...)
	}
	return p
}

// number appends numbers, which struct calls i8.
func (p packed) number(numbers ...int64) packed {
	for _, n := range numbers {
		p = binary.BigEndian.AppendUint64(p, uint64(n))
	}
	return p
}

// when appends a time that may be none.
func (p packed) when(t time.Time) packed {
	if t.IsZero() {
		return p.number(0)
	}
	return p.number(record.Millis(t))
}

// small appends a number of one byte, which struct calls B.
func (p packed) small(n int) packed { return append(p, byte(n)) }

// fixed appends a text of a length that is known, which struct calls c and a
// number.
func (p packed) fixed(text string) packed { return append(p, text...) }

// long appends texts, which struct calls I4c0.
func (p packed) long(texts ...string) packed {
	for _, text := range texts {
		p = append(binary.BigEndian.AppendUint32(p, uint32(len(text))), text...)
	}
	return p
}

// flag appends a truth, as a small number.
func (p packed) flag(truth bool) packed {
	if truth {
		return p.small(1)
	}
	return p.small(0)
}

func (p packed) device(d session.Device) packed { return p.text(d.Browser, d.System, d.Network) }

// unpacking reads what packed appended. At the end everything is empty.
type unpacking struct {
	rest    string
	damaged bool // it ended in the middle of a field
}

func (u *unpacking) take(n int) string {
	if u.rest == "" || u.damaged {
		return ""
	}
	if n > len(u.rest) {
		u.damaged = true
		return ""
	}
	taken := u.rest[:n]
	u.rest = u.rest[n:]
	return taken
}

func (u *unpacking) small() int {
	taken := u.take(1)
	if taken == "" {
		return 0
	}
	return int(taken[0])
}

func (u *unpacking) number() (n int64) {
	for _, b := range []byte(u.take(8)) {
		n = n<<8 | int64(b)
	}
	return n
}

// long reads what packed.long appended, one text.
func (u *unpacking) long() string {
	length := u.take(4)
	if length == "" {
		return ""
	}
	n := int(binary.BigEndian.Uint32([]byte(length)))
	if n > 0 && u.rest == "" {
		u.damaged = true
	}
	return u.take(n)
}

// when reads what packed.when appended.
func (u *unpacking) when() time.Time {
	if ms := u.number(); ms != 0 {
		return record.Time(ms)
	}
	return time.Time{}
}

func (u *unpacking) text() string {
	length := u.take(2)
	if length == "" {
		return ""
	}
	n := int(length[0])<<8 | int(length[1])
	if n > 0 && u.rest == "" {
		u.damaged = true
	}
	return u.take(n)
}

func (u *unpacking) device() session.Device {
	return session.Device{Browser: u.text(), System: u.text(), Network: u.text()}
}

var errDamaged = errors.New("redis: a record ends in the middle of a field")

// unpack begins to read an answer.
func unpack(raw any) (unpacking, error) {
	text, ok := raw.(string)
	if !ok {
		return unpacking{}, fmt.Errorf("redis answers with a %T where text was expected", raw)
	}
	return unpacking{rest: text}, nil
}
