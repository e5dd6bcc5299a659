package steps

import (
	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// givesWay is which open request is dropped for another one; nil for none. Of a
// domain or a network that has its share, it is the oldest one of theirs; if all
// places are taken, it is that of the domain or network that has the most.
func givesWay(open []codec.AccessRequest, next codec.AccessRequest) *codec.AccessRequest {
	shares := make(map[string][]*codec.AccessRequest)
	for i := range open {
		for _, source := range sourcesOf(open[i]) {
			shares[source] = append(shares[source], &open[i])
		}
	}
	for _, source := range sourcesOf(next) {
		if theirs := shares[source]; len(theirs) >= access.MaxShare {
			return theirs[0]
		}
	}
	if len(open) < access.MaxOpen {
		return nil
	}
	largest := []*codec.AccessRequest{&open[0]}
	for i := range open { // in their order, so that it is the same each time
		for _, source := range sourcesOf(open[i]) {
			if len(shares[source]) > len(largest) {
				largest = shares[source]
			}
		}
	}
	return largest[0]
}

// sourcesOf are by which a request is one of many of the same origin.
func sourcesOf(a codec.AccessRequest) []string {
	sources := []string{"@" + a.Address.Domain()}
	if a.Device.Network != "" {
		sources = append(sources, a.Device.Network)
	}
	return sources
}
