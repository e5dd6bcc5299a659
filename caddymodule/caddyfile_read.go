package caddymodule

import (
	"errors"
	"fmt"
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
	read   reader
	many   bool // may be given several times
	nested bool // may open a block
}

// reader reads what stands behind the name of an option, which d stands on.
type reader = func(d *caddyfile.Dispenser) error

// at remembers where d stands, for an error that is found further down: an
// error names the line where an operator has to change something.
func at(d *caddyfile.Dispenser) *caddyfile.Dispenser {
	here := caddyfile.NewDispenser([]caddyfile.Token{d.Token()})
	here.Next()
	return here
}

// inBlock reads options that stand in a block, and no value before it.
func inBlock(where string, check func() error, options ...option) reader {
	return func(d *caddyfile.Dispenser) error {
		if d.NextArg() {
			return d.Errf("%s does not take a value such as %q; its options stand in a block", where, d.Val())
		}
		return readBlock(d, where, check, options...)
	}
}

// readBlock reads the block that is open or opens next, and checks then, unless
// check is nil, what was read. An option that is unknown or stands twice is an
// error that says so, file and line included.
func readBlock(d *caddyfile.Dispenser, where string, check func() error, options ...option) error {
	start := at(d)
	lines := make(map[string]int)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		i := slices.IndexFunc(options, func(o option) bool { return o.name == name })
		switch {
		case isBrace(d):
			return d.Errf("%s: a %s stands alone where an option is expected; an option's block opens at the end of the option's line", where, name)
		case i < 0:
			names := each(options, func(o option) string { return o.name })
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
	if check == nil {
		return nil
	}
	err := check()
	if _, known := errors.AsType[placed](err); err == nil || known {
		return err
	}
	return start.WrapErr(err)
}

// placed is an error that says already in which line it is.
type placed struct{ error }

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

// one reads exactly one value. An error of take names the option.
func one(example string, take func(name, value string) error) reader {
	return oneOrAlso(example, "", nil, take)
}

// oneOrAlso does the same, and lets a word follow the value, which sets also.
func oneOrAlso(example, word string, also func(), take func(name, value string) error) reader {
	return func(d *caddyfile.Dispenser) error {
		name := d.Val()
		args := d.RemainingArgs()
		if len(args) == 2 && also != nil && args[1] == word {
			also()
			args = args[:1]
		}
		switch {
		case len(args) == 0 || len(args) == 1 && args[0] == "":
			return d.Errf("%s has no value; write for example %s %s", name, name, example)
		case len(args) == 2 && also != nil:
			return d.Errf("%s: what may follow %s is %s, not %q; write for example %s %s %s", name, args[0], word, args[1], name, example, word)
		case len(args) > 1:
			return d.Errf("%s takes one value, %d are given; a value with spaces in it stands in quotes", name, len(args))
		}
		if err := take(name, args[0]); err != nil {
			return d.WrapErr(err)
		}
		return nil
	}
}

// noValue reads an option without a value, which holds by being there.
func noValue(to *bool) reader {
	return func(d *caddyfile.Dispenser) error {
		name := d.Val()
		if *to = true; d.NextArg() {
			return d.Errf("%s takes no value: leave out %q", name, d.Val())
		}
		return nil
	}
}

// onOrOff reads an option that holds unless it is off.
func onOrOff(to **bool) reader {
	return func(d *caddyfile.Dispenser) error {
		var value string
		err := checkedValue(&value, "off", func(v string) error {
			if v != "on" && v != "off" {
				return fmt.Errorf("%q is neither on nor off", v)
			}
			return nil
		})(d)
		*to = new(value == "on")
		return err
	}
}

func oneValue(to *string, example string) reader {
	return checkedValue(to, example, func(string) error { return nil })
}

// checkedValue reads exactly one value and checks it. What a placeholder names
// is known, and checked, only when the configuration loads.
func checkedValue(to *string, example string, check func(string) error) reader {
	return one(example, func(name, value string) error {
		if *to = value; hasPlaceholder(value) {
			return nil
		}
		return wrong(name, check(value))
	})
}

// parses is the check that a value can be parsed.
func parses[T any](parse func(string) (T, error)) func(string) error {
	return func(value string) error {
		_, err := parse(value)
		return err
	}
}

// hasPlaceholder reports whether a value names another, as {env.NAME} does.
func hasPlaceholder(given string) bool {
	_, rest, opened := strings.Cut(given, "{")
	return opened && strings.Contains(rest, "}")
}

// oneOf reads one of some words.
func oneOf(to *string, words ...string) reader {
	return one(words[0], func(name, value string) error {
		if *to = value; !slices.Contains(words, value) {
			return fmt.Errorf("%s must be one of %s, not %q", name, strings.Join(words, ", "), value)
		}
		return nil
	})
}

// values reads one or more values, each of which is checked.
func values(to *[]string, example string, check func(string) error) reader {
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
func duration(to *caddy.Duration, example string, check func(time.Duration) error) reader {
	return one(example, takeDuration(to, check))
}

func takeDuration(to *caddy.Duration, check func(time.Duration) error) func(name, value string) error {
	return func(name, value string) error {
		parsed, err := caddy.ParseDuration(value)
		if err != nil {
			return fmt.Errorf("%s: %q is not a duration; write 90s, 10m, 12h or 7d", name, value)
		}
		*to = caddy.Duration(parsed)
		return wrong(name, check(parsed))
	}
}

// number reads a whole number, which is checked.
func number(to *int, example string, check func(int) error) reader {
	return one(example, func(name, value string) (err error) {
		if *to, err = strconv.Atoi(value); err != nil {
			return fmt.Errorf("%s: %q is not a whole number; write for example %s", name, value, example)
		}
		return wrong(name, check(*to))
	})
}
