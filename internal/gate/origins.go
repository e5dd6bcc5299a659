package gate

import (
	"errors"
	"net"
	"slices"
	"strings"
)

// Origins are the addresses of a site. Some may be wildcards, which stand for the
// origins of many hosts.
type Origins struct {
	list   []Origin
	except []string // hosts that no wildcard stands for
}

// NewOrigins makes the origins of a site. It fails if the list is empty.
func NewOrigins(list []Origin) (Origins, error) {
	if len(list) == 0 {
		return Origins{}, errors.New("the site's address does not give its public origin; set it with url https://app.example.com")
	}
	o := Origins{}
	for _, origin := range list {
		if !slices.ContainsFunc(o.list, func(known Origin) bool { return known.HostPort() == origin.HostPort() }) {
			o.list = append(o.list, origin)
		}
	}
	return o, nil
}

// Except makes the wildcards not stand for hosts, which are another site's.
func (o *Origins) Except(hosts []string) { o.except = hosts }

// All lists the origins, wildcards as they are.
func (o Origins) All() []Origin { return o.list }

// Has reports whether a request's Host names one of them.
func (o Origins) Has(host string) bool {
	_, found := o.find(host)
	return found || o.byWildcard(host) != Origin{}
}

// Have reports whether an origin is one of them, or one that a wildcard stands for.
func (o Origins) Have(origin Origin) bool {
	return slices.Contains(o.list, origin) && !origin.IsWildcard() || o.byWildcard(origin.HostPort()) == origin
}

// find returns the origin without a wildcard that a request's Host names; false if it
// names none.
func (o Origins) find(host string) (Origin, bool) {
	name, port := splitHost(host)
	for _, origin := range o.list {
		if origin.host == name && origin.isAt(port) && !origin.IsWildcard() {
			return origin, true
		}
	}
	return Origin{}, false
}

// byWildcard is the origin of a request's Host that a wildcard stands for, the zero
// one if there is none.
func (o Origins) byWildcard(host string) Origin {
	name, port := splitHost(host)
	label, domain, _ := strings.Cut(name, ".")
	for _, origin := range o.list {
		if origin.host == anyLabel+domain && origin.isAt(port) && isLabel(label) && !slices.Contains(o.except, name) {
			origin.host = name
			return origin
		}
	}
	return Origin{}
}

func (o Origin) isAt(port string) bool {
	return o.port == port || o.port == "" && port == defaultPort(o.scheme)
}

// splitHost splits a Host into its name in lower case, without brackets, and its port.
func splitHost(host string) (name, port string) {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, ""
	}
	return strings.ToLower(strings.Trim(name, "[]")), port
}

// isLabel reports whether something is one label of a host name, in lower case (RFC
// 1123, section 2.1).
func isLabel(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || 'z' < c) && (c < '0' || '9' < c) && (c != '-' || i == 0 || i == len(s)-1) {
			return false
		}
	}
	return s != "" && len(s) <= 63
}
