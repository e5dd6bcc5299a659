// Package modeltest leads stores through random histories and compares each
// answer with a model of a few maps. What must never happen is checked beside
// the model, so that a mistake in it hides nothing: a link that signs in twice,
// after its end, at another site, or in another browser without a word; a
// session that nothing proved, or that goes on after its end.
//
// A history that fails is made as short as it can be, and shown:
//
//	go test ./internal/store/modeltest -rapid.checks=10000 -rapid.steps=100
package modeltest
