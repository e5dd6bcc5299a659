package steps

// Steps implements the stores of signin, session, people, access and account, and
// of outbox what is not about whose turn it is to send. It is safe for concurrent
// use.
type Steps struct{ backend Backend }

// New makes the steps of a store.
func New(b Backend) Steps { return Steps{b} }
