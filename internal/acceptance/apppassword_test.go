package acceptance

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const tokenPath = "/_doorpost/account/token"

var ownToken = regexp.MustCompile(`dpat_[0-9A-Za-z]{39}`)

// presents is what a program with a token gets, from another instance each time where there
// are two.
func presents(d doorway, token string) answer {
	v := d.visitor()
	return v.do(v.request(http.MethodGet, "/", "", "Authorization", "Bearer "+token))
}

// makesToken makes an app password, with the code that is mailed for it.
func (v *visitor) makesToken(t *testing.T, d doorway, address, name string) (text string) {
	t.Helper()
	page := v.press(v.open("/_doorpost/account").is(t, http.StatusOK), tokenPath, "name", name, "site", v.origin, "days", "30").is(t, http.StatusOK)
	made := v.press(page, tokenPath, "code", awaitCode(t, d, address)).is(t, http.StatusOK).says(t, "it is shown only this once")
	awaitNotice(t, d, address, "has a new app password")
	if text = ownToken.FindString(made.body); text == "" {
		t.Fatalf("the page has no token: %s", made.text())
	}
	return text
}

// endsToken ends the first app password of the account.
func (v *visitor) endsToken(t *testing.T) {
	t.Helper()
	id := regexp.MustCompile(`name="end" value="([^"]+)"`).FindStringSubmatch(v.open("/_doorpost/account").body)
	if id == nil {
		t.Fatal("the account has no app password")
	}
	for _, now := range []string{"token_ended", "gone"} { // sent twice
		v.submit(tokenPath, "end", id[1]).leadsTo(t, "/_doorpost/account?changed="+now)
	}
	v.open("/_doorpost/account?changed=token_ended").says(t, "That app password does not work any more.")
}

func TestAnAppPasswordIsThePersonForAsLongAsTheyMayEnter(t *testing.T) {
	const rules = "allow ada@example.com bob@example.com\ntokens people"
	eachStore(t, setup{site: rules}, func(t *testing.T, d doorway) {
		ada, phone := enter(t, d, "ada@example.com"), enter(t, d, "ada@example.com")
		account := ada.open("/_doorpost/account").is(t, http.StatusOK).says(t, "App passwords")
		ada.press(account, tokenPath, "name", " ", "site", ada.origin, "days", "90").is(t, http.StatusUnprocessableEntity).says(t, "Give it a name")
		ada.press(account, tokenPath, "name", "x", "site", "https://elsewhere.example.com", "days", "90").is(t, http.StatusBadRequest)
		ada.press(account, tokenPath, "name", "x", "site", ada.origin, "days", "4000").is(t, http.StatusBadRequest)

		page := ada.press(account, tokenPath, "name", "calendar", "site", ada.origin, "days", "90").is(t, http.StatusOK)
		ada.press(page, tokenPath, "code", "AAAA-2222").is(t, http.StatusUnprocessableEntity)
		code := awaitCode(t, d, "ada@example.com")
		if stolen := phone.press(page, tokenPath, "code", code); ownToken.MatchString(stolen.body) {
			t.Error("the code of one session makes a token in another")
		}
		awaitCode(t, d, "ada@example.com") // which that session was sent
		made := ada.press(page, tokenPath, "code", code).is(t, http.StatusOK)
		awaitNotice(t, d, "ada@example.com", "has a new app password")
		first := ownToken.FindString(made.body)
		if again := ada.press(page, tokenPath, "code", code); ownToken.MatchString(again.body) {
			t.Error("one code makes two tokens")
		}
		awaitCode(t, d, "ada@example.com") // for the second

		for range 2 { // instances
			got := presents(d, first).echo(t)
			if user, left := got.values("Remote-User"), got.values("Authorization"); len(user) != 1 || user[0] != "ada@example.com" || len(left) > 0 {
				t.Errorf("the app is told %q, and has %q", user, left)
			}
		}
		v := d.visitor()
		v.do(v.request(http.MethodGet, "/_doorpost/account", "", "Authorization", "Bearer "+first)).is(t, http.StatusForbidden)
		if shown := ada.open("/_doorpost/account").says(t, "calendar"); strings.Contains(shown.body, first) {
			t.Error("the account shows the token again")
		}

		enter(t, d, "bob@example.com").submit(tokenPath, "end", first[5:16]).leadsTo(t, "/_doorpost/account?changed=gone")
		presents(d, first).echo(t) // it is not Bob's to end
		ada.submit("/_doorpost/sign-out", "scope", "all")
		presents(d, first).echo(t)
		ada = enter(t, d, "ada@example.com")
		ada.endsToken(t)
		for range 2 {
			presents(d, first).is(t, http.StatusUnauthorized)
		}

		second := ada.makesToken(t, d, "ada@example.com", "phone")
		presents(d, second).echo(t)
		d.reload("allow bob@example.com\ntokens people")
		for range 2 {
			presents(d, second).is(t, http.StatusForbidden)
		}
		d.reload("allow ada@example.com\ntokens")
		presents(d, second).is(t, http.StatusForbidden)
		d.reload(rules)
		presents(d, second).echo(t)
	})
}

