package caddymodule

import (
	"encoding/json"
	"errors"
	"regexp"
)

// ourWords cuts off what Caddy wraps around an error of ours on its way up: the path
// through its modules, and where a server refused to reload, its answer. ours is false
// for an error that is not ours.
func ourWords(err error) (words error, ours bool) {
	message := err.Error()
	if answer := refused.FindStringSubmatch(message); answer != nil {
		var failure struct{ Error string }
		if json.Unmarshal([]byte(answer[2]), &failure) == nil && failure.Error != "" {
			message = failure.Error
		}
	}
	end := wrapping.FindStringIndex(message)
	if end == nil {
		return err, false
	}
	return errors.New(message[end[1]:]), true
}

// wrapping is all that stands before our words: the last module named in it is ours.
var wrapping = regexp.MustCompile(`(?s)^.*(?:provision (?:http\.handlers\.)?doorpost[a-z_.]*|parsing caddyfile tokens for 'doorpost'): `)
