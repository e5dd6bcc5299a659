package cli

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// sample is what docs/commands.md shows of a command, up to the next one.
func sample(t *testing.T, command string) string {
	t.Helper()
	content, err := os.ReadFile("../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(content), "\n$ doorpost "+command+"\n")
	if !found {
		t.Fatalf("docs/commands.md has no sample of %s", command)
	}
	return after[:regexp.MustCompile("(?m)^(\\$ |```)").FindStringIndex(after)[0]]
}

// moment is a time as samples have it, which no run of a command has again.
var moment = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`)

// aSession is what several samples have.
const aSession = `{"id": "50468850a6d25cda9049a531ef483318", "address": "alice@example.com", "site": "https://app.example.com", "signed_in": "{97h}",
	"last_use": "{12s}", "expires": "{+167h}", "browser": "Firefox", "system": "Linux", "network": "198.51.100.0/24"}`

// samples are commands with what the server answers: {3h} stands for the time so long ago, and
// {+3h} for that in so long.
var samples = map[string]string{
	"health --ready": `{"status": "ok"}`,
	"stats": `{"since": "{3h1m}", "asked": 120, "sent": 96, "redeemed": {"link": 80, "code": 9, "passkey": 14},
		"refused": {"not_admitted": 24, "wrong_code": 3, "too_old": 1}, "messages": {"sent": 95, "deferred": 1}, "streams_cut": 2,
		"sessions": 61, "mailers": [{"name": "smtp", "available": true}]}`,
	"users add alice@example.com --group staff --group admins": `{"address": "alice@example.com", "groups": ["admins", "staff"]}`,
	"users list": `{"users": [{"address": "alice@example.com", "added": "{97h}", "first_signed_in": "{97h}", "groups": ["admins", "staff"]},
		{"address": "bob@example.org", "added": "{2h1m}"},
		{"address": "carol@corp.example", "added": "{217h}", "first_signed_in": "{217h}", "disabled": true, "groups": ["staff"]}]}`,
	"users show alice@example.com": `{"address": "alice@example.com", "added": "{97h}", "first_signed_in": "{97h}", "groups": ["admins", "staff"],
		"stored_groups": ["admins", "staff"], "sessions": [` + aSession + `]}`,
	"sessions list":                  `{"sessions": [` + aSession + `]}`,
	"sessions end alice@example.com": `{"address": "alice@example.com", "ended": 1, "done": true}`,
	"passkeys list alice@example.com": `{"passkeys": [
		{"id": "4b1f0c62a97d3e58", "name": "Firefox, Linux", "rp_id": "example.com", "made": "{961h}", "last_used": "{2h1m}", "synced": true},
		{"id": "9e02d7715cb8a340", "name": "Key ring", "rp_id": "example.com", "made": "{73h}"}]}`,
	"passkeys remove alice@example.com 9e02d7715cb8a340": `{"address": "alice@example.com", "app_passwords": [{"id": "5Qw0Zr81kPd", "name": "Calendar on my phone"}]}`,
	"tokens create backup --site https://files.example.com --path '/dav/*' --from 192.0.2.0/24": `{"id": "1hlRl6CajEX", "name": "backup",
		"token": "dpst_1hlRl6CajEX5CpvQBG0BmFrASw1DZkoHJ2if9o8", "expires": "{+2160h}"}`,
	"tokens list": `{"tokens": [{"id": "1hlRl6CajEX", "name": "backup", "sites": ["https://files.example.com"], "paths": ["/dav/*"],
		"networks": ["192.0.2.0/24"], "last_used": "{20m}", "expires": "{+2159h}"}]}`,
	"outbox retry uj7re5v2qvkto6bbq3g5i4xiom":     `{"message": {"id": "uj7re5v2qvkto6bbq3g5i4xiom", "to": "g***@example.com"}, "retried": true, "unblocked": true}`,
	"outbox unblock gone@example.com":             `{"unblocked": true}`,
	"invite dora@elsewhere.example --group staff": `{"address": "dora@elsewhere.example", "site": "https://app.example.com", "sent": true, "expires": "{+168h}"}`,
}

func TestTheSamplesOfTheDocsAreWhatCommandsPrint(t *testing.T) {
	for command, answer := range samples {
		answer = regexp.MustCompile(`\{\+?[0-9hms]+\}`).ReplaceAllStringFunc(answer, func(span string) string {
			given, ahead := strings.CutPrefix(strings.Trim(span, "{}"), "+")
			d, err := time.ParseDuration(given)
			if err != nil {
				t.Fatal(err)
			}
			if !ahead {
				d = -d
			}
			return time.Now().Add(d).UTC().Format(time.RFC3339Nano)
		})
		s := &slow{pieces: []string{answer}}
		printed := runWith(s, &s.fakeCaddy, strings.Fields(strings.ReplaceAll(command, "'", ""))...) + s.told
		printed = strings.ReplaceAll(printed, binary()+" ", "doorpost ")
		printed, want := moment.ReplaceAllString(printed, "(moment)"), moment.ReplaceAllString(sample(t, command), "(moment)")
		if s.err != nil || printed != want {
			t.Errorf("%s prints (%v)\n%s\nand its sample in docs/commands.md is\n%s", command, s.err, printed, want)
		}
	}
}
