// Package color makes text readable on sRGB colours, for pages and mail.
package color

import (
	"fmt"
	"math"
	"strconv"
)

// Color is an opaque sRGB colour.
type Color struct{ Red, Green, Blue uint8 }

// The ends of the scale, and the accent of a brand without one.
var (
	Black   = Color{0, 0, 0}
	White   = Color{255, 255, 255}
	Default = Color{0x2d, 0x5b, 0xd7}
)

const (
	// Readable is the least contrast of text at the level AA of WCAG 2.2.
	Readable = 4.5
	// Comfortable is more, for coloured text on dark: thin bright letters are harder
	// to read than the measure says.
	Comfortable = 6.5
	// Bold is for what has no hue, to stand out from quiet text.
	Bold = 11
)

// Parse reads #rgb or #rrggbb; the empty string is Default.
func Parse(s string) (Color, error) {
	if s == "" {
		return Default, nil
	}
	digits, ok := "", false
	switch {
	case len(s) == 4 && s[0] == '#':
		digits, ok = string([]byte{s[1], s[1], s[2], s[2], s[3], s[3]}), true
	case len(s) == 7 && s[0] == '#':
		digits, ok = s[1:], true
	}
	number, err := strconv.ParseUint(digits, 16, 24)
	if !ok || err != nil {
		return Color{}, fmt.Errorf("colour %q: want # and three or six hexadecimal digits, like #06c or #0066cc", s)
	}
	return Color{uint8(number >> 16), uint8(number >> 8), uint8(number)}, nil
}

// String is #rrggbb.
func (c Color) String() string {
	return fmt.Sprintf("#%02x%02x%02x", c.Red, c.Green, c.Blue)
}

// IsGrey reports whether nobody sees a hue in a colour.
func (c Color) IsGrey() bool {
	const noHue = 24
	return max(c.Red, c.Green, c.Blue)-min(c.Red, c.Green, c.Blue) < noHue
}

// luminance is the relative luminance as WCAG defines it, 0 to 1.
func (c Color) luminance() float64 {
	linear := func(channel uint8) float64 {
		v := float64(channel) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.Red) + 0.7152*linear(c.Green) + 0.0722*linear(c.Blue)
}

// Contrast is the WCAG contrast of two colours, 1 to 21.
func Contrast(a, b Color) float64 {
	light, dark := a.luminance(), b.luminance()
	if light < dark {
		light, dark = dark, light
	}
	return (light + 0.05) / (dark + 0.05)
}

// TextOn is black or white, whichever has more contrast to the background. That always
// reaches the level AA: the worst colour has 4.58 to both.
func TextOn(background Color) Color {
	if Contrast(White, background) >= Contrast(Black, background) {
		return White
	}
	return Black
}

// Towards mixes the colour with end, as little as is needed for a contrast of least
// with the background.
func (c Color) Towards(end, background Color, least float64) Color {
	const steps = 64
	mixed := c
	for step := 1; Contrast(mixed, background) < least && step <= steps; step++ {
		mix := func(from, to uint8) uint8 {
			return uint8((int(from)*(steps-step) + int(to)*step) / steps)
		}
		mixed = Color{mix(c.Red, end.Red), mix(c.Green, end.Green), mix(c.Blue, end.Blue)}
	}
	return mixed
}
