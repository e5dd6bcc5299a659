package caddymodule

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
)

// ourWords begins with the line of the Caddyfile, and cuts off what Caddy wraps around an error of ours on its way up: the path
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
	message = message[end[1]:]
	if told := placeBehind.FindStringSubmatch(message); told != nil {
		message = told[2] + ": " + told[1]
	}
	return errors.New(message), true
}

// refused is how Caddy's commands spell an answer of the admin API that is an error.
var refused = regexp.MustCompile(`(?s)HTTP ([0-9]{3}): (.*)$`)

// guestError is an error of one of the app's own modules, such as mailer smtp, without the
// path to it. what is the option that names the module.
func guestError(what string, err error) error {
	words, ours := ourWords(err)
	if module := loading.FindStringSubmatch(err.Error()); ours && module != nil {
		what += " " + module[1]
	}
	if strings.HasPrefix(words.Error(), what) {
		return named(what, words)
	}
	return wrong(what, words)
}

// loading is how Caddy names the module that it loads.
var loading = regexp.MustCompile(`loading module '([a-z]+)'`)

// wrapping is all that stands before our words: the last module named in it is ours.
var wrapping = regexp.MustCompile(`(?s)^.*(?:provision (?:http\.handlers\.)?doorpost[a-z_.]*|doorpost app module: start|parsing caddyfile tokens for 'doorpost(?:_portal)?'): `)

// placeBehind is an error that ends, as those of Caddy's parser do, with file and line.
var placeBehind = regexp.MustCompile(`(?s)^(.*), at (.+:[0-9]+(?: import chain \[.*\])?)$`)
