package time

import "sync/atomic"

var ahead atomic.Int64 // seconds

// StepTo sets the clock of this process ahead of that of the machine, by whole seconds. Only
// the wall clock is stepped: what measures time goes on, as when somebody sets a machine's.
func StepTo(by Duration) { ahead.Store(int64(by / Second)) }
