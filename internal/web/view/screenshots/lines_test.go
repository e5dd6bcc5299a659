package main

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// torn lists the values that stand on several lines of a page, although they fit one.
const torn = `[...document.querySelectorAll('bdi')].filter((e) => {
	const text = document.createRange();
	text.selectNodeContents(e);
	if (new Set([...text.getClientRects()].map((box) => Math.round(box.top))).size < 2) return false;
	let block = e.parentElement;
	while (getComputedStyle(block).display.startsWith('inline')) block = block.parentElement;
	const style = getComputedStyle(block);
	const room = block.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
	e.style.cssText = 'position:absolute;width:max-content;max-width:none';
	const width = e.getBoundingClientRect().width;
	e.style.cssText = '';
	return width <= room;
}).map((e) => e.textContent + ' in ' + e.parentElement.outerHTML)`

func TestAnAddressThatFitsALineIsNotTorn(t *testing.T) {
	b, origin := openSamples(t)
	for _, sample := range view.Samples() {
		if err := visit(b, origin+"/"+sample.Name, "light", 390, 844); err != nil {
			t.Fatal(err)
		}
		found, err := chromedp.Run(b.Context, chromedp.Evaluate[[]string](torn))
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range found {
			t.Errorf("%s: %s", sample.Name, what)
		}
	}
	_, _ = b.Heard() // another test is about what it complains of
}
