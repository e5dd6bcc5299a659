package web

import (
	"errors"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// addressProblems are the errors of package address that pages have words of their own
// for.
var addressProblems = map[error]view.AddressProblem{
	address.ErrNoAt: view.AddressNoAt, address.ErrSeveral: view.AddressSeveral,
	address.ErrNoDot: view.AddressNoDot, address.ErrNotASCII: view.AddressNotASCII,
}

// readAddress reads an address that a person typed or pasted. With a problem, the field
// has what was typed, without what does not count.
func readAddress(typed string) (address.Address, view.AddressField) {
	bare := address.Bare(typed)
	who, err := address.Parse(bare)
	field := view.AddressField{Typed: bare[:min(len(bare), 2*address.MaxLength)]}
	if err != nil {
		field.Problem = view.AddressMalformed
	}
	for known, problem := range addressProblems {
		if errors.Is(err, known) {
			field.Problem = problem
		}
	}
	return who, field
}
