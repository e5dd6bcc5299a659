package main

import (
	"fmt"
	"strings"
)

// visitorAddress is who is signed in in all loads.
const visitorAddress = "visitor@example.com"

// setup says what a gateway is like. The same setup without gated is the
// gateway that it is compared with.
type setup struct {
	gated  bool
	behind string // what stands in each site: "respond ok"
	store  string // of the global option
	mailer string // lines; default: console
	global string // more lines of the global option
	rules  int    // whom allow names, the visitor as the last; default 1
	sites  int    // default 1
}

// respond is the cheapest that Caddy can do.
const respond = "respond ok"

// host is the site that loads ask for: the one in the middle.
func (s setup) host(port string) string {
	if s.sites <= 1 {
		return "localhost:" + port
	}
	return fmt.Sprintf("s%d.localhost:%s", s.sites/2, port)
}

// caddyfile is the configuration of the gateway.
func (s setup) caddyfile(port, admin string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{\nadmin 127.0.0.1:%s\npersist_config off\nauto_https off\nskip_install_trust\n", admin)
	if s.gated {
		mailer := s.mailer
		if mailer == "" {
			mailer = "mailer console"
		}
		fmt.Fprintf(&b, "doorpost {\nsecret {env.DOORPOST_SECRET}\nstore %s\nfrom \"Doorpost <sign-in@example.com>\"\n%s\n", s.store, mailer)
		b.WriteString("limit client 1000000 1m\nlimit address 1000 1m\nlimit total 1000000 1m\n" + s.global + "}\n")
	}
	b.WriteString("}\n")
	for site := range max(s.sites, 1) {
		host := "localhost"
		if s.sites > 1 {
			host = fmt.Sprintf("s%d.localhost", site)
		}
		fmt.Fprintf(&b, "http://%s:%s {\nbind 127.0.0.1\n", host, port)
		if s.gated {
			b.WriteString("doorpost {\n" + s.allow() + "}\n")
		}
		b.WriteString(s.behind + "\n}\n")
	}
	return b.String()
}

// allow lets in as many people as there are rules, and anyone of example.com
// where there is one only.
func (s setup) allow() string {
	if s.rules <= 1 {
		return "allow *@example.com\n"
	}
	var b strings.Builder
	for i := range s.rules - 1 {
		fmt.Fprintf(&b, "allow person%d@example.org\n", i)
	}
	return b.String() + "allow " + visitorAddress + "\n"
}
