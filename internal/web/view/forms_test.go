package view_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// sent is what the forms of a page to action send, a line for each field and each button:
// name=value.
func sent(t *testing.T, page view.Page, action string) (lines []string) {
	t.Helper()
	for _, form := range elements(t, render(t, newViews(t, brand), page)) {
		if where, _ := attribute(form, "action"); form.Data != "form" || where != action {
			continue
		}
		for node := range form.Descendants() {
			name, ok := attribute(node, "name")
			if !ok || node.Type != html.ElementNode {
				continue
			}
			value, _ := attribute(node, "value")
			if node.Data == "textarea" {
				value = content(node)
			}
			lines = append(lines, name+"="+value)
		}
	}
	return lines
}

func TestEveryFieldForACodeTakesTheSentenceAroundIt(t *testing.T) {
	fields := 0
	for _, sample := range view.Samples() {
		for _, node := range elements(t, render(t, newViews(t, brand), sample.Page)) {
			if class, _ := attribute(node, "class"); class != "code" || node.Data != "input" {
				continue
			}
			fields++
			if most, _ := attribute(node, "maxlength"); most != "250" {
				t.Errorf("%s: %s letters of what is pasted are taken", sample.Name, most)
			}
		}
	}
	if fields == 0 {
		t.Error("no page has such a field")
	}
}

// Without letters, dir="auto" is from left to right whatever the language is.
func TestAFieldFollowsItsWordsOnceItHasSome(t *testing.T) {
	problem := view.Account{TokenSites: []view.SiteLink{{}}}
	typed := problem
	typed.NewToken.Typed = "مكتب"
	for name, c := range map[string]struct {
		page  view.Page
		field string
		want  bool
	}{
		"no words":           {view.RequestAccess{}, "words", false},
		"words":              {view.RequestAccess{Words: "please"}, "words", true},
		"no name of a token": {problem, "token-name", false},
		"a name of a token":  {typed, "token-name", true},
	} {
		found := false
		for _, node := range elements(t, render(t, newViews(t, brand), c.page)) {
			if id, _ := attribute(node, "id"); id != c.field {
				continue
			}
			found = true
			if _, auto := attribute(node, "dir"); auto != c.want {
				t.Errorf("%s: the field has a direction of its own: %t", name, auto)
			}
		}
		if !found {
			t.Errorf("%s: the page has no such field", name)
		}
	}
}

