package caddymodule

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// option is one line of a block: its name and how the rest of the line, and a
// block of its own if it has one, is read.
type option struct {
	name   string
	read   func(*caddyfile.Dispenser) error
	many   bool // may be given several times
	nested bool // may open a block
}

// readBlock reads the block that is open or opens next. An option that is
// unknown or stands twice is an error that says so, file and line included.
func readBlock(d *caddyfile.Dispenser, where string, options ...option) error {
	var names, seen []string
	for _, o := range options {
		names = append(names, o.name)
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		i := slices.Index(names, name)
		switch {
		case i < 0:
			return d.Errf("%s has no option %q; its options are: %s", where, name, strings.Join(names, ", "))
		case slices.Contains(seen, name) && !options[i].many:
			return d.Errf("%s: %s is given twice; keep one", where, name)
		}
		seen = append(seen, name)
		line := d.Line()
		if err := options[i].read(d); err != nil {
			return err
		}
		if !options[i].nested && d.NextBlock(d.Nesting()) {
			return d.Errf("%s: %s takes no block (line %d)", where, name, line)
		}
	}
	return nil
}

// noMore refuses whatever follows on the line or in a block.
func noMore(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.Errf("%q is one too many here", d.Val())
	}
	if d.NextBlock(d.Nesting()) {
		return d.Err("no block is expected here")
	}
	return nil
}

// oneValue reads exactly one value.
func oneValue(to *string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		name := d.Val()
		args := d.RemainingArgs()
		if len(args) != 1 || args[0] == "" {
			return d.Errf("%s takes one value, %d are given", name, len(args))
		}
		*to = args[0]
		return nil
	}
}

// oneOf reads one of some words.
func oneOf(to *string, words ...string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		name := d.Val()
		if err := oneValue(to)(d); err != nil {
			return err
		}
		if !slices.Contains(words, *to) {
			return d.Errf("%s is one of %s, not %q", name, strings.Join(words, ", "), *to)
		}
		return nil
	}
}

// values reads one or more values, each of which is checked.
func values(to *[]string, check func(string) error) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		name := d.Val()
		args := d.RemainingArgs()
		if len(args) == 0 {
			return d.Errf("%s takes at least one value", name)
		}
		for _, arg := range args {
			if err := check(arg); err != nil {
				return d.Errf("%s: %v", name, err)
			}
		}
		*to = append(*to, args...)
		return nil
	}
}

// duration reads a duration, which is checked.
func duration(to *caddy.Duration, check func(time.Duration) error) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		name := d.Val()
		var given string
		if err := oneValue(&given)(d); err != nil {
			return err
		}
		parsed, err := caddy.ParseDuration(given)
		if err != nil {
			return d.Errf("%s: %q is no duration such as 90s, 10m, 12h or 7d", name, given)
		}
		if check != nil {
			if err := check(parsed); err != nil {
				return d.Errf("%s: %v", name, err)
			}
		}
		*to = caddy.Duration(parsed)
		return nil
	}
}

// readLimit reads "<n> <window>" behind the name of a limit.
func readLimit(d *caddyfile.Dispenser, name string, args []string) (*LimitConfig, error) {
	if len(args) != 2 {
		return nil, d.Errf("limit %s takes a number and a duration, for instance limit %s 5 15m", name, name)
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return nil, d.Errf("limit %s: %q is no number", name, args[0])
	}
	window, err := caddy.ParseDuration(args[1])
	if err != nil {
		return nil, d.Errf("limit %s: %q is no duration such as 15m or 1h", name, args[1])
	}
	l := &LimitConfig{Max: n, Window: caddy.Duration(window)}
	if err := l.check(); err != nil {
		return nil, d.Errf("limit %s: %v", name, err)
	}
	return l, nil
}