// What a person has typed a code for is made with it or not at all: nothing is left that a
// script of the app could use, which can send every form in the session.
func TestACodeForAnAppPasswordMakesThatOneOrNone(t *testing.T) {
	t.Parallel()
	g := start(t, setup{site: "allow *@example.com\ntokens people"})
	ada := g.signedIn("ada@example.com")
	fields := []string{"name", "phone", "site", g.origin, "days", "30"}
	for range 20 {
		page := ada.submit(tokenPath, fields...).is(t, http.StatusOK)
		ada.press(page, tokenPath, "code", awaitCode(t, g, "ada@example.com")).is(t, http.StatusOK).says(t, "it is shown only this once")
		awaitNotice(t, g, "ada@example.com", "has a new app password")
	}
	page := ada.submit(tokenPath, fields...).is(t, http.StatusOK)
	code := awaitCode(t, g, "ada@example.com")
	ada.press(page, tokenPath, "code", code).is(t, http.StatusConflict).says(t, "as many app passwords as there can be")
	ada.endsToken(t)
	if got := ada.submit(tokenPath, fields...).is(t, http.StatusOK).says(t, "Before one is made, we sent a code"); ownToken.MatchString(got.body) {
		t.Error("a form without a code makes a token after one with a code")
	}
	awaitCode(t, g, "ada@example.com")
}

// Whoever is kept out or forgotten is so with all their programs.
func TestAnAppPasswordEndsWithThePerson(t *testing.T) {
	t.Parallel()
	for name, end := range map[string][]string{"disabled": {"users", "disable"}, "removed": {"users", "remove"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, setup{site: "allow *@example.com\ntokens people"})
			text := g.signedIn("ada@example.com").makesToken(t, g, "ada@example.com", "calendar")
			presents(g, text).echo(t)
			g.succeeds(append(end, "ada@example.com")...)
			told := func(e map[string]any) bool {
				return e["msg"] == "token ended" && e["name"] == "calendar" && e["token"] == text[5:16] && e["by"] == "admin API" && e["address"] == "a***@example.com"
			}
			await(t, "a line of the audit log about it", func() bool { return slices.ContainsFunc(g.auditLines(), told) })
			presents(g, text).is(t, http.StatusUnauthorized)
			if name == "disabled" {
				g.succeeds("users", "enable", "ada@example.com")
				presents(g, text).is(t, http.StatusUnauthorized)
			}
		})
	}
	t.Run("moved", func(t *testing.T) {
		t.Parallel()
		g := start(t, setup{site: "allow *@example.com\ntokens people"})
		text := g.signedIn("ada@example.com").makesToken(t, g, "ada@example.com", "calendar")
		presents(g, text).echo(t)
		g.succeeds("users", "move", "ada@example.com", "ada.new@example.com")
		if user := presents(g, text).echo(t).values("Remote-User"); len(user) != 1 || user[0] != "ada.new@example.com" {
			t.Errorf("after the move the app is told %q", user)
		}
	})
}

var serviceToken = regexp.MustCompile(`dpst_[0-9A-Za-z]{39}`)

