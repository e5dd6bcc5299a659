package gate

import (
	"net/http"
	"net/url"
	"testing"
)

func TestTheScopeOfAServiceWorkerHoldsOurPages(t *testing.T) {
	for name, c := range map[string]struct {
		script, allowed, scope string
		holds                  bool
	}{
		"at the top":               {"/sw.js?v=1", "", "/", true},
		"below":                    {"/app/sw.js", "", "/app/", false},
		"below, let out":           {"/app/sw.js", "/", "/", true},
		"below, let up":            {"/app/sw.js", "../", "/", true},
		"below, let half":          {"/app/x/sw.js", "..", "/app/", false},
		"at the top, held back":    {"/sw.js", "/app/", "/app/", false},
		"a prefix of our name":     {"/app/sw.js", "/_door", "/_door", true},
		"one page of ours":         {"/app/sw.js", "/_doorpost/link", "/_doorpost/link", true},
		"beside ours":              {"/app/sw.js", "/_doorposts/", "/_doorposts/", false},
		"as a whole URL":           {"/app/sw.js", "https://app.example.com/", "/", true},
		"of another origin":        {"/app/sw.js", "https://evil.example/", "", false},
		"nothing that could be it": {"/app/sw.js", "http://[", "", false},
	} {
		script, err := url.Parse(c.script)
		if err != nil {
			t.Fatal(err)
		}
		answer := make(http.Header)
		if c.allowed != "" {
			answer.Set("Service-Worker-Allowed", c.allowed)
		}
		if scope, holds := WorkerScope(script, "app.example.com", answer); scope != c.scope || holds != c.holds {
			t.Errorf("%s: %q, %v", name, scope, holds)
		}
	}
}
