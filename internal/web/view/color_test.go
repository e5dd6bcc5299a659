package view

import (
	"fmt"
	"strings"
	"testing"
)

func TestContrastIsThatOfWCAG(t *testing.T) {
	for name, c := range map[string]struct {
		a, b color
		want string
	}{
		"black on white":       {black, white, "21.00"},
		"white on black":       {white, black, "21.00"},
		"a colour on itself":   {color{9, 99, 199}, color{9, 99, 199}, "1.00"},
		"the grey at the edge": {color{0x76, 0x76, 0x76}, white, "4.54"},
		"pure red on white":    {color{0xff, 0, 0}, white, "4.00"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprintf("%.2f", contrast(c.a, c.b)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestShortAndLongColoursAreUnderstood(t *testing.T) {
	for given, want := range map[string]string{"#06c": "#0066cc", "#0066cc": "#0066cc", "#FfF": "#ffffff", "#000000": "#000000"} {
		got, err := parseColor(given)
		if err != nil || got.String() != want {
			t.Errorf("%s: got %s, %v, want %s", given, got, err, want)
		}
	}
}

func TestEveryAccentCanBeRead(t *testing.T) {
	const step = 17
	for red := 0; red < 256; red += step {
		for green := 0; green < 256; green += step {
			for blue := 0; blue < 256; blue += step {
				accent := color{uint8(red), uint8(green), uint8(blue)}
				if got := contrast(textOn(accent), accent); got < readable {
					t.Errorf("text on a button of %s has a contrast of %.2f", accent, got)
				}
				if got := contrast(accent.towards(black, lightBackground, readable), lightBackground); got < readable {
					t.Errorf("a link of %s in light mode has a contrast of %.2f", accent, got)
				}
				if got := contrast(accent.towards(white, darkBackground, comfortable), darkBackground); got < comfortable {
					t.Errorf("a link of %s in dark mode has a contrast of %.2f", accent, got)
				}
			}
		}
	}
}

func TestAColourThatCanBeReadStaysAsItIs(t *testing.T) {
	navy := color{0, 0, 0x80}
	if got := navy.towards(black, lightBackground, readable); got != navy {
		t.Errorf("got %s, want %s", got, navy)
	}
}

func TestTheStylesheetHasTheBackgroundsThatLinksAreMeasuredOn(t *testing.T) {
	light, dark, ok := strings.Cut(strings.ReplaceAll(styleSource, "#fff;", "#ffffff;"), "@media (prefers-color-scheme:dark)")
	if !ok {
		t.Fatal("the stylesheet has no dark mode")
	}
	for name, c := range map[string]struct{ sheet, want string }{
		"light": {light, "--back:" + lightBackground.String() + ";"},
		"dark":  {dark, "--card:" + darkBackground.String() + ";"},
	} {
		if !strings.Contains(c.sheet, c.want) {
			t.Errorf("the %s mode lacks %s", name, c.want)
		}
	}
}
