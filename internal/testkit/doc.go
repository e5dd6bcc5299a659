// Package testkit is what tests and measurements have in common: free ports, a
// condition to wait for, programs to run, certificates, mail servers, and apps. It
// knows nothing of Doorpost, and the product does not import it.
package testkit