// Admins make, replace and remove tokens of services, and end those of people, whose text
// they never learn.
func TestAdminsKeepTheTokensOfPrograms(t *testing.T) {
	t.Parallel()
	g := start(t, setup{global: "admins root@example.com", site: "allow *@example.com\ntokens people\npeople"})
	of := g.signedIn("ada@example.com").makesToken(t, g, "ada@example.com", "calendar")
	root := g.signedIn("root@example.com")
	page := root.open("/_doorpost/people").is(t, http.StatusOK).says(t, "Programs").says(t, "Make a password for a program")
	fields := []string{"name", "backup", "site", g.origin, "days", "30", "action", "add-token"}
	asked := root.submit("/_doorpost/people", fields...).is(t, http.StatusOK).says(t, "Is it really you?")
	made := root.press(asked, "/_doorpost/people", "code", awaitCode(t, g, "root@example.com")).is(t, http.StatusOK).says(t, "The password of the program")
	first := serviceToken.FindString(made.body)
	if user := presents(g, first).echo(t).values("Remote-User"); len(user) != 1 || user[0] != "service:backup" {
		t.Errorf("the app is told %q", user)
	}
	root.submit("/_doorpost/people", "name", "no good", "site", g.origin, "days", "30", "action", "add-token").is(t, http.StatusUnprocessableEntity).says(t, "Use only the letters")
	limits := []string{"name", "ci", "site", g.origin, "days", "30", "action", "add-token", "paths", "/api/* /health", "methods", "get, head", "networks", "127.0.0.1 ::1", "groups", "robots"}
	for i := 8; i < len(limits); i += 2 {
		wrong := slices.Clone(limits)
		wrong[i+1] = "no#t, /{good}"
		again := root.submit("/_doorpost/people", wrong...).is(t, http.StatusUnprocessableEntity).says(t, "One of these limits cannot be read.")
		if !strings.Contains(again.body, `value="no#t, /{good}"`) {
			t.Errorf("what was typed as %s is gone", wrong[i])
		}
	}
	limited := serviceToken.FindString(root.submit("/_doorpost/people", limits...).is(t, http.StatusOK).body)
	if got := g.curl().asks("Bearer", limited, http.MethodGet, "/api/x").echo(t).values("Remote-Groups"); len(got) != 1 || got[0] != "robots" {
		t.Errorf("the app is told of the groups %q", got)
	}
	g.curl().asks("Bearer", limited, http.MethodGet, "/other").is(t, http.StatusForbidden).says(t, "for other paths")
	g.curl().asks("Bearer", limited, http.MethodPost, "/health").is(t, http.StatusForbidden).says(t, "for other methods")
	root.submit("/_doorpost/people", "name", "x", "site", g.origin, "days", "3", "action", "add-token").is(t, http.StatusBadRequest)
	root.submit("/_doorpost/people", fields...).is(t, http.StatusConflict).says(t, "There is a program with that name already.")
	page = root.open("/_doorpost/people").says(t, "backup")
	if strings.Contains(page.body, first) || strings.Contains(page.body, "calendar") {
		t.Error("the page has the text of a token, or the token of a person")
	}
	asked = root.submit("/_doorpost/people", "token", first[5:16], "action", "replace-token").is(t, http.StatusOK).says(t, "Replace the password of backup?")
	second := serviceToken.FindString(root.press(asked, "/_doorpost/people").is(t, http.StatusOK).body)
	for _, text := range []string{first, second} { // for a day, both
		presents(g, text).echo(t)
	}
	asked = root.submit("/_doorpost/people", "token", first[5:16], "action", "remove-token").is(t, http.StatusOK).says(t, "Remove the password of backup?")
	root.press(asked, "/_doorpost/people").is(t, http.StatusOK).says(t, "The password of the program does not work any more.")
	for _, text := range []string{first, second} {
		presents(g, text).is(t, http.StatusUnauthorized)
	}

	person := root.open("/_doorpost/people?who=ada@example.com").is(t, http.StatusOK).says(t, "calendar")
	if strings.Contains(person.body, "replace-token") {
		t.Error("an admin is offered to replace the token of a person")
	}
	taken := root.submit("/_doorpost/people", "token", of[5:16], "action", "replace-token", "confirm", "yes")
	if ownToken.MatchString(taken.body) {
		t.Error("an admin learns a token of a person")
	}
	presents(g, of).echo(t)
	root.submit("/_doorpost/people", "token", of[5:16], "action", "remove-token", "confirm", "yes").is(t, http.StatusOK).says(t, "That app password does not work any more.")
	presents(g, of).is(t, http.StatusUnauthorized)

	of = g.signedIn("ada@example.com").makesToken(t, g, "ada@example.com", "calendar")
	g.signedIn("bob@example.com")
	last := ""
	for i := range 51 { // and ci
		fields[1] = fmt.Sprintf("job-%02d", i)
		last = serviceToken.FindString(root.submit("/_doorpost/people", fields...).is(t, http.StatusOK).body)
	}
	for search, c := range map[string]struct{ has, lacks []string }{
		"":                          {[]string{"ada@example.com", "<bdi>ci<", "job-48<", "program=job-48"}, []string{"job-49<", "job-50"}},
		"?program=job-48":           {[]string{"job-49<", "job-50<"}, []string{"job-48<", "ada@example.com", "program="}},
		"?search=JOB-1":             {[]string{"job-10<", "job-19<"}, []string{"job-20", "ada@example.com", "program="}},
		"?search=B-5":               {[]string{"job-50<"}, []string{"job-49", "program="}},
		"?search=" + last[5:16]:     {[]string{"job-50<"}, []string{"job-49", "ada@example.com"}},
		"?search=" + of[5:16]:       {[]string{"ada@example.com", "There is no such program."}, []string{"job-", "bob@example.com", "calendar"}},
		"?search=" + first[5:16]:    {[]string{"There is no such program."}, []string{"job-", "ada@example.com"}},
		"?after=a&search=b@example": {[]string{"bob@example.com"}, []string{"job-", "program"}},
	} {
		page := root.open("/_doorpost/people"+search).is(t, http.StatusOK)
		shown := page.body + page.text()
		for _, words := range c.has {
			if !strings.Contains(shown, words) {
				t.Errorf("%q does not have %s: %s", search, words, page.text())
			}
		}
		for _, words := range c.lacks {
			if strings.Contains(shown, words) {
				t.Errorf("%q has %s: %s", search, words, page.text())
			}
		}
	}
	g.signedIn("bob@example.com").submit("/_doorpost/people", fields...).is(t, http.StatusForbidden)
}
