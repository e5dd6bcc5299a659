package caddymodule

import (
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

const mailgunSite = `{
	doorpost {
		SECRET
		store memory
		mailer mailgun {
			domain DOMAIN
			api_key key-test
			WEBHOOK
		}
		from "Example <sign-in@FROM>"
	}
}
https://app.example.com, https://www.example.com {
	doorpost {
		allow *
	}
}
`

// adviceOn is the findings on a configuration in which some words are replaced.
func adviceOn(t *testing.T, source string, replacements ...string) map[string]adminapi.Finding {
	t.Helper()
	isolate(t)
	replacements = append(replacements, "SECRET", "", "DOMAIN", "mg.example.com", "WEBHOOK", "", "FROM", "example.com")
	app := provisionedApp(t, strings.NewReplacer(replacements...).Replace(source))
	found := make(map[string]adminapi.Finding)
	for _, f := range app.advice() {
		found[f.Check] = f
	}
	return found
}

func TestTheSenderIsHeldAgainstTheSendingDomain(t *testing.T) {
	for _, c := range []struct {
		domain, from string
		want         adminapi.Result
	}{
		{"mg.example.com", "mg.example.com", adminapi.Fine},
		{"mg.example.com", "example.com", adminapi.Fine},
		{"example.com", "news.example.com", adminapi.Fine},
		{"mg.example.com", "news.example.com", adminapi.Fine}, // of one organization: relaxed alignment
		{"MG.Example.com", "EXAMPLE.com", adminapi.Fine},
		{"mg.example.com", "example.org", adminapi.Warning},
		{"mg.example.co.uk", "other.co.uk", adminapi.Warning},
		{"example.com", "notexample.com", adminapi.Warning},
		{"com.example.org", "example.com", adminapi.Warning},
	} {
		got := adviceOn(t, mailgunSite, "DOMAIN", c.domain, "FROM", c.from)["from"]
		if got.Result != c.want || (got.Advice == "") != (c.want == adminapi.Fine) {
			t.Errorf("mail from %s through %s is %+v, want %s", c.from, c.domain, got, c.want)
		}
	}
}

func TestAMissingWebhookKeyIsToldWithTheHookOfEachSite(t *testing.T) {
	got := adviceOn(t, mailgunSite)["webhook"]
	if got.Result != adminapi.Warning {
		t.Errorf("without a key the finding is %+v", got)
	}
	for _, hook := range []string{"https://app.example.com/_doorpost/hooks/mailgun", "https://www.example.com/_doorpost/hooks/mailgun"} {
		if !strings.Contains(got.Advice, hook) {
			t.Errorf("the advice does not name %s: %s", hook, got.Advice)
		}
	}
	got = adviceOn(t, mailgunSite, "https://app.example.com, https://www.example.com", "*.example.com", "allow *", "allow *\nurl https://*.example.com")["webhook"]
	if strings.Contains(got.Advice, "*.example.com/") || !strings.Contains(got.Advice, "to /_doorpost/hooks/mailgun at one host of https://*.example.com") {
		t.Errorf("the advice at a wildcard site is no address, nor what to do: %s", got.Advice)
	}
	if got := adviceOn(t, mailgunSite, "WEBHOOK", "webhook_key some-signing-key")["webhook"]; got.Result != adminapi.Fine {
		t.Errorf("with a key the finding is %+v", got)
	}
}

func TestAdviceSpeaksOfThePortalWhereThereIsOne(t *testing.T) {
	const login = "https://login.example.com"
	behind := mailgunSite + login + " {\n\tdoorpost_portal\n}\n"
	found := adviceOn(t, behind, "SECRET", "portal "+login)
	site := found["site"]
	if site.Result != adminapi.Fine || site.Found != "links lead to "+login+", the portal of https://app.example.com, https://www.example.com" {
		t.Errorf("where links lead is %+v", site)
	}
	if hook := found["webhook"]; !strings.Contains(hook.Advice, login+"/_doorpost/hooks/mailgun") || strings.Contains(hook.Advice, "https://app.example.com") {
		t.Errorf("the webhook is %+v", hook)
	}
	for logo, want := range map[string]bool{"/logo.svg": true, "https://www.example.com/logo.svg": false} {
		found := adviceOn(t, behind, "SECRET", "portal "+login+"\n brand {\n logo "+logo+"\n }\n")
		if got, told := found["brand logo"]; told != want || told && (got.Result != adminapi.Warning || !strings.Contains(got.Found, logo)) {
			t.Errorf("with logo %s the finding is %+v", logo, got)
		}
	}
	if got, told := adviceOn(t, mailgunSite, "SECRET", "brand {\n logo /logo.svg\n }\n")["brand logo"]; told {
		t.Errorf("without a portal the finding is %+v", got)
	}
	got := adviceOn(t, "{\n doorpost {\n store memory\n mailer console\n portal http://login.localhost:8080\n }\n}\n"+
		"http://login.localhost:8080 {\n doorpost_portal\n}\nhttp://localhost:8080 {\n doorpost {\n allow *\n }\n}\n")["site"]
	if got.Result != adminapi.Warning || !strings.Contains(got.Found, "links lead to http://login.localhost:8080, which works only") || !strings.Contains(got.Advice, "the portal and the sites") {
		t.Errorf("a portal on loopback is %+v", got)
	}
}

func TestAdviceTellsWhereTheSecretComesFromAndWhereLinksLead(t *testing.T) {
	found := adviceOn(t, mailgunSite)
	if got := found["secret"]; got.Result != adminapi.Fine || !strings.Contains(got.Found, "generated") {
		t.Errorf("a generated secret is %+v", got)
	}
	if got := found["site"]; got.Result != adminapi.Fine || !strings.Contains(got.Found, "https://") {
		t.Errorf("https sites are %+v", got)
	}
	one, other := strings.Repeat("0123456789abcdef", 4), strings.Repeat("fedcba9876543210", 4)
	if got := adviceOn(t, mailgunSite, "SECRET", "secret "+one)["secret"]; got.Result != adminapi.Fine || !strings.Contains(got.Found, "configured") {
		t.Errorf("a given secret is %+v", got)
	}
	got := adviceOn(t, mailgunSite, "SECRET", "secret "+one+" "+other)["secret"]
	if got.Result != adminapi.Fine || !strings.Contains(got.Found, "2 are configured") || strings.Contains(got.Found, one[:8]) {
		t.Errorf("two secrets are %+v", got)
	}
	got = adviceOn(t, "{\n doorpost {\n store memory\n mailer console\n }\n}\nhttp://localhost:8080 {\n doorpost {\n allow *\n }\n}\n")["site"]
	if got.Result != adminapi.Warning || !strings.Contains(got.Found, "http://localhost:8080") {
		t.Errorf("a site on loopback is %+v", got)
	}
}
