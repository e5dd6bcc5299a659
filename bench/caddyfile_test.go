package main

import (
	"strings"
	"testing"
)

func TestTheBareGatewayHasTheSameSites(t *testing.T) {
	c := setup{behind: respond, sites: 3, rules: 2, store: "memory", gated: true}
	gated := c.caddyfile("8080", "2019")
	c.gated = false
	bare := c.caddyfile("8080", "2019")
	if strings.Contains(bare, "doorpost") {
		t.Errorf("the gateway to compare with has the gate in it:\n%s", bare)
	}
	if got := strings.Count(gated, "http://s1.localhost:8080 {"); got != 1 || c.host("8080") != "s1.localhost:8080" {
		t.Errorf("loads ask for %s, which is there %d times", c.host("8080"), got)
	}
	if strings.Count(gated, "respond ok") != 3 || strings.Count(bare, "respond ok") != 3 {
		t.Errorf("there are not three sites:\n%s\n%s", gated, bare)
	}
	if strings.Count(gated, "allow ") != 6 || !strings.Contains(gated, "allow "+visitorAddress) {
		t.Errorf("there are not two rules at each site:\n%s", gated)
	}
}

func TestWhatAPageLoads(t *testing.T) {
	const page = `<link rel="icon" href="data:,"><script src="/_doorpost/s.js" defer></script><a href="/x">x</a><img alt="x" src="/logo.svg">`
	var paths []string
	for _, found := range loaded.FindAllStringSubmatch(page, -1) {
		paths = append(paths, found[1])
	}
	if strings.Join(paths, " ") != "data:, /_doorpost/s.js /logo.svg" {
		t.Errorf("the page loads %v", paths)
	}
}
