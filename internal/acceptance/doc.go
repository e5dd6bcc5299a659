// Package acceptance tests the program as its users meet it: the real binary,
// built with the race detector, started as a process on its own Caddyfile, with
// a real browser, real mail servers and real apps around it.
//
// It knows the program by SPEC only: command line, Caddyfile, HTTP, mail. It
// imports no other package of this module, so that none of them can make a test
// pass by sharing a mistake with it.
//
// It needs Debian's packages chromium-headless-shell and prometheus. With DOORPOST_SCREENSHOTS
// set to a folder, the tests in the browser leave pictures of the pages there.
package acceptance
