package view

import (
	"fmt"
	"math"
	"strconv"
)

// color is an opaque sRGB colour.
type color struct{ red, green, blue uint8 }

var (
	black = color{0, 0, 0}
	white = color{255, 255, 255}
)

const (
	// readable is the least contrast of text at the level AA of WCAG 2.2.
	readable = 4.5
	// comfortable is more than that, for coloured text on dark: thin bright
	// letters tire sooner than the measure says.
	comfortable = 6.5
)

func parseColor(s string) (color, error) {
	digits, ok := "", false
	switch {
	case len(s) == 4 && s[0] == '#':
		digits, ok = string([]byte{s[1], s[1], s[2], s[2], s[3], s[3]}), true
	case len(s) == 7 && s[0] == '#':
		digits, ok = s[1:], true
	}
	number, err := strconv.ParseUint(digits, 16, 24)
	if !ok || err != nil {
		return color{}, fmt.Errorf("colour %q: want # and three or six hexadecimal digits, like #06c or #0066cc", s)
	}
	return color{uint8(number >> 16), uint8(number >> 8), uint8(number)}, nil
}

func (c color) String() string {
	return fmt.Sprintf("#%02x%02x%02x", c.red, c.green, c.blue)
}

// luminance is the relative luminance as WCAG defines it, 0 to 1.
func (c color) luminance() float64 {
	linear := func(channel uint8) float64 {
		v := float64(channel) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.red) + 0.7152*linear(c.green) + 0.0722*linear(c.blue)
}

// contrast is the WCAG contrast of two colours, 1 to 21.
func contrast(a, b color) float64 {
	light, dark := a.luminance(), b.luminance()
	if light < dark {
		light, dark = dark, light
	}
	return (light + 0.05) / (dark + 0.05)
}

// textOn is black or white, whichever can be read better on the colour. One of
// the two always reaches the level AA: the worst colour has 4.58 to both.
func textOn(background color) color {
	if contrast(white, background) >= contrast(black, background) {
		return white
	}
	return black
}

// towards mixes the colour with another one, just as much as it needs to reach
// a contrast with the background.
func (c color) towards(end, background color, least float64) color {
	const steps = 64
	mixed := c
	for step := 1; contrast(mixed, background) < least && step <= steps; step++ {
		mix := func(from, to uint8) uint8 {
			return uint8((int(from)*(steps-step) + int(to)*step) / steps)
		}
		mixed = color{mix(c.red, end.red), mix(c.green, end.green), mix(c.blue, end.blue)}
	}
	return mixed
}
