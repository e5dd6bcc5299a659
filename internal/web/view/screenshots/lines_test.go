package main

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/doorpost-auth/doorpost/internal/text"
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
	t.Parallel()
	b, origin := openSamples(t, text.Default)
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

// cut lists the hosts and addresses within which a line begins elsewhere than with a
// dot or an @.
const cut = `[...document.querySelectorAll('bdi')].filter((e) => {
	let last;
	for (const piece of [...e.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE))
		for (let i = 0; i < piece.data.length; i++) {
			const letter = document.createRange();
			letter.setStart(piece, i);
			letter.setEnd(piece, i + 1);
			const top = Math.round(letter.getBoundingClientRect().top);
			if (top > (last ?? top) && !'.@'.includes(piece.data[i])) return true;
			last = top;
		}
}).map((e) => e.parentElement.outerHTML)`

func TestALineBeginsInAHostOrAddressWithADotOrAnAt(t *testing.T) {
	t.Parallel()
	b, origin := openSamples(t, text.Default)
	for _, name := range []string{"sign-in", "check-mail-long", "confirm-replaces"} {
		if err := visit(b, origin+"/black/"+name, "light", 320, 700); err != nil {
			t.Fatal(err)
		}
		found, err := chromedp.Run(b.Context, chromedp.Evaluate[[]string](cut))
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range found {
			t.Errorf("%s: %s", name, what)
		}
	}
}
