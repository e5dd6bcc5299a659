package acceptance

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// startPrometheus starts a prometheus that watches itself, and returns its address once it
// has an answer to a query.
func startPrometheus(t *testing.T) (address string) {
	t.Helper()
	address = "127.0.0.1:" + testkit.FreePort()
	p := runPrometheus(t, address, "scrape_configs:\n- job_name: self\n  scrape_interval: 1s\n  static_configs:\n  - targets: ['"+address+"']\n")
	if !testkit.HoldsWithin(patience, func() bool {
		// The first scrape has to be in, so that there is something to show.
		response, err := http.Get("http://" + address + "/api/v1/query?query=up")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return err == nil && strings.Contains(string(body), `"instance":"`+address+`"`)
	}) {
		t.Fatalf("prometheus has nothing to tell: %s", p.Output())
	}
	return address
}

// runPrometheus starts Debian's prometheus at an address, with a configuration.
func runPrometheus(t *testing.T, address, config string) *testkit.Program {
	t.Helper()
	program, err := exec.LookPath("prometheus")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	file := folder + "/prometheus.yml"
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := testkit.Run(exec.Command(program, "--config.file="+file, "--storage.tsdb.path="+folder+"/data", "--web.listen-address="+address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	await(t, "prometheus to answer", func() bool {
		response, err := http.Get("http://" + address + "/-/ready")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return p
}

const (
	// prometheusPage is a query in the interface that Debian's package has.
	prometheusPage = "/classic/graph?g0.expr=up%7Bjob%3D%22self%22%7D&g0.tab=1&g0.stacked=0&g0.range_input=1h&x=%2B%20%25"

	// prometheusFetch asks its API as a script of that page does.
	prometheusFetch = `(async () => {
		const answer = await fetch("/api/v1/query?query=up");
		return { status: answer.status, type: answer.headers.get("Content-Type"), body: await answer.text(), redirected: answer.redirected };
	})()`
)

// fetched is what a script of the page gets.
type fetched struct {
	Status     int
	Type, Body string
	Redirected bool
}

func TestPrometheusWorksBehindTheGateInABrowser(t *testing.T) {
	t.Parallel()
	prometheus := startPrometheus(t)
	g := start(t, setup{behind: "reverse_proxy " + prometheus, silent: true})
	person := newProfile(t)
	// Debian's copy of this library is a module, which the page loads as a plain
	// script, with or without a gate before it.
	const popper = "/classic/static/popper.js/"
	tab := person.newTab()
	tab.expect(waitingNoise)
	tab.expect(popper) // it goes on to the page, too
	tab.open(g.origin + prometheusPage)
	tab.awaitText("Type your email address")
	tab.typeInto("#email", "ada@example.com")
	tab.click("form button")
	tab.awaitText("Check your mail")
	m := g.mail.await("ada@example.com")
	opened := person.newTab()
	opened.expect(popper)
	opened.open(m.link)
	opened.awaitArrival(g.origin + prometheusPage)
	// The page asks for the result by XHR.
	opened.awaitText(`instance="` + prometheus + `"`)
	opened.picture("prometheus")
	if result, err := evaluate[fetched](opened, prometheusFetch); err != nil || result.Status != http.StatusOK || !strings.Contains(result.Body, `"success"`) {
		t.Errorf("a script of the page gets %+v (%v)", result, err)
	}
	tab.awaitArrival(g.origin + prometheusPage)

	// The session ends in the other tab.
	tab.open(g.origin + "/_doorpost/sign-out")
	tab.click("form button")
	tab.awaitText("You are signed out")
	opened.expect("status of 401")
	result, err := evaluate[fetched](opened, prometheusFetch)
	if err != nil {
		t.Fatal(err)
	}
	if result.Status != http.StatusUnauthorized || result.Type != "application/problem+json" || result.Redirected {
		t.Errorf("without session a script of the page gets %+v", result)
	}
	if said, err := jsonFields(result.Body); err != nil || said["sign_in_url"] != g.origin+"/_doorpost/sign-in" {
		t.Errorf("the script is told %v (%v)", said, err)
	}
	g.exportsWhatIsAskedFor(prometheus)
}

// exportsWhatIsAskedFor checks the expressions of the board and of the alerts: prometheus
// understands them, and the gate, which has sent a message, exports each metric in them.
func (g *stage) exportsWhatIsAskedFor(prometheus string) {
	g.t.Helper()
	exported := "\n" + fetch(g.t, "http://"+g.admin+"/metrics")
	metric := regexp.MustCompile(`doorpost_\w+`)
	written := strings.NewReplacer("$__rate_interval", "5m", "$instance", ".*")
	for file, pattern := range map[string]string{
		"grafana/doorpost.json":         `"expr": (".*")`,
		"prometheus/doorpost.rules.yml": `expr: (.*)`,
	} {
		content, err := os.ReadFile("../../ops/" + file)
		if err != nil {
			g.t.Fatal(err)
		}
		found := regexp.MustCompile(pattern).FindAllStringSubmatch(string(content), -1)
		if len(found) < 7 {
			g.t.Errorf("%s has only %d expressions", file, len(found))
		}
		for _, f := range found {
			expression := f[1]
			if unquoted, err := strconv.Unquote(expression); err == nil {
				expression = unquoted
			}
			if said := fetch(g.t, "http://"+prometheus+"/api/v1/query?query="+url.QueryEscape(written.Replace(expression))); !strings.Contains(said, `"status":"success"`) {
				g.t.Errorf("%s asks for %s, to which prometheus says %s", file, expression, said)
			}
			for _, name := range metric.FindAllString(expression, -1) {
				if !regexp.MustCompile(`\n` + name + `[{ ]`).MatchString(exported) {
					g.t.Errorf("%s asks for %s, which is not exported", file, name)
				}
			}
		}
	}
}

// fetch is the body of what is at a URL, whatever its status.
func fetch(t testing.TB, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestAlertsAreRaisedWhenTheyShould(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{{"check", "rules", "doorpost.rules.yml"}, {"test", "rules", "doorpost.test.yml"}} {
		promtool := exec.Command("promtool", arguments...)
		promtool.Dir = "../../ops/prometheus"
		if said, err := promtool.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v: %s", strings.Join(arguments, " "), err, said)
		}
	}
}
