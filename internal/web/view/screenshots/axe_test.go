package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// barriers is what axe-core finds that keeps somebody from using a page: the rules of WCAG
// 2.0 to 2.2, A and AA, and its own best practices. A message has the landmarks of the mail
// program that shows it.
const barriers = `axe.run(document, {
	rules: document.querySelector('main') ? {} : {region: {enabled: false}, 'landmark-one-main': {enabled: false}},
	runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'], iframes: false,
}).then((found) => found.violations.map((v) => v.id + ': ' + v.help + ': ' + v.nodes.map((n) => n.html).join(' ')))`

// One walk through all pages and messages does for both, since it takes long.
func TestNoPageOrMessageHasABarrierOrLooksOtherwiseThanBefore(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(testkit.NPM(t, "axe-core/axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	for _, look := range []struct {
		language, scheme string
		width, height    int64
	}{{"en", "light", 1280, 800}, {"ar", "dark", 320, 700}} {
		t.Run(look.language, func(t *testing.T) {
			t.Parallel()
			b, origin := openSamples(t, look.language)
			for _, name := range names() {
				if err := visit(b, origin+"/"+name, look.scheme, look.width, look.height); err != nil {
					t.Fatal(err)
				}
				name := fmt.Sprintf("%s-%s-%s-%d", name, look.language, look.scheme, look.width)
				if !strings.HasPrefix(name, "mailbox") { // its frame is drawn when it likes
					looksAsBefore(t, b, name)
				}
				found, err := chromedp.Run(b.Context, chromedp.Evaluate[[]string](string(axe)+";"+barriers, chromedp.EvalAwaitPromise))
				if err != nil {
					t.Fatal(err)
				}
				for _, what := range found {
					t.Errorf("%s: %s", name, what)
				}
			}
			_, _ = b.Heard() // another test is about what it complains of
		})
	}
}
