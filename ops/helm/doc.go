// Package helm has the chart of Doorpost. Its tests, in a module of their own since Helm
// takes minutes to compile, render it as helm template does.
package helm