func TestFormsSendWhatTheirPagesAreAbout(t *testing.T) {
	const people, confirm = "/_doorpost/people", "/_doorpost/account/confirm"
	for name, c := range map[string]struct {
		page   view.Page
		action string
		want   []string
	}{
		"once more, or as another": {view.SignIn{SignedInAs: address, Again: true, To: "/x"}, "/_doorpost/sign-in", []string{"to=/x", "email=" + address, "to=/x", "email="}},
		"asking, signed in":        {view.NotAdmitted{To: "/a", MayAsk: true, Words: "please"}, "/_doorpost/ask", []string{"to=/a", "words=please"}},
		"nothing to ask":           {view.NotAdmitted{}, "/_doorpost/ask", nil},
		"asking":                   {view.RequestAccess{Words: "please"}, "/_doorpost/ask", []string{"token=", "words=please"}},
		"asking with fewer words":  {view.RequestAccess{Token: "t0ken", TooLong: true}, "/_doorpost/ask", []string{"token=t0ken", "words="}},
		"a way to a request":       {view.DecideAccess{}, "/_doorpost/decide", []string{"token="}},
		"a decision":               {view.DecideAccess{Token: "t0ken"}, "/_doorpost/decide", []string{"token=t0ken", "decision=day", "decision=hour", "decision=always", "decision=refuse"}},
		"another address":          {view.Account{}, "/_doorpost/account/address", []string{"email="}},
		"a recovery address":       {view.Account{}, "/_doorpost/account/recovery", []string{"email="}},
		"a name of a passkey": {view.Account{MayHavePasskeys: true, Passkeys: []view.Passkey{{ID: "p", Name: "Laptop"}}}, "/_doorpost/account/passkey",
			[]string{"id=p", "name=Laptop", "id=p", "remove=yes", "add=yes", "to=/_doorpost/account"}},
		"the first passkey":       {view.PasskeyNeeded{To: "/x"}, "/_doorpost/account/passkey", []string{"add=yes", "to=/x"}},
		"no recovery address":     {view.Account{Recovery: address}, "/_doorpost/account/recovery", []string{"remove=yes"}},
		"a new address once more": {view.Account{NewAddress: view.AddressField{Typed: "bob@x", Problem: view.AddressNoDot}}, "/_doorpost/account/address", []string{"email=bob@x"}},
		"a change with two codes": {view.ConfirmChange{Kind: account.Move, Email: address, New: "bob@example.com", Present: true}, confirm, []string{"code=", "new_code="}},
		"two codes once more":     {view.ConfirmChange{Kind: account.Move, Email: address, New: "bob@example.com", Present: true, Typed: "a", NewTyped: "b"}, confirm, []string{"code=a", "new_code=b"}},
		"a change with one code":  {view.ConfirmChange{Kind: account.Recovery, Email: address, New: "bob@example.com"}, confirm, []string{"new_code="}},
		"a change without a code": {view.ConfirmChange{Kind: account.Drop, Email: address}, confirm, nil},
		"leaving, with a code":    {view.ConfirmChange{Kind: account.Leave, Email: address, Present: true}, confirm, []string{"code="}},
		"leaving":                 {view.DeleteMe{}, "/_doorpost/account/delete", nil},
		"people": {
			view.People{Requests: []view.AccessRequest{{ID: "r1"}}, Search: "bob"}, people,
			[]string{"request=r1", "decision=day", "decision=hour", "decision=always", "decision=refuse", "search=bob"},
		},
		"a person": {
			view.Person{Email: address, Sessions: []view.AccountSession{{ID: "s1"}}}, people,
			[]string{"who=" + address, "session=s1", "action=end", "who=" + address, "action=end", "action=disable", "action=remove"},
		},
		"a disabled person":    {view.Person{Email: address, Disabled: true}, people, []string{"who=" + address, "action=enable", "action=remove"}},
		"a deed":               {view.ConfirmPerson{Email: address, Action: "remove"}, people, []string{"who=" + address, "action=remove", "confirm=yes"}},
		"a deed for a session": {view.ConfirmPerson{Email: address, Action: "end", Session: "s1"}, people, []string{"who=" + address, "action=end", "session=s1", "confirm=yes"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := sent(t, c.page, c.action); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// The answer that does the least harm stands out, and a slip of the finger between
// letting in and refusing is unlikely.
func TestOneDecisionIsFilledAndRefusingStandsApart(t *testing.T) {
	for name, page := range map[string]view.Page{
		"from a message": view.DecideAccess{Token: "t0ken"},
		"by an admin":    view.People{Requests: []view.AccessRequest{{ID: "r1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var order []string
			for _, node := range elements(t, render(t, newViews(t, brand), page)) {
				value, _ := attribute(node, "value")
				decision, _ := attribute(node, "name")
				class, _ := attribute(node, "class")
				if decision == "decision" {
					order = append(order, strings.TrimSpace(node.Data+" "+value+" "+class))
				}
			}
			if want := []string{"button day", "button hour second", "button always second", "button refuse second apart"}; !slices.Equal(order, want) {
				t.Errorf("got %q, want %q", order, want)
			}
		})
	}
}

func TestLinksBetweenPagesOfPeopleKeepWhatTheyCarry(t *testing.T) {
	hrefs := func(page view.Page) (list []string) {
		for _, node := range elements(t, render(t, newViews(t, brand), page)) {
			if href, ok := attribute(node, "href"); ok && strings.HasPrefix(href, "/_doorpost/people") {
				list = append(list, href)
			}
		}
		return list
	}
	const odd = "a+b&c=d#e@example.com"
	list := hrefs(view.People{People: []view.PeopleRow{{Email: odd}}, NextPage: "search=a%2Bb&after=c%40example.com"})
	if want := []string{"/_doorpost/people?who=a%2bb%26c%3dd%23e%40example.com", "/_doorpost/people?search=a%2Bb&after=c%40example.com"}; !slices.Equal(list, want) {
		t.Errorf("got %q, want %q", list, want)
	}
	if got, want := hrefs(view.ConfirmPerson{Email: odd, Action: "end"}), []string{"/_doorpost/people?who=a%2bb%26c%3dd%23e%40example.com"}; !slices.Equal(got, want) {
		t.Errorf("the way back is %q, want %q", got, want)
	}
}

func TestSupportIsOfferedOnceToPeopleWithoutAccess(t *testing.T) {
	page := render(t, newViews(t, brand), view.NotAdmitted{Frame: frame, Email: address})
	if n := strings.Count(page, "mailto:help@example.com"); n != 1 {
		t.Errorf("it is offered %d times", n)
	}
}
