package boltstore

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	bolterrors "go.etcd.io/bbolt/errors"
)

// filledFile is the content of a file with some hundred records.
func filledFile(t *testing.T) []byte {
	t.Helper()
	path := newPath(t)
	store := mustOpen(t, path)
	for i := range 150 {
		_, _, err := signIn(t.Context(), store, address.Address(fmt.Sprintf("person%d@example.com", i)))
		must(t, err)
	}
	must(t, store.Close())
	content, err := os.ReadFile(path)
	must(t, err)
	return content
}

func flipped(content []byte, at ...int) []byte {
	content = bytes.Clone(content)
	for _, i := range at {
		content[i] ^= 0xff
	}
	return content
}

func TestADamagedFileIsAnErrorAndLeftAsItIs(t *testing.T) {
	whole, page := filledFile(t), os.Getpagesize()
	used := len(bytes.TrimRight(whole, "\x00")) // files grow in advance
	garbage := make([]byte, len(whole))
	source := rand.NewChaCha8([32]byte{1})
	source.Read(garbage)
	bothMetas := []int{}
	for i := range 64 {
		bothMetas = append(bothMetas, 16+i, page+16+i)
	}
	for name, content := range map[string][]byte{
		"garbage":               garbage,
		"a short text":          []byte("no store\n"),
		"a long text":           bytes.Repeat([]byte("no store\n"), 10_000),
		"nothing":               {},
		"zeros":                 make([]byte, len(whole)),
		"one byte":              whole[:1],
		"less than a page":      whole[:page/2],
		"one page":              whole[:page],
		"one page and a byte":   whole[:page+1],
		"two pages":             whole[:2*page],
		"three pages":           whole[:3*page],
		"half of it":            whole[:used/2],
		"three quarters":        whole[:used/4*3],
		"the last page missing": whole[:(used-1)/page*page],
		"both metas flipped":    flipped(whole, bothMetas...),
		"both metas zero":       slices.Concat(make([]byte, 2*page), whole[2*page:]),
		"pages zero":            slices.Concat(whole[:2*page], make([]byte, len(whole)-2*page)),
		"pages garbage":         slices.Concat(whole[:2*page], garbage[2*page:]),
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			must(t, os.WriteFile(path, content, 0o600))
			for range 2 { // the file is let go of each time
				_, err := Open(path)
				if err == nil || !strings.Contains(err.Error(), "damaged") || !strings.Contains(err.Error(), path) || errors.Is(err, bolterrors.ErrTimeout) {
					t.Fatalf("the error is %v", err)
				}
			}
			after, err := os.ReadFile(path)
			must(t, err)
			if !bytes.Equal(after, content) {
				t.Error("the damaged file was changed")
			}
			must(t, os.WriteFile(path, whole, 0o600))
			store := mustOpen(t, path)
			defer store.Close()
			a := newAsking("person7@example.com", time.Now())
			if asked, err := store.Ask(t.Context(), a); err != nil || !asked.Send {
				t.Errorf("with the backup in its place: %+v, %v", asked, err)
			}
			wantKnown(t, store, a)
		})
	}
}

func TestNoFlippedByteMakesOpeningPanic(t *testing.T) {
	whole := filledFile(t)
	random := rand.New(rand.NewPCG(1, 2))
	path := newPath(t)
	positions := []int{}
	for i := range 80 { // all of both metas
		positions = append(positions, i, os.Getpagesize()+i)
	}
	for range 200 {
		page := random.IntN(len(whole) / os.Getpagesize())
		// Most of what bbolt relies on stands at the start of a page.
		positions = append(positions, page*os.Getpagesize()+random.IntN(64), random.IntN(len(whole)))
	}
	refused := 0
	for _, i := range positions {
		must(t, os.WriteFile(path, flipped(whole, i), 0o600))
		store, err := Open(path)
		switch {
		case err == nil:
			must(t, store.Close())
		case !strings.Contains(err.Error(), "damaged"):
			t.Errorf("with byte %d flipped the error is %v", i, err)
		default:
			refused++
		}
		must(t, os.Remove(path))
	}
	if refused == 0 {
		t.Error("no damage was found")
	}
}
