package view

// AddressField is a field for an address, as it comes back to somebody who has to
// correct it.
type AddressField struct {
	Typed   string
	Problem AddressProblem // empty: nothing
}

// AddressProblem is what is wrong with an address that was typed.
type AddressProblem string

// The problems.
const (
	AddressMalformed AddressProblem = "malformed" // a character or a dot where none may be
	AddressNoAt      AddressProblem = "no_at"
	AddressSeveral   AddressProblem = "several"
	AddressNoDot     AddressProblem = "no_dot" // after the @
	AddressNotASCII  AddressProblem = "not_ascii"
	AddressSame      AddressProblem = "same"     // it is the address of the account already
	AddressTooMany   AddressProblem = "too_many" // others were tried today, too many of them
)

// ProblemKey is the key of the words of the problem, "" without one.
func (f AddressField) ProblemKey() string {
	switch f.Problem {
	case "":
		return ""
	case AddressSame, AddressTooMany:
		return "account." + string(f.Problem)
	}
	return "signin." + string(f.Problem)
}
