// What Doorpost is run with, and what tests of that need, in a module of their own, so
// that none of it reaches the gate.
module github.com/doorpost-auth/doorpost/ops

go 1.26.0

require github.com/doorpost-auth/doorpost v0.0.0

replace github.com/doorpost-auth/doorpost => ..
