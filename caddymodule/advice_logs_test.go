package caddymodule

import (
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

func TestALogThatShowsTokensIsWarnedOf(t *testing.T) {
	isolate(t)
	const field = "request>headers>Doorpost-Token"
	format := func(filters string) string { return "format filter {\n" + filters + "\n}" }
	hidden := "log {\n" + format(field+" delete") + "\n}\n"
	more := hidden + "log more {\ninclude http.log.access.more\n}\n"
	for what, c := range map[string]struct {
		options, site string // global options, lines of the site
		shown         string // the loggers that the warning names; empty: none is warned of
	}{
		"nothing is said of logs":                 {"", "", "http.log.error"},
		"an access log":                           {"", "log", "http.log.access, http.log.error"},
		"the default log hides them":              {hidden, "", ""},
		"and that is the access log":              {hidden, "log", ""},
		"by a hash":                               {"log {\n" + format(field+" hash") + "\n}\n", "log", ""},
		"by words":                                {"log {\n" + format(field+" replace x") + "\n}\n", "log", ""},
		"with all headers":                        {"log {\n" + format("request>headers delete") + "\n}\n", "log", ""},
		"with all of the request":                 {"log {\n" + format("request delete") + "\n}\n", "log", ""},
		"wrapped":                                 {"log {\nformat append {\nwrap filter {\n" + field + " delete\n}\nx y\n}\n}\n", "log", ""},
		"wrapping":                                {"log {\n" + format("wrap console\n"+field+" delete") + "\n}\n", "log", ""},
		"it hides another header":                 {"log {\n" + format("request>headers>Doorpost delete") + "\n}\n", "log", "http.log.access, http.log.error"},
		"in small letters":                        {"log {\n" + format(strings.ToLower(field)+" delete") + "\n}\n", "log", "http.log.access, http.log.error"},
		"it writes nothing":                       {"log {\noutput discard\n}\n", "log", ""},
		"the access log has a filter alone":       {"", "log {\n" + format(field+" delete") + "\n}", "http.log.error.log0"},
		"the access log has none alone":           {hidden, "log {\nformat json\n}", "http.log.access.log0"},
		"both have one":                           {hidden, "log {\n" + format(field+" delete") + "\n}", ""},
		"the access log of another site has none": {hidden, "log {\n" + format(field+" delete") + "\n}\n}\nother.example.com {\nlog {\nformat json\n}", ""},
		"another log has all":                     {hidden + "log more {\nformat json\n}\n", "", "http.log.error"},
		"the log of a wildcard has it, too":       {hidden, "}\n*.example.com {\nlog {\nformat json\n}\nrespond ok", "http.log.access.log0"},
		"log_name leads to another":               {more, "log\nlog_name more", "http.log.access.more"},
		"log_name leads to another, for some":     {more, "log\nhandle /x/* {\nlog_name \"\" more\n}", "http.log.access.more"},
		"log_name in a named route":               {more + "}\n&(named) {\nlog_name more\n", "log\ninvoke named", "http.log.access.more"},
		"log_name at another site":                {more, "log\n}\nother.example.com {\nlog\nlog_name more", ""},
		"another log has what is not of requests": {hidden + "log more {\nexclude http.log\n}\n", "log", ""},
	} {
		for _, tokens := range []string{"", "tokens", "tokens people"} {
			app := provisionedApp(t, "{\n"+c.options+"}\napp.example.com {\ndoorpost {\nallow *\n"+tokens+"\n}\n"+c.site+"\n}\n")
			found := ""
			for _, f := range app.advice() {
				if _, loggers, of := strings.Cut(f.Found, "shows the tokens that programs send in the header Doorpost-Token ("); of {
					found = strings.TrimSuffix(loggers, ")")
					if f.Check != "site https://app.example.com" || !strings.Contains(f.Where, "Caddyfile:") || !strings.Contains(f.Advice, "format filter { "+field+" delete }") {
						t.Errorf("%s: the warning is %+v", what, f)
					}
				}
			}
			want := c.shown
			if tokens == "" {
				want = ""
			}
			if found != want {
				t.Errorf("%s: with %q warned of is %q, want %q", what, tokens, found, want)
			}
		}
	}
}

// reverse_proxy logs what it sent to the app where an answer breaks off.
func TestALogThatShowsAssertionsIsWarnedOf(t *testing.T) {
	isolate(t)
	for options, shown := range map[string]bool{
		"": true,
		"log {\nformat filter {\nrequest>headers>NAME delete\n}\n}\n":           false,
		"log {\nformat filter {\nrequest>headers>Doorpost-Token delete\n}\n}\n": true,
		"log {\nexclude http.handlers\n}\n":                                     false,
	} {
		for option, name := range map[string]string{"": "", "assertion": "Doorpost-Assertion", "assertion X-Word": "X-Word"} {
			app := provisionedApp(t, "{\n"+strings.ReplaceAll(options, "NAME", name)+"}\napp.example.com {\ndoorpost {\nallow *\n"+option+"\n}\n}\n")
			warned := slices.ContainsFunc(app.advice(), func(f adminapi.Finding) bool {
				return strings.HasPrefix(f.Found, "the log of Caddy shows assertions, ") && strings.HasSuffix(f.Found, "(http.handlers.reverse_proxy)") && strings.Contains(f.Advice, "request>headers>"+name+" delete")
			})
			if want := shown && option != ""; warned != want && !(name == "" && strings.Contains(options, "NAME")) {
				t.Errorf("%s%s: warned of: %v, want %v", options, option, warned, want)
			}
		}
	}
}
