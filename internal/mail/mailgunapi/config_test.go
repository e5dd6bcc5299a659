package mailgunapi

import (
	"strings"
	"testing"
)

func TestNewFindsTheAddressOfTheAPI(t *testing.T) {
	for _, tc := range []struct{ name, region, base, want string }{
		{"nothing said", "", "", "https://api.mailgun.net/v3"},
		{"United States", "us", "", "https://api.mailgun.net/v3"},
		{"Europe", "eu", "", "https://api.eu.mailgun.net/v3"},
		{"a base without a path", "", "https://mailgun.example.com", "https://mailgun.example.com/v3"},
		{"a base with a slash", "", "https://mailgun.example.com/", "https://mailgun.example.com/v3"},
		{"a base with a path", "", "https://proxy.example.com/mailgun/v3/", "https://proxy.example.com/mailgun/v3"},
		{"a base wins over a region", "eu", "http://localhost:8025", "http://localhost:8025/v3"},
		{"this machine by number", "", "http://127.0.0.1:8025/v4", "http://127.0.0.1:8025/v4"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := New(Config{Domain: "mg.example.com", APIKey: key, Region: tc.region, APIBase: tc.base})
			if err != nil {
				t.Fatal(err)
			}
			if got := c.mailgun.APIBase(); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestNewRefusesAConfigurationThatCannotWork(t *testing.T) {
	for _, tc := range []struct{ name, domain, apiKey, region, base, want string }{
		{"no domain", "", key, "", "", "not a domain name"},
		{"a domain with a path", "mg.example.com/../x", key, "", "", "not a domain name"},
		{"an address for a domain", "a@mg.example.com", key, "", "", "not a domain name"},
		{"no key", "mg.example.com", "", "", "", "api_key is empty"},
		{"a key with a line break", "mg.example.com", key + "\n", "", "", "line breaks"},
		{"an unknown region", "mg.example.com", key, "asia", "", "us or eu"},
		{"http to another machine", "mg.example.com", key, "", "http://mailgun.example.com", "use https"},
		{"http to a name that looks local", "mg.example.com", key, "", "http://localhost.example.com", "use https"},
		{"another scheme", "mg.example.com", key, "", "ftp://mailgun.example.com", "use https"},
		{"no host", "mg.example.com", key, "", "https:///v3", "not a plain URL"},
		{"no scheme", "mg.example.com", key, "", "mailgun.example.com", "not a plain URL"},
		{"credentials in it", "mg.example.com", key, "", "https://api:" + key + "@mailgun.example.com", "not a plain URL"},
		{"a query", "mg.example.com", key, "", "https://mailgun.example.com/v3?x=y", "not a plain URL"},
		{"a path without a version", "mg.example.com", key, "", "https://mailgun.example.com/api", "end it with /v3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := New(Config{Domain: tc.domain, APIKey: tc.apiKey, Region: tc.region, APIBase: tc.base})
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), key) {
				t.Errorf("got %q, want %q in it", err, tc.want)
			}
		})
	}
}
