package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit/browser"
)

// With -update the pictures that pages are compared with are taken anew.
var update = flag.Bool("update", false, "take the pictures in testdata anew")

// A page may differ from its picture by what two versions of a browser draw otherwise.
const (
	reduced       = 8   // pictures are kept at an eighth of their size
	maxDifference = 1.5 // of 255, on the average of a page
	maxHeight     = 2   // in pixels of the picture
)

// looksAsBefore compares what a tab shows with the picture in testdata.
func looksAsBefore(t *testing.T, b *browser.Tab, name string) {
	t.Helper()
	path := filepath.Join("testdata", name+".png")
	if *update {
		_, got := settledPicture(t, b)
		if err := keep(path, got); err != nil {
			t.Fatal(err)
		}
		return
	}
	file, err := os.Open(path)
	if err != nil {
		t.Errorf("%s has no picture to compare with; look at the page, and take one: go test -run Barrier . -update", name)
		return
	}
	defer file.Close()
	want, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	shot, got := picture(t, b)
	if difference(got, want) > maxDifference {
		shot, got = settledPicture(t, b)
	}
	if by := difference(got, want); by > maxDifference {
		seen := filepath.Join(os.TempDir(), "doorpost-pictures", name+".png")
		err := errors.Join(os.MkdirAll(filepath.Dir(seen), 0o755), os.WriteFile(seen, shot, 0o600))
		t.Errorf("%s looks otherwise than before, by %.1f; it is in %s (%v). If that is how it should look, take the picture anew: go test -run Barrier . -update", name, by, seen, err)
	}
}

// picture is the whole page, made smaller.
func picture(t *testing.T, b *browser.Tab) (shot []byte, small image.Image) {
	t.Helper()
	shot, err := b.Shot(b.Context, 1./reduced)
	if err != nil {
		t.Fatal(err)
	}
	small, err = png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	return shot, small
}

// settledPicture is a picture like the one before it: on a busy machine the parts of a long
// page that were out of sight are not drawn in the first.
func settledPicture(t *testing.T, b *browser.Tab) (shot []byte, small image.Image) {
	t.Helper()
	_, before := picture(t, b)
	for range 10 {
		if shot, small = picture(t, b); difference(small, before) == 0 {
			break
		}
		before = small
	}
	return shot, small
}

// difference is how much two pictures differ on the average. One that is much higher than the
// other is another picture altogether.
func difference(a, b image.Image) float64 {
	width, height := min(a.Bounds().Dx(), b.Bounds().Dx()), min(a.Bounds().Dy(), b.Bounds().Dy())
	if a.Bounds().Dx() != b.Bounds().Dx() || max(a.Bounds().Dy(), b.Bounds().Dy())-height > maxHeight {
		return 255
	}
	sum := 0
	for y := range height {
		for x := range width {
			r1, g1, b1, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			for _, pair := range [][2]uint32{{r1, r2}, {g1, g2}, {b1, b2}} {
				sum += int(max(pair[0], pair[1])-min(pair[0], pair[1])) >> 8
			}
		}
	}
	return float64(sum) / float64(3*width*height)
}

func keep(path string, picture image.Image) error {
	var encoded bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&encoded, picture); err != nil {
		return fmt.Errorf("encoding a picture: %w", err)
	}
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, encoded.Bytes(), 0o644))
}
