package view_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

var voidElements = []string{"meta", "link", "input", "br", "hr", "img", "wbr"}

func TestEveryTagThatIsOpenedIsClosedInOrder(t *testing.T) {
	eachPage(t, func(t *testing.T, page string) {
		var open []string
		tags := 0
		tokens := html.NewTokenizer(strings.NewReader(page))
		for {
			kind := tokens.Next()
			if kind == html.ErrorToken {
				break
			}
			token := tokens.Token()
			switch kind {
			case html.StartTagToken:
				tags++
				if token.Data == "noscript" {
					tokens.NextIsNotRawText()
				}
				if !slices.Contains(voidElements, token.Data) {
					open = append(open, token.Data)
				}
			case html.EndTagToken:
				if len(open) == 0 || open[len(open)-1] != token.Data {
					t.Fatalf("</%s> closes %v", token.Data, open)
				}
				open = open[:len(open)-1]
			}
		}
		if len(open) > 0 {
			t.Errorf("%v stay open", open)
		}
		// A browser moves or adds elements where a document is not valid.
		if got := len(elements(t, page)); got != tags {
			t.Errorf("%d elements came out of %d tags", got, tags)
		}
	})
}

func TestNoPageHasCodeOrStyleOutsideOfWhatThePolicyAllows(t *testing.T) {
	eachPage(t, func(t *testing.T, page string) {
		for _, node := range elements(t, page) {
			for _, a := range node.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" {
					t.Errorf("<%s %s=%q>", node.Data, a.Key, a.Val)
				}
			}
			if _, hasSource := attribute(node, "src"); node.Data == "script" && !hasSource {
				t.Error("a script stands in the page")
			}
		}
	})
}

func TestEveryPageHasItsLandmarksAndOneHeadingAtATime(t *testing.T) {
	eachPage(t, func(t *testing.T, page string) {
		count := map[string]int{}
		for _, node := range elements(t, page) {
			count[node.Data]++
			switch node.Data {
			case "html":
				lang, _ := attribute(node, "lang")
				dir, _ := attribute(node, "dir")
				if lang != "en" || dir != "ltr" {
					t.Errorf("lang=%q dir=%q", lang, dir)
				}
			case "h1":
				if _, hidden := attribute(node.Parent, "hidden"); hidden {
					count["h1"]--
				}
				if content(node) == "" {
					t.Error("the heading is empty")
				}
			case "title":
				if content(node) == "" {
					t.Error("the title is empty")
				}
			case "footer":
				if !strings.Contains(content(node), "Protected by Doorpost") {
					t.Errorf("the foot says %q", content(node))
				}
			}
		}
		for _, name := range []string{"title", "header", "main", "h1", "footer"} {
			if count[name] != 1 {
				t.Errorf("%d × <%s>, want one", count[name], name)
			}
		}
	})
}

func TestEveryFieldIsLabelledAndEveryReferenceLeadsSomewhere(t *testing.T) {
	eachPage(t, func(t *testing.T, page string) {
		nodes := elements(t, page)
		ids, labels := map[string]bool{}, map[string]bool{}
		for _, node := range nodes {
			if id, ok := attribute(node, "id"); ok {
				if ids[id] {
					t.Errorf("the id %q is there twice", id)
				}
				ids[id] = true
			}
			if field, ok := attribute(node, "for"); ok && content(node) != "" {
				labels[field] = true
			}
		}
		for _, node := range nodes {
			if kind, _ := attribute(node, "type"); node.Data == "input" && kind != "hidden" || node.Data == "textarea" {
				if id, _ := attribute(node, "id"); !labels[id] {
					t.Errorf("the field %q has no label", id)
				}
			}
			references, _ := attribute(node, "aria-describedby")
			field, _ := attribute(node, "for")
			form, _ := attribute(node, "form")
			for _, id := range strings.Fields(references + " " + field + " " + form) {
				if !ids[id] {
					t.Errorf("nothing has the id %q", id)
				}
			}
			if label, _ := attribute(node, "aria-label"); (node.Data == "button" || node.Data == "a") && content(node)+label == "" {
				t.Errorf("a <%s> says nothing", node.Data)
			}
			if title, _ := attribute(node, "title"); node.Data == "iframe" && title == "" {
				t.Error("a frame has no title")
			}
			if alt, _ := attribute(node, "alt"); node.Data == "img" && alt == "" {
				t.Error("a picture has no words")
			}
		}
	})
}

func TestEveryFormIsAPostWithinDoorpostUnlessItSearches(t *testing.T) {
	actions := []string{
		"/_doorpost/sign-in", "/_doorpost/code", "/_doorpost/link", "/_doorpost/stop", "/_doorpost/sign-out",
		"/_doorpost/ask", "/_doorpost/decide", "/_doorpost/account/address", "/_doorpost/account/recovery", "/_doorpost/account/passkey", "/_doorpost/account/token",
		"/_doorpost/account/confirm", "/_doorpost/account/delete", "/_doorpost/people",
	}
	eachPage(t, func(t *testing.T, page string) {
		for _, node := range elements(t, page) {
			if action, ok := attribute(node, "formaction"); ok && !slices.Contains(actions, action) {
				t.Errorf("a button goes to %s", action)
			}
			if node.Data != "form" {
				continue
			}
			method, _ := attribute(node, "method")
			action, _ := attribute(node, "action")
			role, _ := attribute(node, "role")
			if _, kept := attribute(node, "data-kept"); kept && method == "post" && strings.HasPrefix(action, "/reports") {
				continue // the app's own form, sent again
			}
			if method != "post" && (method != "get" || role != "search") || !slices.Contains(actions, action) {
				t.Errorf("a form goes %s %s", method, action)
			}
		}
	})
}
