package caddymodule

import (
	"maps"
	"strings"
	"testing"
)

// saidTwice is the part of an error that stands there twice in a row, "" for none.
func saidTwice(err error) string {
	parts := strings.Split(err.Error(), ": ")
	for i, part := range parts[1:] {
		if strings.HasSuffix(" "+parts[i], " "+part) {
			return part
		}
	}
	return ""
}

func TestNoErrorAboutAnOptionNamesItTwice(t *testing.T) {
	isolate(t)
	setTestSecrets(t)
	t.Setenv("DOORPOST_NONSENSE", "non sense")
	t.Setenv("DOORPOST_EMPTY", "")
	options := make(map[string]block)
	for _, outermost := range []block{globalBlock, siteBlock} {
		found := make(map[string]block)
		walkOptions(t, outermost, found)
		maps.Copy(options, found)
	}
	atLoad := 0
	for path, around := range options {
		own := strings.TrimSpace(strings.TrimPrefix(path, around.path))
		for _, value := range []string{"", `""`, "{", "nonsense", `"non sense"`, "a b", "{env.DOORPOST_NONSENSE}", "{env.DOORPOST_EMPTY}", "{env.DOORPOST_NOT_SET}", "{file./nowhere}", "{file.relative}", "{unknown}", "{env.DOORPOST_NOT_SET}x"} {
			source := around.wrap(own + " " + value)
			adapted, err := adapt(source)
			if err == nil {
				if err = validateJSON(adapted); err == nil {
					continue
				}
				atLoad++
			}
			words, _ := ourWords(err)
			if part := saidTwice(words); part != "" {
				t.Errorf("%s %s: the error says %q twice: %v", path, value, part, words)
			}
		}
	}
	if atLoad < 40 {
		t.Errorf("only %d errors were found at load", atLoad)
	}
}
