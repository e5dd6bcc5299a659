package web

import (
	"net/netip"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/session"
)

// families are words of a User-Agent header and the names that they mean. The first
// word that is found counts: most browsers also name older ones.
type families []struct{ word, name string }

var browsers = families{
	{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"},
	{"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Chromium/", "Chromium"},
	{"Safari/", "Safari"}, {"curl/", "curl"},
}

var systems = families{
	{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"},
	{"Mac OS X", "macOS"}, {"Linux", "Linux"}, {"FreeBSD", "FreeBSD"},
}

func (f families) find(userAgent string) string {
	for _, family := range f {
		if strings.Contains(userAgent, family.word) {
			return family.name
		}
	}
	return ""
}

// maxUserAgent bounds how much of the header is read, in bytes.
const maxUserAgent = 512

// device says what device a request comes from, in our own words.
func device(c *call) session.Device {
	userAgent := c.r.UserAgent()
	userAgent = userAgent[:min(len(userAgent), maxUserAgent)]
	return session.Device{Browser: browsers.find(userAgent), System: systems.find(userAgent), Network: neighbourhood(c.client)}
}

// network is what counts as one client for limits: an IPv4 address, an IPv6
// /64. Clients whose address is unknown count as one.
func network(client netip.Addr) string {
	client = client.Unmap().WithZone("")
	switch {
	case !client.IsValid():
		return "unknown"
	case client.Is4():
		return client.String()
	}
	return prefix(client, 64)
}

// neighbourhood is a network as people see it; empty for none.
func neighbourhood(client netip.Addr) string {
	if n := session.NetworkOf(client); n.IsValid() {
		return n.String()
	}
	return ""
}

func prefix(client netip.Addr, bits int) string {
	p, err := client.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}
