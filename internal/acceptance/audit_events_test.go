package acceptance

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// auditLines are the lines of a gate's audit log, with all that they have.
func (g *stage) auditLines() (found []map[string]any) {
	for line := range strings.Lines(g.gate.Output()) {
		var e map[string]any
		if json.Unmarshal([]byte(line), &e) == nil && e["logger"] == "doorpost.audit" {
			found = append(found, e)
		}
	}
	return found
}

// auditEvents are the constants of package audit.
func auditEvents(t *testing.T) (events []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../audit/audit.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Event" {
			event, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, event)
		}
		return true
	})
	if len(events) < 20 {
		t.Fatalf("only %d events were found", len(events))
	}
	return events
}

// auditStage is a gate at which everything happens that the audit log has a line for.
type auditStage struct {
	*front
	t    *testing.T
	ada  *traveller
	link message // to her, not opened yet

	admin *visitor
	token string // of a program
}

func startAuditStage(t *testing.T) *auditStage {
	t.Helper()
	var s auditStage
	server := testkit.ServeMail(t, testkit.MailOptions{
		Take: func(l testkit.Letter) { s.mail.take(l) },
		Conduct: func(at testkit.MailStep, about string) string {
			if at == testkit.AtRecipient && strings.HasPrefix(about, "gone@") {
				return "550 5.1.1 no such mailbox here"
			}
			return ""
		},
	})
	s.t, s.front = t, prepareFront(t, 1, plan{setup: setup{mailer: smtpMailer(server.Address), global: "group staff"}})
	s.run()
	return &s
}

// asksOwners has somebody ask the owners of the club, one of whom decides.
func (s *auditStage) asksOwners(who, decision string) {
	s.t.Helper()
	v := s.traveller()
	v.asks(who, clubOrigin+"/")
	offer := s.mail.await(who)
	page := v.open(loginOrigin+"/_doorpost/ask").is(s.t, http.StatusOK)
	v.at(loginOrigin).press(page, "/_doorpost/ask", "token", offer.token, "words", "let me in").is(s.t, http.StatusOK)
	owner := s.traveller().at(loginOrigin)
	page = owner.submit("/_doorpost/decide", "token", s.mail.await("owner@example.com").token).is(s.t, http.StatusOK)
	owner.press(page, "/_doorpost/decide", "decision", decision).is(s.t, http.StatusOK)
}

// reloads loads a configuration with other lines.
func (s *auditStage) reloads(change func(*setup)) {
	s.t.Helper()
	next := s.stage.setup
	change(&next)
	s.stage.configure(next)
	s.succeeds("reload", "--config", s.caddyfile())
}

// takePortalAway loads a configuration without the portal, in which app has the page for
// admins, and an option more.
func (s *auditStage) takePortalAway(more string) {
	s.t.Helper()
	next := s.plan.setup
	next.site = "allow *@example.com\npeople\ntokens\n" + more
	s.configureSites(s.stage, next, "respond \"no portal\"")
	s.succeeds("reload", "--config", s.caddyfile())
}

// at is a browser at one site.
func (s *auditStage) at(origin string) *visitor { return visitorBehindTLS(s.t, origin, s.dial) }

// auditRow is something that happens, and what the log has of it.
type auditRow struct {
	event string
	with  string // the members of its line, beside those that every line has
	do    func() // nil: what the row before did is the cause of this line, too
}

