package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

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

// cut lists the hosts and addresses, of pages too, within which a line begins elsewhere than
// with an @, behind //, or, as people read, with a joint such as a dot or behind one.
const cut = `[...document.querySelectorAll('bdi, h1, p, blockquote, .quote')].flatMap((e) => {
	const rtl = document.documentElement.dir === 'rtl';
	const letters = [], letter = document.createRange(), nodes = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
	for (let node; node = nodes.nextNode();)
		for (let i = 0; i < node.data.length; i++) letters.push([node, i]);
	const top = (at) => {
		const [node, i] = letters[at];
		letter.setStart(node, i);
		letter.setEnd(node, i + 1);
		return Math.round(letter.getBoundingClientRect().top);
	};
	return [...e.textContent.matchAll(/(https?:[/][/])?([\w.+-]+@)?[\w-]+([.][\w-]+)+([/?&=#][\w-]+)*/g)].filter(({0: value, index}) =>
		[...value].some((is, i) => i > 0 && top(index + i) > top(index + i - 1) && is !== '@' &&
			!value.slice(0, i).endsWith('//') && !'./?&=#'.includes(rtl ? value[i - 1] : is)));
}).map((found) => found[0])`

func TestALineBeginsInAHostOrAddressWithADotOrAnAt(t *testing.T) {
	t.Parallel()
	for _, language := range []string{text.Default, "ar"} {
		b, origin := openSamples(t, language)
		for _, name := range []string{
			"/black/sign-in", "/black/check-mail-long", "/black/confirm-replaces", "/people", "/decide",
			"/mail-approve", "/mail-approve-silent", "/mail-proof", "/mail-changed-recovery", "/mail-sign-in",
		} {
			if err := visit(b, origin+name, "light", 320, 700); err != nil {
				t.Fatal(err)
			}
			found, err := chromedp.Run(b.Context, chromedp.Evaluate[[]string](cut))
			if err != nil {
				t.Fatal(err)
			}
			for _, what := range found {
				t.Errorf("%s, %s: %s", language, name, what)
			}
		}
	}
}

// alone lists the buttons that stand alone in a line of several, without filling it.
const alone = `[...document.querySelectorAll('form.row')].flatMap((row) => {
	const buttons = [...row.querySelectorAll('button')];
	const lines = [...Map.groupBy(buttons, (button) => button.offsetTop).values()];
	return buttons.length < 2 ? [] : lines.filter(([first, ...more]) => !more.length && first.offsetWidth < row.clientWidth).map(([first]) => first.textContent);
})`

func TestNoButtonOfSeveralStandsAloneInItsLine(t *testing.T) {
	t.Parallel()
	catalogue, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range catalogue.Languages() {
		b, origin := openSamples(t, lang.Tag())
		for _, name := range []string{"/decide", "/people-programs", "/person", "/account-at-portal"} {
			for _, width := range []int64{320, 1280} {
				if err := visit(b, origin+name, "light", width, 800); err != nil {
					t.Fatal(err)
				}
				found, err := chromedp.Run(b.Context, chromedp.Evaluate[[]string](alone))
				if err != nil {
					t.Fatal(err)
				}
				for _, what := range found {
					t.Errorf("%s, %s, %d px: %s", lang.Tag(), name, width, what)
				}
			}
		}
	}
}

// sentences is a page of all sentences of a language, with values that are marked up. It
// stands in for a page.
var sentences = fstest.MapFS{"signed-out.html": {Data: []byte(`{{define "main"}}<h1>{{.Show "reports.example.com"}}</h1>
<p><a class="button" href="/_doorpost/sign-in">…</a></p>
{{range .Keys}}<p>{{$.SayOf . "site" "Reports" "address" "ada@example.com" "portal" "login.example.com" "button" "…" "time" "17:05"}}</p>
{{end}}{{end}}`)}}

// loose lists the places, at several widths, where a line ends between a value and what belongs
// to it, and in Japanese before a comma or within a particle.
const loose = `[...document.querySelectorAll('p')].flatMap((p) => {
	const letters = [], range = document.createRange(), nodes = document.createTreeWalker(p, NodeFilter.SHOW_TEXT);
	for (let node; node = nodes.nextNode();)
		for (let i = 0; i < node.data.length; i++) letters.push({node, i, is: node.data[i], value: node.parentElement.closest('bdi')});
	const box = ({node, i}) => {
		range.setStart(node, i);
		range.setEnd(node, i + 1);
		return range.getBoundingClientRect();
	};
	const spaced = !document.documentElement.lang.match(/^(ja|zh)/), japanese = document.documentElement.lang === 'ja';
	const particles = [...p.textContent.matchAll(/から[はの]?|までに?|ですか?|への/g)];
	const close = letters.keys().filter((at) => {
		const last = letters[at - 1], next = letters[at];
		if (last && japanese && (/[、。：？！」）]/.test(next.is) ||
			particles.some(({0: whole, index}) => letters[index - 1]?.value && at > index && at < index + whole.length))) return true;
		if (!last || last.is === ' ' || next.is === ' ' || last.value === next.value) return false;
		return spaced || /[\p{Ps}\p{Pi}]/u.test(last.is) || /[\p{Pe}\p{Pf}\p{Po}]/u.test(next.is) ||
			last.value && japanese && /[をはがのでとへに]/.test(next.is);
	}).toArray();
	const found = new Set();
	if (close.length) for (let width = 220; width < 280; width += 4) {
		p.style.width = width + 'px';
		for (const at of close) if (box(letters[at]).top > box(letters[at - 1]).bottom - 5)
			found.add(p.textContent.slice(0, at) + '⏎' + p.textContent.slice(at));
	}
	return [...found];
})`

func TestNoLineEndsBetweenAValueAndItsPunctuation(t *testing.T) {
	t.Parallel()
	catalogue, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	views, err := view.New(view.Brand{}, sentences)
	if err != nil {
		t.Fatal(err)
	}
	b, closing, err := openBrowser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer closing()
	for _, lang := range catalogue.Languages() {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			if err := views.Render(w, lang, view.SignedOut{}, false); err != nil {
				t.Error(err)
			}
		}))
		if err := visit(b, server.URL, "light", 390, 844); err != nil {
			t.Fatal(err)
		}
		found, err := chromedp.Run(b.Context, chromedp.Evaluate[[]string](loose))
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range found {
			t.Errorf("%s: %s", lang.Tag(), what)
		}
		server.Close()
	}
}
