// Package redistest starts real Redis servers for tests: a single one, one
// with replicas and sentinels, or a cluster. They listen on free loopback
// ports, keep nothing on disk, and can be killed, paused, restarted and
// damaged. They end with the test or, if they are shared, with Main; and with
// the test process whatever becomes of it.
package redistest
