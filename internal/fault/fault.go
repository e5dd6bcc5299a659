// Package fault sorts errors by what the person or program that hears of them can
// do. Services return them; each edge (pages, admin API) turns a kind into a
// status in one place.
package fault

import (
	"errors"
	"fmt"
)

// Kind is what an error means to the one who asked.
type Kind int

// The kinds of errors. The zero value is a defect of the program, which is
// logged and not shown.
const (
	Internal    Kind = iota
	Unavailable      // the store does not answer; nothing was promised and nothing used up: try again later
	Unknown          // what was named does not exist, or not any more
	Taken            // what is there already, or has happened already, stands in the way
	Invalid          // the order cannot be carried out as it is
)

type refusal struct {
	kind Kind
	text string
}

func (r *refusal) Error() string { return r.text }

// New makes an error that packages keep in a variable, wrap and compare with.
func New(kind Kind, text string) error { return &refusal{kind, text} }

var unavailable = New(Unavailable, "the store does not answer")

// KindOf returns the kind of the first error in a chain that has one.
func KindOf(err error) Kind {
	if r, sorted := errors.AsType[*refusal](err); sorted {
		return r.kind
	}
	return Internal
}

// Store sorts what a method of a store returned: an error that has a kind is what
// the store refuses and stays what it is, any other says that the store did not do
// its part and becomes Unavailable. Nil stays nil.
func Store(doing string, err error) error {
	if err == nil || KindOf(err) != Internal {
		return err
	}
	return fmt.Errorf("%w: %s: %w", unavailable, doing, err)
}
