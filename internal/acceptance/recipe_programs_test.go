package acceptance

import (
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

const programsPage = "git-calendars-monitors.md"

// partOfRecipe is what stands in blocks of a kind in a section of the page.
func partOfRecipe(t *testing.T, section, kind string) (blocks []string) {
	t.Helper()
	_, rest, found := strings.Cut(recipePage(t, programsPage), "## "+section+"\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	for _, block := range regexp.MustCompile("(?ms)^```"+kind+"\n(.*?)^```$").FindAllStringSubmatch(rest, -1) {
		blocks = append(blocks, block[1])
	}
	if !found || len(blocks) == 0 {
		t.Fatalf("the page has no block of %s under %s", kind, section)
	}
	return blocks
}

// machine is one on which programs run that are told of the gate as a page says.
type machine struct {
	t    *testing.T
	home string
	env  []string
}

// machine makes one that comes to the gate by the names of the page, and knows its authority.
func (r *recipe) machine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, home: t.TempDir()}
	root := r.home.path("data/caddy/pki/authorities/local/root.crt")
	m.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + m.home, "https_proxy=http://" + r.proxy, "CURL_CA_BUNDLE=" + root, "GIT_SSL_CAINFO=" + root,
		"GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}
	return m
}

// runs runs what a page says, in a shell, with a token in the place of that of the page.
func (m *machine) runs(script, token string) (out string, ok bool) {
	m.t.Helper()
	shell := exec.Command("sh", "-eu")
	shell.Dir, shell.Env, shell.Stdin = m.home, m.env, strings.NewReader(strings.ReplaceAll(script, "dpst_…", token))
	said, err := shell.CombinedOutput()
	return string(said), err == nil
}

// startGit starts a server of git, which knows who pushes by a header alone.
func startGit(t *testing.T) (address string) {
	t.Helper()
	folder := t.TempDir()
	repository := filepath.Join(folder, "notes.git")
	for _, arguments := range [][]string{{"init", "--quiet", "--bare", repository}, {"-C", repository, "config", "http.receivepack", "true"}} {
		if said, err := exec.Command("git", arguments...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", arguments, err, said)
		}
	}
	programs, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(programs)), "git-http-backend"), Env: []string{"GIT_PROJECT_ROOT=" + folder, "GIT_HTTP_EXPORT_ALL=1"},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Remote-User") != "service:laptop" || r.Header.Get("Authorization") != "" {
			http.Error(w, "this app knows laptop alone", http.StatusTeapot)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestRecipeForGitClonesAndPushesWithAToken(t *testing.T) {
	t.Parallel()
	g := startRecipe(t, programsPage, "", "localhost:3000", startGit(t))
	g.at(recipeSite)
	laptop, narrow := g.makesAt(t, "laptop"), g.makesAt(t, "narrow", "--path", "/other/*")
	netrc, environment := partOfRecipe(t, "Git", "sh")[0], partOfRecipe(t, "Git", "sh")[1]
	m := g.machine(t)
	for token, words := range map[string]string{narrow.Token: "error: 403", laptop.Token[:20]: "could not read Username"} {
		if said, ok := g.machine(t).runs(netrc, token); ok || !strings.Contains(said, words) {
			t.Errorf("git with a token that is not good says %s; want %q", said, words)
		}
	}
	if said, ok := m.runs(netrc, laptop.Token); !ok {
		t.Fatalf("git says %s", said)
	}
	said, ok := m.runs("rm ~/.netrc\n"+environment+"cat job/note\n", laptop.Token)
	if !ok || !strings.HasSuffix(said, "hello\n") {
		t.Fatalf("what was pushed is cloned as %s", said)
	}
	g.succeeds("tokens", "end", laptop.ID)
	if said, ok := m.runs("rm -r job\n"+environment, laptop.Token); ok || !strings.Contains(said, "could not read Username") {
		t.Errorf("with a token that was ended git says %s", said)
	}
}

// makesAt makes a token for the site of the page.
func (r *recipe) makesAt(t *testing.T, name string, limits ...string) (made service) {
	t.Helper()
	r.prints(&made, append([]string{"tokens", "create", name, "--site", recipeSite}, limits...)...)
	r.learn(made.Token)
	return made
}

func TestRecipeForScriptsAndHooks(t *testing.T) {
	t.Parallel()
	app := startUpstream(t)
	g := startRecipe(t, programsPage, "", "localhost:3000", app.address)
	v := g.at(recipeSite)
	script := g.makesAt(t, "script")
	_, orders, _ := strings.Cut(recipePage(t, programsPage), "```sh\ndoorpost ")
	orders, _, _ = strings.Cut(orders, "\n```")
	for order := range strings.SplitSeq(orders, "\ndoorpost ") {
		g.learn(strings.TrimSpace(g.succeeds(strings.Fields(order)...)))
	}
	said, ok := g.machine(t).runs(partOfRecipe(t, "Scripts", "sh")[0], script.Token)
	if !ok || !strings.Contains(said, "GET /api/things HTTP/1.1") {
		t.Fatalf("curl says %s", said)
	}
	app.latest().isService(t, "script", script.Token)

	// A sender of hooks can only be given a URL.
	v.agent = "GitHub-Hookshot/044aadd"
	hook := func(path string) answer {
		return v.do(v.request(http.MethodPost, path, `{"zen":""}`, "Accept", "*/*", "X-Hub-Signature-256", "sha256=00", "Content-Type", "application/json"))
	}
	if got := hook("/hooks/push").echo(t).values("X-Hub-Signature-256"); len(got) != 1 {
		t.Errorf("the app is sent the signatures %q", got)
	}
	hook("/hooks/push?token="+script.Token).isRefusedProgram(t, http.StatusBadRequest, "", "the URL has a token")
	hook("/hooks/push/x").isProblem(t, http.StatusUnauthorized)
	hook("/hooks").isProblem(t, http.StatusUnauthorized)
}

