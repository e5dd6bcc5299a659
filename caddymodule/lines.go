package caddymodule

import (
	"errors"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// Lines are where in a Caddyfile a directive and its options stand, by their names: file
// and line, and where they were imported. They are part of the JSON, since most mistakes
// are found when that is loaded. JSON that was written by hand has none.
type Lines map[string]string

// noteDirective notes where a directive stands, on whose name d is.
func (l *Lines) noteDirective(d *caddyfile.Dispenser) {
	*l = make(Lines)
	if d.File() != "" { // as that of protect, which nobody has
		(*l)[directive] = strings.TrimPrefix(d.Err("").Error(), ", at ")
	}
}

// directive is the name under which Lines have that of the directive itself.
const directive = "directive"

// noted are options of a directive that are noted where they are read. Which line is meant
// of several with the same name is not known later: then it is that of the directive.
func (l Lines) noted(options ...option) []option {
	for i, o := range options {
		options[i].read = func(d *caddyfile.Dispenser) error {
			switch _, again := l[o.name]; {
			case again:
				l[o.name] = l[directive]
			case d.File() != "":
				l[o.name] = strings.TrimPrefix(d.Err("").Error(), ", at ")
			}
			return o.read(d)
		}
	}
	return options
}

// of is where an option stands, or else the directive; "" for JSON that was written by hand.
// An option in the block of another is named after that: session idle.
func (l Lines) of(option string) string {
	name, _, _ := strings.Cut(option, " ")
	if line, noted := l[name]; noted {
		return line
	}
	return l[directive]
}

// atLine puts the line of the option that an error is about before it.
func (l Lines) atLine(err error) error {
	option, _ := errors.AsType[optionError](err)
	if line := l.of(option.name); err != nil && line != "" {
		return fmt.Errorf("%s: %w", line, err)
	}
	return err
}

// warning is a finding about an option, or about the directive.
func (l Lines) warning(option, check, found, advice string) adminapi.Finding {
	warning := adminapi.NewFinding(check, adminapi.Warning, found, advice)
	warning.Where = l.of(option)
	return warning
}

// optionError is an error about an option.
type optionError struct {
	name string
	error
}

func (e optionError) Unwrap() error { return e.error }

// named is for an error that names the option itself; nil for nil.
func named(name string, err error) error {
	if err != nil {
		return optionError{name, err}
	}
	return nil
}

// wrong is what a check says of an option, with its name before it unless the error names
// it already; nil for nil.
func wrong(name string, err error) error {
	if known, _ := errors.AsType[optionError](err); err == nil || known.name == name {
		return err
	}
	return optionError{name, fmt.Errorf("%s: %w", name, err)}
}

// alsoAt names another line beside the one that an error begins with: "" if it is not known.
func alsoAt(line string) string {
	if line == "" {
		return ""
	}
	return " (" + line + ")"
}
