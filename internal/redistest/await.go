package redistest

import "github.com/doorpost-auth/doorpost/internal/testkit"

// Await waits until a condition holds and fails the test if it does not in
// time. It returns how long that took.
var Await = testkit.Await
