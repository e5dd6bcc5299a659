package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/doorpost-auth/doorpost/internal/color"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// seen is what a browser makes of a message.
type seen struct {
	Ground, Card                   string // colours behind
	Heading                        string // colour
	Button, ButtonWords            string // colours; empty without a button, like the next
	ButtonWidth, ButtonHeight      float64
	ButtonHref, ButtonAtItsMiddle  string
	Code, Selected, CodeBackground string // empty without a code, like the next
	CodeColor                      string
	Preview                        float64 // height of the line that is for lists of messages only
	Soft                           []string
}

// look measures a message in which the code, if there is one, was clicked on.
const look = `(() => {
	const one = (s) => document.querySelector(s), style = (e) => getComputedStyle(e);
	const a = one('.button a'), box = a?.getBoundingClientRect(), code = one('.code');
	return {
		Ground: style(document.body).backgroundColor, Card: style(one('.card')).backgroundColor,
		Heading: style(one('h1')).color,
		...a && {
			Button: style(one('.button')).backgroundColor, ButtonWords: style(a).color,
			ButtonWidth: box.width, ButtonHeight: box.height, ButtonHref: a.href,
			ButtonAtItsMiddle: document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)?.href ?? '',
		},
		...code && {Code: code.innerText, CodeBackground: style(code).backgroundColor, CodeColor: style(code).color},
		Selected: getSelection().toString(),
		Preview: document.body.firstElementChild.getBoundingClientRect().height,
		Soft: [...document.querySelectorAll('.soft, .soft a')].map((e) => style(e).color),
	};
})()`

var rgb = regexp.MustCompile(`^rgb\((\d+), (\d+), (\d+)\)$`)

func parseColor(t *testing.T, s string) color.Color {
	t.Helper()
	var parts [3]uint8
	match := rgb.FindStringSubmatch(s)
	if match == nil {
		t.Fatalf("%q is not an opaque colour", s)
	}
	for i := range parts {
		n, err := strconv.ParseUint(match[i+1], 10, 8)
		if err != nil {
			t.Fatal(err)
		}
		parts[i] = uint8(n)
	}
	return color.Color{Red: parts[0], Green: parts[1], Blue: parts[2]}
}

// TestMessagesLookRightInABrowser leaves pictures in the folder that the
// environment variable DOORPOST_SCREENSHOTS names.
func TestMessagesLookRightInABrowser(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("DOORPOST_SCREENSHOTS")
	if folder == "" {
		folder = t.TempDir()
	}
	catalogue, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	letters, err := write(catalogue.Languages()[0])
	if err != nil {
		t.Fatal(err)
	}
	b, origin := openSamples(t, text.Default)
	for _, sample := range mail.Samples() {
		for _, scheme := range []string{"light", "dark"} {
			for _, size := range []struct{ width, height int64 }{{320, 700}, {1280, 800}} {
				name := fmt.Sprintf("%s%s-%s-%d", mailPrefix, sample.Name, scheme, size.width)
				t.Run(name, func(t *testing.T) {
					address := origin + "/" + mailPrefix + sample.Name
					b.Heard() // what came too late for the one before
					// It fails if the message is wider than the screen.
					if err := visit(b, address, scheme, size.width, size.height); err != nil {
						t.Fatal(err)
					}
					ctx, cancel := context.WithTimeout(b.Context, patience)
					defer cancel()
					hasCode := strings.Contains(letters[mailPrefix+sample.Name].HTML, `class="code"`)
					if hasCode {
						if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(".code"), chromedp.NodeVisible)); err != nil {
							t.Fatal(err)
						}
					}
					got, err := chromedp.Run(ctx, chromedp.Evaluate[seen](look))
					if err != nil {
						t.Fatal(err)
					}
					checkLook(t, got, scheme)
					if sample.Letter.Link != "" {
						checkButton(t, got, scheme, size.width)
					}
					if hasCode {
						checkCode(t, got, scheme)
					}
					if err := b.Picture(ctx, filepath.Join(folder, name+".png")); err != nil {
						t.Error(err)
					}
					requests, complaints := b.Heard()
					requests = slices.DeleteFunc(requests, func(url string) bool { return url == "about:blank" || strings.HasSuffix(url, "/favicon.ico") })
					if !slices.Equal(requests, []string{address}) || len(complaints) > 0 {
						t.Errorf("the browser asked for %q and complained %q", requests, complaints)
					}
				})
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	return color.Contrast(parseColor(t, a), parseColor(t, b))
}

// checkParts checks that backgrounds suit a scheme, and that words can be read
// on theirs.
func checkParts(t *testing.T, scheme string, backgrounds map[string]string, words map[string][2]string) {
	t.Helper()
	paper := "rgb(255, 255, 255)"
	if scheme == "dark" {
		paper = "rgb(0, 0, 0)"
	}
	for part, background := range backgrounds {
		if c := contrast(t, background, paper); c > 1.4 {
			t.Errorf("the %s is %s in %s mode, %.1f:1 from %s", part, background, scheme, c, paper)
		}
	}
	for part, pair := range words {
		if c := contrast(t, pair[0], pair[1]); c < color.Readable {
			t.Errorf("the words of the %s have a contrast of %.1f:1", part, c)
		}
	}
}

func checkLook(t *testing.T, got seen, scheme string) {
	t.Helper()
	checkParts(t, scheme, map[string]string{"ground": got.Ground, "card": got.Card},
		map[string][2]string{"heading": {got.Heading, got.Card}})
	for _, words := range got.Soft {
		if c := min(contrast(t, words, got.Card), contrast(t, words, got.Ground)); c < color.Readable {
			t.Errorf("small words in %s have a contrast of %.1f:1", words, c)
		}
	}
	if got.Preview != 0 {
		t.Errorf("the preview line is %.0f high", got.Preview)
	}
}

func checkButton(t *testing.T, got seen, scheme string, width int64) {
	t.Helper()
	checkParts(t, scheme, nil, map[string][2]string{"button": {got.ButtonWords, got.Button}})
	if got.ButtonHeight < 44 || got.ButtonWidth < 88 || width < 480 && got.ButtonWidth < float64(width)*3/4 {
		t.Errorf("the button is %.0f × %.0f", got.ButtonWidth, got.ButtonHeight)
	}
	if !strings.Contains(got.ButtonHref, "/_doorpost/") || got.ButtonAtItsMiddle != got.ButtonHref {
		t.Errorf("the button leads to %q, and what is there to %q", got.ButtonHref, got.ButtonAtItsMiddle)
	}
}

func checkCode(t *testing.T, got seen, scheme string) {
	t.Helper()
	checkParts(t, scheme, map[string]string{"code": got.CodeBackground}, map[string][2]string{"code": {got.CodeColor, got.CodeBackground}})
	if got.Code != "ABCD-2345" || got.Selected != got.Code {
		t.Errorf("the code shows as %q, and a click selects %q", got.Code, got.Selected)
	}
}