// rows are all events in an order in which they can happen.
func (s *auditStage) rows() []auditRow {
	const ofRequest, ofPerson = " client request", " address subject"
	command := func(arguments ...string) func() { return func() { s.succeeds(arguments...) } }
	return []auditRow{
		{"asked", "site sent silent" + ofRequest + ofPerson, func() {
			s.ada = s.traveller()
			s.ada.asks("ada@example.com", appOrigin+"/")
			s.link = s.mail.await("ada@example.com")
		}},
		{"sent", "site message state mailer provider_id problem" + ofPerson, nil},
		{"opened", "site" + ofRequest + ofPerson, func() {
			s.traveller().at(loginOrigin).submit("/_doorpost/link", "token", s.link.token).is(s.t, http.StatusOK)
		}},
		{"refused", "site proof reason" + ofRequest, func() {
			s.ada.at(loginOrigin).submit("/_doorpost/code", "code", "AAAA-2222").is(s.t, http.StatusUnprocessableEntity)
		}},
		{"redeemed", "site proof new_person" + ofRequest + ofPerson, func() {
			_, last := s.ada.redeems(s.link)
			last.echo(s.t)
			s.ada.isKnown()
		}},
		{"entered", "site session" + ofRequest + ofPerson, nil},
		{"failed", "site message state mailer provider_id problem" + ofPerson, func() { s.traveller().asks("gone@example.com", appOrigin+"/") }},
		{"unblocked", "by" + ofRequest + ofPerson, command("outbox", "unblock", "gone@example.com")},
		{"stopped", "site message" + ofRequest, func() {
			s.traveller().asks("bob@example.com", appOrigin+"/")
			s.traveller().at(loginOrigin).submit("/_doorpost/stop", "token", s.mail.await("bob@example.com").token).is(s.t, http.StatusOK)
		}},
		{"access requested", "site request_id again" + ofRequest + ofPerson, func() { s.asksOwners("eve@elsewhere.example", "day") }},
		{"access granted", "site request_id until by" + ofRequest + ofPerson, nil},
		{"access refused", "site request_id by" + ofRequest + ofPerson, func() { s.asksOwners("mallory@elsewhere.example", "refuse") }},
		{"invited", "site groups silent by" + ofRequest + ofPerson, command("invite", "carl@example.com", "--site", clubOrigin)},
		{"added", "groups by" + ofRequest + ofPerson, command("users", "add", "dora@example.com")},
		{"changed", "groups by" + ofRequest + ofPerson, command("users", "add", "dora@example.com", "--group", "staff")},
		{"disabled", "by" + ofRequest + ofPerson, command("users", "disable", "dora@example.com")},
		{"enabled", "by" + ofRequest + ofPerson, command("users", "enable", "dora@example.com")},
		{"moved", "new by" + ofRequest + ofPerson, command("users", "move", "dora@example.com", "dora.new@example.com")},
		{"removed", "by" + ofRequest + ofPerson, command("users", "remove", "dora.new@example.com")},
		{"proposed", "site change new silent new_silent" + ofRequest + ofPerson, func() {
			s.ada.at(loginOrigin).addsRecovery(s.t, s.stage, "ada@example.com", "ada@private.example")
		}},
		{"recovery", "site change new" + ofRequest + ofPerson, nil},
		{"signed out", "site session all" + ofRequest + ofPerson, func() { s.ada.at(loginOrigin).submit("/_doorpost/sign-out").is(s.t, http.StatusSeeOther) }},
		{"proven", "site change by" + ofRequest + ofPerson, func() { // at a portal admins need no code: no app shares its origin
			s.takePortalAway("")
			admin := s.at(appOrigin)
			admin.ask("admin@example.com", "/")
			admin.redeem(s.mail.await("admin@example.com"), "/")
			mayAct(s.t, s.stage, admin)
			s.admin = admin
		}},
		{"passkey added", "site passkey" + ofRequest + ofPerson, func() { s.admin.makesPasskey(new(testkit.Authenticator)).is(s.t, http.StatusOK) }},
		{"refused", "site proof reason" + ofRequest + ofPerson, func() {
			s.takePortalAway("require passkey")
			s.admin.open("/_doorpost/people").is(s.t, http.StatusSeeOther)
		}},
		{"refused", "site change proof reason" + ofRequest + ofPerson, func() {
			s.admin.submit("/_doorpost/account/delete").is(s.t, http.StatusSeeOther)
			s.takePortalAway("")
		}},
		{"passkey renamed", "site passkey" + ofRequest + ofPerson, func() {
			s.admin.submit("/_doorpost/account/passkey", "id", s.admin.passkeyID(), "name", "Laptop").is(s.t, http.StatusSeeOther)
		}},
		{"passkey removed", "passkey by" + ofRequest + ofPerson, command("passkeys", "reset", "admin@example.com")},
		{"ended", "method by" + ofRequest + ofPerson, nil},
		{"ended", "all by" + ofRequest + ofPerson, command("sessions", "end", "admin@example.com")},
		{"token made", "token name by" + ofRequest, func() {
			s.token = strings.TrimSpace(s.succeeds("tokens", "create", "backup", "--site", appOrigin))
		}},
		{"token seen", "token name network" + ofRequest, func() { s.at(appOrigin).asks("Bearer", s.token, http.MethodGet, "/").echo(s.t) }},
		{"token rotated", "token name by" + ofRequest, func() { s.succeeds("tokens", "rotate", s.token[5:16], "--overlap", "0s") }},
		{"token refused", "site reason token" + ofRequest, func() {
			s.at(appOrigin).asks("Bearer", s.token, http.MethodGet, "/").is(s.t, http.StatusUnauthorized)
		}},
		{"token ended", "token name by" + ofRequest, func() { s.succeeds("tokens", "end", s.token[5:16]) }},
		{"key rotated", "", func() { s.reloads(func(next *setup) { next.global += "\nsecret " + newSecret() }) }},
		{"throttled", "site network wait" + ofRequest, func() {
			s.reloads(func(next *setup) { next.limits = "limit client 1 1h" })
			for range 2 {
				s.at(appOrigin).ask("ada@example.com", "/")
			}
		}},
	}
}

// Whatever package audit has a name for happens here, at one gate, and its line is read
// from the log: with an event that nothing provokes, or a line that lacks something,
// nobody can watch.
func TestEveryEventOfTheAuditLogIsProvoked(t *testing.T) {
	t.Parallel()
	s := startAuditStage(t)
	missing := auditEvents(t)
	var before int
	for _, row := range s.rows() {
		if row.do != nil {
			before = len(s.auditLines())
			row.do()
		}
		var line map[string]any
		await(t, "a line of the audit log that says "+row.event, func() bool {
			at := slices.IndexFunc(s.auditLines()[before:], func(e map[string]any) bool { return e["msg"] == row.event })
			if at >= 0 {
				line = s.auditLines()[before:][at]
			}
			return at >= 0
		})
		var has []string
		for member := range line {
			has = append(has, member)
		}
		want := append(strings.Fields(row.with), "level", "ts", "logger", "msg")
		slices.Sort(has)
		slices.Sort(want)
		if !slices.Equal(has, want) {
			t.Errorf("the line of %q has %q, want %q: %v", row.event, has, want, line)
		}
		missing = slices.DeleteFunc(missing, func(event string) bool { return event == row.event })
	}
	if len(missing) > 0 {
		t.Errorf("nothing here provokes %q: add a row", missing)
	}
}
