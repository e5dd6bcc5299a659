package smtprelay

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// mostSpam is how many points a message of ours may have; a mailbox takes five for spam.
const mostSpam = 0.5

// routes are the headers that servers add on the way of a message: through the
// operator's mail server, and straight from the gate, which filters like less.
var routes = map[string]string{
	"relayed": `Received: from out3.example.com (out3.example.com [20.31.42.53])
	by mx.example.net (Postfix) with ESMTPS id 4XyZ12abc
	for <ada.lovelace@example.com>; %[1]s
Received: from gate.example.com (gate.example.com [20.31.42.54])
	by out3.example.com (Postfix) with ESMTPSA id 4XyZ12abb
	for <ada.lovelace@example.com>; %[1]s
`,
	"direct": `Received: from gate.example.com (gate.example.com [20.31.42.54])
	by mx.example.net (Postfix) with ESMTPS id 4XyZ12abc
	for <ada.lovelace@example.com>; %[1]s
`,
}

// samplesOfKinds are a message of each kind, and the first one to somebody.
func samplesOfKinds() (picked []mail.Sample) {
	seen := make(map[outbox.Kind]bool)
	for _, s := range mail.Samples() {
		if kind := s.Letter.Kind; !seen[kind] || s.Name == "sign-in-welcome" {
			seen[kind] = true
			picked = append(picked, s)
		}
	}
	return picked
}

var spamStatus = regexp.MustCompile(`(?m)^X-Spam-Status: [^\n]*score=(-?[0-9.]+)[^\n]*tests=([^\n]*)`)

// All messages go through one process: it takes seconds to start.
func TestNoMessageLooksLikeSpam(t *testing.T) {
	t.Parallel()
	composer, err := mail.NewComposer(mail.Mailbox{Name: "Reports", Address: "sign-in@example.com"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]string) // by id of the message
	var mbox bytes.Buffer
	for _, lang := range catalogue.Languages() {
		for _, sample := range samplesOfKinds() {
			for route, received := range routes {
				if route == "relayed" && lang.Tag() != "en" { // what is added on the way has no language
					continue
				}
				sample.Letter.ID = mail.NewID()
				names[sample.Letter.ID] = lang.Tag() + "/" + sample.Name + "/" + route
				m, err := composer.Write(sample.Letter, lang)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&mbox, "From sign-in@example.com %s\n", time.Now().Format(time.ANSIC))
				fmt.Fprintf(&mbox, received, time.Now().Format(time.RFC1123Z))
				var raw strings.Builder
				if _, err := newEnvelope(m).WriteTo(&raw); err != nil {
					t.Fatal(err)
				}
				mbox.WriteString(strings.ReplaceAll(raw.String(), "\r\n", "\n") + "\n")
			}
		}
	}
	home := t.TempDir()
	file := filepath.Join(home, "messages")
	if err := os.WriteFile(file, mbox.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	check := exec.CommandContext(t.Context(), "spamassassin", "--test-mode", "--local", "--mbox", file)
	check.Env = append(os.Environ(), "HOME="+home)
	out, err := check.Output()
	if err != nil {
		t.Fatalf("asking spamassassin: %v", err)
	}
	id := regexp.MustCompile(`(?m)^Message-ID: <([^@]+)@`)
	var judged []string
	for message := range strings.SplitSeq(string(out), "\nFrom ") {
		header, _, _ := strings.Cut(message, "\n\n")
		header = regexp.MustCompile(`\n[\t ]+`).ReplaceAllString(header, " ")
		named, status := id.FindStringSubmatch(header), spamStatus.FindStringSubmatch(header)
		if named == nil || status == nil {
			t.Fatalf("spamassassin answers with\n%s", header)
		}
		name := names[named[1]]
		judged = append(judged, name)
		if score, err := strconv.ParseFloat(status[1], 64); err != nil || score > mostSpam {
			t.Errorf("%s has %s points, for %s", name, status[1], status[2])
		}
	}
	slices.Sort(judged)
	if judged = slices.Compact(judged); len(judged) != len(names) {
		t.Errorf("%d messages were judged, want %d", len(judged), len(names))
	}
}
