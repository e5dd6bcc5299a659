package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

var somePanels = []panel{
	{title: "sessions", labels: []string{"1", "1,000"}, lines: []line{{"Caddy alone", []float64{50, 50}}, {"with <the> gate", []float64{52, 100}}}},
	{title: "rules", labels: []string{"1"}, lines: []line{{"Caddy alone", []float64{25}}}},
}

func TestThePlotIsAnImageForLightAndDarkPages(t *testing.T) {
	drawn := plot(somePanels)
	elements := make(map[string]int)
	for decoder := xml.NewDecoder(bytes.NewReader(drawn)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the plot is no XML: %v", err)
		}
		if start, ok := token.(xml.StartElement); ok {
			elements[start.Name.Local]++
		}
	}
	if elements["svg"] != 1 || elements["polyline"] != 3 {
		t.Errorf("the plot has %v, want one line for each line of a panel", elements)
	}
	if !strings.Contains(string(drawn), "prefers-color-scheme: dark") {
		t.Error("the plot knows nothing of dark pages")
	}
}

func TestThePlotHasOneScaleThatBeginsAtNothing(t *testing.T) {
	drawn := string(plot(somePanels))
	// 100 is the greatest value and stands at the top, 50 and 25 are half and a
	// quarter of the height, in whichever panel.
	for _, want := range []string{`258.0,56.0 "`, `points="118.0,166.0 258.0,166.0 "`, `points="516.0,221.0 "`} {
		if !strings.Contains(drawn, want) {
			t.Errorf("the plot has no %s in it:\n%s", want, drawn)
		}
	}
}

func TestScaleIsRoundAndReachesTheValue(t *testing.T) {
	for _, c := range []struct{ value, step, top float64 }{
		{100, 20, 100}, {7.3, 2, 8}, {43, 10, 50}, {130, 50, 150}, {0, 1, 1},
	} {
		if step, top := scale(c.value); step != c.step || top != c.top {
			t.Errorf("the scale for %v has steps of %v up to %v, want %v up to %v", c.value, step, top, c.step, c.top)
		}
	}
}

func TestThousands(t *testing.T) {
	for given, want := range map[int]string{1: "1", 999: "999", 1000: "1,000", 1_000_000: "1,000,000", 10_000: "10,000"} {
		if got := thousands(given); got != want {
			t.Errorf("%d is written %s, want %s", given, got, want)
		}
	}
}
