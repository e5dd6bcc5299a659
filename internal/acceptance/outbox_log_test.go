package acceptance

import (
	"encoding/json"
	"strings"
	"time"
)

// fate is what a gate logged of the end of a message.
type fate struct {
	Msg, Message, State, To, Problem string
	Attempts                         int
}

// fates are the ends of messages in what gates logged.
func fates(output string) (found []fate) {
	for line := range strings.Lines(output) {
		var f fate
		if json.Unmarshal([]byte(line), &f) == nil && (f.Msg == "message sent" || f.Msg == "message not sent") {
			found = append(found, f)
		}
	}
	return found
}

// sentMessages are the ids of those that were sent.
func sentMessages(output string) map[string]bool {
	sent := make(map[string]bool)
	for _, f := range fates(output) {
		if f.State == "sent" {
			sent[f.Message] = true
		}
	}
	return sent
}

// areKnown tells whether all that arrived since a time is among what was sent.
func (s *mailService) areKnown(sent map[string]bool, since time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, copies := range s.arrivals {
		last := copies[len(copies)-1]
		if id, _, _ := strings.Cut(last.id, "@"); last.at.After(since) && !sent[id] {
			return false
		}
	}
	return true
}

// fateOf is the end of the message to an address, as far as the log tells: it
// masks addresses, so those of one test begin with different letters.
func (g *stage) fateOf(address string) (f fate, known bool) {
	_, domain, _ := strings.Cut(address, "@")
	for _, one := range fates(g.gate.output()) {
		if one.To == address[:1]+"***@"+domain {
			f, known = one, true
		}
	}
	return f, known
}
