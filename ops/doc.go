// Package ops is what Doorpost is run with: a service of systemd, images and charts of
// containers. Its tests hold each of them to the program and to the tools that read it.
package ops
