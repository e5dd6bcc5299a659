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

// at remembers where d stands, for an error that is found further down: an
// error names the line where an operator has to change something.
func at(d *caddyfile.Dispenser) *caddyfile.Dispenser {
	here := caddyfile.NewDispenser([]caddyfile.Token{d.Token()})
	here.Next()
	return here
}

// readBlock reads the block that is open or opens next. An option that is
// unknown or stands twice is an error that says so, file and line included.
func readBlock(d *caddyfile.Dispenser, where string, options ...option) error {
	var names []string
	for _, o := range options {
		names = append(names, o.name)
	}
	lines := make(map[string]int)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		i := slices.Index(names, name)
		switch {
		case isBrace(d):
			return d.Errf("%s: a %s stands alone where an option is expected; an option's block opens at the end of the option's line", where, name)
		case i < 0:
			return d.Errf("%s has no option %q; its options are: %s", where, name, strings.Join(names, ", "))
		case lines[name] != 0 && !options[i].many:
			return d.Errf("%s: %s is given twice, first on line %d; keep one", where, name, lines[name])
		}
		lines[name] = d.Line()
		here := at(d)
		if err := options[i].read(d); err != nil {
			return err
		}
		if !options[i].nested && opensBlock(d) {
			return here.Errf("%s: %s does not take a block; all of it stands on its line", where, name)
		}
	}
	return nil
}

// isBrace reports whether d stands on a brace that opens or closes a block.
func isBrace(d *caddyfile.Dispenser) bool {
	return (d.Val() == "{" || d.Val() == "}") && !d.Token().Quoted()
}

// opensBlock reports whether a block, be it empty, follows on the line.
func opensBlock(d *caddyfile.Dispenser) bool {
	return d.NextBlock(d.Nesting()) || isBrace(d)
}

// noMore refuses whatever follows on the line or in a block.
func noMore(d *caddyfile.Dispenser, what string) error {
	here := at(d)
	if d.NextArg() {
		return d.Errf("%s: %q is one value too many", what, d.Val())
	}
	if opensBlock(d) {
		return here.Errf("%s does not take a block", what)
	}
	return nil
}

// oneValue reads exactly one value.
func oneValue(to *string, example string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		name := d.Val()
		args := d.RemainingArgs()
		switch {
		case len(args) == 0 || len(args) == 1 && args[0] == "":
			return d.Errf("%s has no value; write for example %s %s", name, name, example)
		case len(args) > 1:
			return d.Errf("%s takes one value, %d are given; a value with spaces in it stands in quotes", name, len(args))
		}
		*to = args[0]
		return nil
	}
}

// checkedValue reads exactly one value and checks it. What a placeholder names
// is known, and checked, only when the configuration loads.
func checkedValue(to *string, example string, check func(string) error) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		name := d.Val()
		if err := oneValue(to, example)(d); err != nil {
			return err
		}
		if hasPlaceholder(*to) {
			return nil
		}
		if err := check(*to); err != nil {
			return d.Errf("%s: %v", name, err)
		}
		return nil
	}
}

// hasPlaceholder reports whether a value names another, as {env.NAME} does.
func hasPlaceholder(given string) bool {
	_, rest, opened := strings.Cut(given, "{")
	return opened && strings.Contains(rest, "}")
}

// oneOf reads one of some words.
func oneOf(to *string, words ...string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		name := d.Val()
		if err := oneValue(to, words[0])(d); err != nil {
			return err
		}
		if !slices.Contains(words, *to) {
			return d.Errf("%s must be one of %s, not %q", name, strings.Join(words, ", "), *to)
		}
		return nil
	}
}

// values reads one or more values, each of which is checked.
func values(to *[]string, example string, check func(string) error) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		name := d.Val()
		args := d.RemainingArgs()
		if len(args) == 0 {
			return d.Errf("%s has no value; write for example %s %s", name, name, example)
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
func duration(to *caddy.Duration, example string, check func(time.Duration) error) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		name := d.Val()
		var given string
		if err := oneValue(&given, example)(d); err != nil {
			return err
		}
		parsed, err := caddy.ParseDuration(given)
		if err != nil {
			return d.Errf("%s: %q is not a duration; write 90s, 10m, 12h or 7d", name, given)
		}
		if err := check(parsed); err != nil {
			return d.Errf("%s: %v", name, err)
		}
		*to = caddy.Duration(parsed)
		return nil
	}
}

// number reads a whole number, which is checked.
func number(to *int, example string, check func(int) error) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		name := d.Val()
		var given string
		if err := oneValue(&given, example)(d); err != nil {
			return err
		}
		n, err := strconv.Atoi(given)
		if err != nil {
			return d.Errf("%s: %q is not a whole number; write for example %s", name, given, example)
		}
		if err := check(n); err != nil {
			return d.Errf("%s: %v", name, err)
		}
		*to = n
		return nil
	}
}

// readLimit reads "<n> <window>" behind the name of a limit.
func readLimit(d *caddyfile.Dispenser, name string, args []string) (*LimitConfig, error) {
	if len(args) != 2 {
		return nil, d.Errf("limit %s takes a number and a duration, for example limit %s 5 15m", name, name)
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return nil, d.Errf("limit %s: %q is not a whole number; write for example 5", name, args[0])
	}
	window, err := caddy.ParseDuration(args[1])
	if err != nil {
		return nil, d.Errf("limit %s: %q is not a duration; write for example 15m or 1h", name, args[1])
	}
	l := &LimitConfig{Max: n, Window: caddy.Duration(window)}
	if err := l.check(); err != nil {
		return nil, d.Errf("limit %s: %v", name, err)
	}
	return l, nil
}
