// Package release has the tests of what releases are made with, in a module of their own:
// they compile Goreleaser's configuration, and Doorpost for other systems.
package release
