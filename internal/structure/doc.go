// Package structure holds the repository to the order that a reader relies on:
// which package may import which, which one speaks to which library, and which
// versions of libraries come with Caddy. It is tests only.
package structure
