package view

import (
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/color"
)

func TestEveryAccentCanBeRead(t *testing.T) {
	const step = 17
	for red := 0; red < 256; red += step {
		for green := 0; green < 256; green += step {
			for blue := 0; blue < 256; blue += step {
				accent := color.Color{Red: uint8(red), Green: uint8(green), Blue: uint8(blue)}
				if got := color.Contrast(color.TextOn(accent), accent); got < color.Readable {
					t.Errorf("text on a button of %s has a contrast of %.2f", accent, got)
				}
				if got := color.Contrast(accent.Towards(color.Black, lightBackground, color.Readable), lightBackground); got < color.Readable {
					t.Errorf("a link of %s in light mode has a contrast of %.2f", accent, got)
				}
				if got := color.Contrast(accent.Towards(color.White, darkBackground, color.Comfortable), darkBackground); got < color.Comfortable {
					t.Errorf("a link of %s in dark mode has a contrast of %.2f", accent, got)
				}
			}
		}
	}
}

func TestAColourThatCanBeReadStaysAsItIs(t *testing.T) {
	navy := color.Color{Blue: 0x80}
	if got := navy.Towards(color.Black, lightBackground, color.Readable); got != navy {
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
