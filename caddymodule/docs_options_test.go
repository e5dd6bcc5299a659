package caddymodule

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/store/redisstore"
)

const optionsFile = "../docs/options.md"

// documented is an option as docs/options.md has it.
type documented struct{ syntax, fallback, example string }

// readOptionDocs returns the options below a heading of docs/options.md, by
// their headings: "session idle".
func readOptionDocs(t *testing.T, heading string) map[string]documented {
	t.Helper()
	content, err := os.ReadFile(optionsFile)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(content), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("%s has no section %q", optionsFile, heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	options := make(map[string]documented)
	for _, part := range regexp.MustCompile(`(?m)^###+ `).Split(section, -1)[1:] {
		name, body, _ := strings.Cut(part, "\n")
		if name == "The matcher" {
			continue
		}
		if _, twice := options[name]; twice {
			t.Errorf("%s describes %s twice", optionsFile, name)
		}
		summary, _, _ := strings.Cut(strings.TrimSpace(body), "\n- Syntax: `")
		if summary == "" || strings.HasPrefix(summary, "- ") {
			t.Errorf("%s does not say what %s is for", optionsFile, name)
		}
		options[name] = documented{line(body, "Syntax"), line(body, "Default"), line(body, "Example")}
	}
	return options
}

// line is what stands behind a word of a list, the code alone if it is nothing else.
func line(body, word string) string {
	found := regexp.MustCompile("(?m)^- " + word + ": (.*)$").FindStringSubmatch(body)
	if found == nil {
		return ""
	}
	if code := strings.Trim(found[1], "`"); !strings.Contains(code, "`") {
		return code
	}
	return found[1]
}

// block is a block of options, as a test writes it around its lines.
type block struct {
	path string // of the option that opens it; empty for the outermost
	wrap func(lines string) string
}

// heads are the lines that open a block where that needs more than its name,
// and companions what has to be in a block, whatever else is.
var (
	heads = map[string]string{
		"mailer smtp": "mailer smtp localhost:25",
		"store redis": "store redis redis://localhost:6379",
	}
	companions = map[string]string{
		"mailer mailgun":    "domain mg.example.com\napi_key key",
		"mailer smtp":       "username sign-in@example.com\npassword secret",
		"mailer smtp oauth": "token_url https://login.example.com/token\nclient_id door\nclient_secret secret\nscope https://mail.example.com/",
	}
	// Companions that are not needed beside another option.
	replaced    = map[string]string{"password": "oauth"}
	globalBlock = block{"", func(lines string) string {
		needed := "from door@example.com\ngroup board\nsecret " + strings.Repeat("0123456789abcdef", 4)
		return "{\n doorpost {\n" + withCompanions(lines, needed) + "\n}\n}\n"
	}}
	siteBlock = block{"", func(lines string) string {
		groups := "{\n doorpost {\n group staff\n }\n}\n"
		return groups + "app.example.com {\n doorpost {\n" + withCompanions(lines, "allow *") + "\n}\n}\n"
	}}
)

// withCompanions adds those lines whose option is not there.
func withCompanions(lines, companions string) string {
	for companion := range strings.Lines(companions) {
		name, _, _ := strings.Cut(companion, " ")
		has := func(option string) bool { return regexp.MustCompile(`(?m)^` + option + `\b`).MatchString(lines) }
		if !has(name) && (replaced[name] == "" || !has(replaced[name])) {
			lines += "\n" + strings.TrimSpace(companion)
		}
	}
	return lines
}

// inner is the block that an option of b opens.
func (b block) inner(name string) block {
	path := strings.TrimSpace(b.path + " " + name)
	head := name
	if heads[path] != "" {
		head = heads[path]
	}
	return block{path, func(lines string) string {
		return b.wrap(head + " {\n" + withCompanions(lines, companions[path]) + "\n}")
	}}
}

// What the errors about a wrong word list: the options of a block; the modules
// that an option takes; the kinds of a limit.
var (
	optionsListed = regexp.MustCompile(`no option "nonsense"; its options are: ([a-z_, ]+), at Caddyfile`)
	modulesListed = regexp.MustCompile(`say which one; there are: ([a-z, ]+), at Caddyfile`)
	limitsListed  = regexp.MustCompile(`limit must be ((?:limit [a-z]+(?:, | or )?)+), with a number`)
)

// walkOptions collects the paths of all options of a block and of those within
// it, as the parser itself tells of them.
func walkOptions(t *testing.T, b block, found map[string]block) {
	t.Helper()
	_, err := adapt(b.wrap("nonsense"))
	if err == nil {
		t.Fatalf("nonsense in the block %q is accepted", b.path)
	}
	listed := optionsListed.FindStringSubmatch(err.Error())
	if listed == nil {
		return
	}
	for name := range strings.SplitSeq(listed[1], ", ") {
		inner := b.inner(name)
		found[inner.path] = b
		walkOptions(t, inner, found)
		_, err := adapt(b.wrap(name))
		if err == nil {
			continue
		}
		if modules := modulesListed.FindStringSubmatch(err.Error()); modules != nil {
			for module := range strings.SplitSeq(modules[1], ", ") {
				guest := b.inner(name + " " + module)
				found[guest.path] = b
				walkOptions(t, guest, found)
			}
		}
		if limits := limitsListed.FindStringSubmatch(err.Error()); limits != nil {
			for limit := range strings.SplitSeq(strings.Replace(limits[1], " or ", ", ", 1), ", ") {
				found[limit] = b
			}
		}
	}
}

func TestTheDocsDescribeEveryOptionAndNoOther(t *testing.T) {
	isolate(t)
	for heading, outermost := range map[string]block{"Global options": globalBlock, "Site options": siteBlock} {
		known := make(map[string]block)
		walkOptions(t, outermost, known)
		if len(known) < 11 {
			t.Fatalf("%s: only %d options are known: %v", heading, len(known), slices.Sorted(maps.Keys(known)))
		}
		described := readOptionDocs(t, heading)
		for path := range known {
			if _, ok := described[path]; !ok {
				t.Errorf("%s does not describe %s among the %s", optionsFile, path, heading)
			}
		}
		for path, docs := range described {
			around, ok := known[path]
			if !ok {
				t.Errorf("%s describes %s, which is no option", optionsFile, path)
				continue
			}
			checkOptionDocs(t, path, docs, around)
		}
	}
}

// checkOptionDocs holds the syntax and the example of an option to the parser.
func checkOptionDocs(t *testing.T, path string, docs documented, around block) {
	t.Helper()
	own := strings.TrimSpace(strings.TrimPrefix(path, around.path))
	if !strings.HasPrefix(docs.syntax, strings.Fields(own)[0]) && !strings.HasPrefix(docs.syntax, "`"+own) {
		t.Errorf("%s: the syntax of %s is %q", optionsFile, path, docs.syntax)
	}
	if docs.example == "" {
		// What opens a block, or has several forms, is shown by their own examples.
		if !strings.HasSuffix(docs.syntax, "{ … }") && !strings.Contains(docs.syntax, " or ") && path != "limit" {
			t.Errorf("%s has no example of %s", optionsFile, path)
		}
		return
	}
	if !strings.HasPrefix(docs.example, strings.Fields(own)[0]) {
		t.Errorf("%s: the example of %s is %q", optionsFile, path, docs.example)
	}
	if _, err := adapt(around.wrap(docs.example)); err != nil {
		t.Errorf("%s: the example of %s: %v", optionsFile, path, err)
	}
}

func TestTheDocsTellTheDefaultsOfTheCode(t *testing.T) {
	var sessions SessionConfig
	if err := sessions.complete(); err != nil {
		t.Fatal(err)
	}
	var limits LimitsConfig
	if err := limits.complete(); err != nil {
		t.Fatal(err)
	}
	limit := func(l *LimitConfig) string { return fmt.Sprintf("%d %s", l.Max, spell(time.Duration(l.Window))) }
	global, site := readOptionDocs(t, "Global options"), readOptionDocs(t, "Site options")
	for _, c := range []struct {
		docs     map[string]documented
		path     string
		fallback string
	}{
		{global, "link_ttl", spell(defaultLinkTTL)},
		{global, "mute", "24h"},
		{global, "notify_new_browser", "on"},
		{global, "session idle", spell(time.Duration(sessions.Idle))},
		{global, "session absolute", spell(time.Duration(sessions.Absolute))},
		{global, "session grace", spell(time.Duration(*sessions.Grace))},
		{global, "session cache", fmt.Sprint(sessions.Cache)},
		{global, "limit address", limit(limits.Address)},
		{global, "limit client", limit(limits.Client)},
		{global, "limit total", limit(limits.Total)},
		{global, "store redis prefix", redisstore.DefaultPrefix},
		{global, "store redis timeout", spell(redisstore.DefaultTimeout)},
		{site, "headers user", gate.DefaultHeaderNames.User},
		{site, "headers email", gate.DefaultHeaderNames.Email},
		{site, "headers groups", gate.DefaultHeaderNames.Groups},
		{site, "headers name", gate.DefaultHeaderNames.Name},
	} {
		if got := strings.TrimPrefix(c.docs[c.path].fallback, "`"); got != c.fallback && !strings.HasPrefix(got, c.fallback+"`") {
			t.Errorf("%s: the default of %s is %q, in the code it is %s", optionsFile, c.path, got, c.fallback)
		}
	}
	if defaultMute != 24*time.Hour {
		t.Errorf("the default of mute is %s in the code", defaultMute)
	}
}
