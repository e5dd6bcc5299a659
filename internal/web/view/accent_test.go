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
				light, dark := links(accent)
				if got := color.Contrast(light, lightBackground); got < color.Readable {
					t.Errorf("a link of %s in light mode has a contrast of %.2f", accent, got)
				}
				if got := color.Contrast(dark, darkBackground); got < color.Comfortable {
					t.Errorf("a link of %s in dark mode has a contrast of %.2f", accent, got)
				}
			}
		}
	}
}

func TestALinkOfAGreyAccentStandsOutFromQuietWords(t *testing.T) {
	quiet := func(sheet string) color.Color {
		_, value, _ := strings.Cut(sheet, "--soft:")
		c, err := color.Parse(value[:len("#rrggbb")])
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	inLight, inDark, _ := strings.Cut(styleSource, "@media (prefers-color-scheme:dark)")
	for grey := 0; grey < 256; grey += 5 {
		accent := color.Color{Red: uint8(grey), Green: uint8(grey), Blue: uint8(grey)}
		light, dark := links(accent)
		for name, contrast := range map[string][2]float64{
			"light": {color.Contrast(light, lightBackground), color.Contrast(quiet(inLight), lightBackground)},
			"dark":  {color.Contrast(dark, darkBackground), color.Contrast(quiet(inDark), darkBackground)},
		} {
			if contrast[0] < 1.3*contrast[1] {
				t.Errorf("%s, %s mode: links have a contrast of %.1f, quiet words of %.1f", accent, name, contrast[0], contrast[1])
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
