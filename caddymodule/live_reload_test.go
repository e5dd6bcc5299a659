package caddymodule

import (
	"strings"
	"testing"
	"time"
)

func TestAReloadCutsWhatLastsOfThoseWhomTheNewRulesDoNotAdmitOnly(t *testing.T) {
	app := newLastingApp(t)
	admins := func(allow string) string { return "doorpost /x/admin/* {\n allow " + allow + "\n}\n" }
	g := newGateway(t, manyRequests, admins("alice@example.com bob@example.com")+lastingSite(app, "*@example.com", ""))
	alice, bob := g.newPerson(g.origin(), "alice@example.com", "h1"), g.newPerson(g.origin(), "bob@example.com", "h1")
	var hers, his []*lastingAnswer
	for _, kind := range lasting {
		hers, his = append(hers, alice.begin(app, "/x/"+kind)), append(his, bob.begin(app, "/x/"+kind))
	}
	reload := func(site string) time.Time {
		t.Helper()
		g.site = site
		g.load()
		return time.Now()
	}
	// A block becomes narrower: of bob's, it ends what it had let pass.
	above := bob.begin(app, "/x/admin/silent")
	expectCut(t, app, reload(admins("alice@example.com")+lastingSite(app, "*@example.com", "")), above)
	for _, a := range append(his, hers...) {
		a.moves()
	}
	expectCut(t, app, reload(admins("alice@example.com")+lastingSite(app, "alice@example.com", "")), his...)
	for _, a := range hers {
		a.moves()
	}
	// A reload that fails changes nothing.
	g.site = lastingSite(app, "bob@example.com", "") + "}\nhttp://localhost:8099 {\n bind 203.0.113.1\n" + lastingSite(app, "bob@example.com", "")
	if err := g.tryLoad(); err == nil {
		t.Fatal("the configuration was loaded")
	}
	for _, a := range hers {
		a.moves()
	}
	close(app.finish)
	download := hers[len(hers)-1]
	<-download.over
	if download.err != nil || string(download.last[:]) != "the end" {
		t.Errorf("alice's download ended with %q, %v", download.last, download.err)
	}
	// Without the site, nobody is admitted to it.
	expectCut(t, app, reload("respond gone\n"), hers[:len(hers)-1]...)
}

func TestASecretThatIsDroppedCutsWhatItsCookiesBegan(t *testing.T) {
	const old, fresh = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
	app := newLastingApp(t)
	g := newGateway(t, strings.Replace(manyRequests, "doorpost {\n", "doorpost {\n secret "+old+"\n", 1), lastingSite(app, "*", ""))
	hers := g.newPerson(g.origin(), "alice@example.com", "h1").begin(app, "/x/silent")
	his := g.newPerson(g.origin(), "bob@example.com", "h1").begin(app, "/x/silent")
	reload := func(secrets, allow string) time.Time {
		t.Helper()
		g.options = strings.Replace(manyRequests, "doorpost {\n", "doorpost {\n secret "+secrets+"\n", 1)
		g.site = lastingSite(app, allow, "")
		g.load()
		return time.Now()
	}
	expectCut(t, app, reload(fresh+" "+old, "alice@example.com"), his)
	hers.moves()
	expectCut(t, app, reload(fresh, "alice@example.com"), hers)
}