func TestRecipeForCalendarsKeepsThemWithAToken(t *testing.T) {
	t.Parallel()
	app := testkit.StartRadicale(t, "http_x_remote_user")
	g := startCaddyfileOf(t, programsPage, 1, "", "localhost:5232", app.Address)
	g.at(recipeSite)
	phone, other := g.makesAt(t, "phone"), g.makesAt(t, "other")
	scripts := partOfRecipe(t, "Calendars and contacts", "sh")
	m := g.machine(t)
	if said, ok := m.runs(scripts[0], phone.Token); !ok || !strings.Contains(said, "<href>/service%3Aphone/work/tea.ics</href>") {
		t.Errorf("the calendar is listed as %s", said)
	}
	const report = `curl --fail --silent --user any:dpst_… --request REPORT --header 'Depth: 1' --data '<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><c:calendar-data/></d:prop>` +
		`<c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>' https://app.example.com/service:phone/work/`
	if said, ok := m.runs(report, phone.Token); !ok || !strings.Contains(said, "SUMMARY:Tea") {
		t.Errorf("the calendar says %s", said)
	}
	// Of another it is not to be had, nor without a token.
	for _, token := range []string{other.Token, "dpst_x", "secret"} {
		if said, ok := m.runs(report, token); ok {
			t.Errorf("with another token the calendar says %s", said)
		}
	}
}

// A calendar that has passwords of its own, in Authorization, beside the token of the gate.
func TestRecipeForCalendarsLeavesThePasswordOfTheApp(t *testing.T) {
	t.Parallel()
	app := testkit.StartRadicale(t, "htpasswd")
	g := startCaddyfileOf(t, programsPage, 0, "", "localhost:3000", app.Address)
	g.at(recipeSite)
	phone := g.makesAt(t, "phone")
	script := partOfRecipe(t, "Calendars and contacts", "sh")[1]
	m := g.machine(t)
	if said, ok := m.runs(script, phone.Token); !ok || !strings.Contains(said, "<href>/ada/</href>") {
		t.Errorf("the app of ada says %s", said)
	}
	for _, wrong := range []string{strings.Replace(script, "ada:secret", "ada:wrong", 1), strings.Replace(script, "dpst_…", "dpst_x", 1)} {
		if said, ok := m.runs(wrong, phone.Token); ok {
			t.Errorf("with a wrong password the app says %s", said)
		}
	}
}

func TestRecipeForPrometheusScrapesWithAToken(t *testing.T) {
	t.Parallel()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			http.Error(w, "the app got the token", http.StatusTeapot)
			return
		}
		_, _ = w.Write([]byte("scraped_by{who=\"" + r.Header.Get("Remote-User") + "\"} 1\n"))
	}))
	t.Cleanup(app.Close)
	g := startRecipe(t, programsPage, "", "localhost:3000", app.Listener.Addr().String())
	g.at(recipeSite)
	monitor := g.makesAt(t, "monitor", "--path", "/metrics", "--method", "GET")
	file := g.home.path("app.token")
	if err := os.WriteFile(file, []byte(monitor.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := partOfRecipe(t, "Prometheus", "yaml")[0]
	for old, new := range map[string]string{
		"/etc/prometheus/app.token": file,
		"  scheme: https\n":         "  scheme: https\n  scrape_interval: 1s\n  proxy_url: http://" + g.proxy + "\n  tls_config:\n    ca_file: " + g.home.path("data/caddy/pki/authorities/local/root.crt") + "\n",
	} {
		if !strings.Contains(config, old) {
			t.Fatalf("the page does not have %s", old)
		}
		config = strings.ReplaceAll(config, old, new)
	}
	prometheus := "127.0.0.1:" + testkit.FreePort()
	runPrometheus(t, prometheus, config)
	up := func(value string) func() bool {
		return func() bool {
			return strings.Contains(fetch(t, "http://"+prometheus+"/api/v1/query?query=up"), `"`+value+`"]`)
		}
	}
	await(t, "a scrape", up("1"))
	if said := fetch(t, "http://"+prometheus+"/api/v1/query?query=scraped_by"); !strings.Contains(said, `"who":"service:monitor"`) {
		t.Errorf("scraped is %s", said)
	}
	g.succeeds("tokens", "end", monitor.ID)
	await(t, "a scrape that is refused", up("0"))
}
