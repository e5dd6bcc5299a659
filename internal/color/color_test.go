package color

import (
	"fmt"
	"testing"
)

func TestContrastIsThatOfWCAG(t *testing.T) {
	for name, c := range map[string]struct {
		a, b Color
		want string
	}{
		"black on white":       {Black, White, "21.00"},
		"white on black":       {White, Black, "21.00"},
		"a colour on itself":   {Color{9, 99, 199}, Color{9, 99, 199}, "1.00"},
		"the grey at the edge": {Color{0x76, 0x76, 0x76}, White, "4.54"},
		"pure red on white":    {Color{0xff, 0, 0}, White, "4.00"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprintf("%.2f", Contrast(c.a, c.b)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestShortAndLongColoursAreUnderstood(t *testing.T) {
	for given, want := range map[string]string{"#06c": "#0066cc", "#0066cc": "#0066cc", "#FfF": "#ffffff", "#000000": "#000000", "": Default.String()} {
		got, err := Parse(given)
		if err != nil || got.String() != want {
			t.Errorf("%s: got %s, %v, want %s", given, got, err, want)
		}
	}
}

func TestTextThatIsNotAColourIsRefused(t *testing.T) {
	for _, given := range []string{"06c", "#06", "#06cc", "#gggggg", "#0066cc;", "red", "#0066cc00"} {
		if got, err := Parse(given); err == nil {
			t.Errorf("%q is %s", given, got)
		}
	}
}
