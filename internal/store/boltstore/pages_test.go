package boltstore

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
)

func TestPagesAreThoseOfTheFileInWhateverOrderTheyAreRead(t *testing.T) {
	const size, count = 64, 1000
	file := make([]byte, count*size)
	source := rand.NewChaCha8([32]byte{1})
	source.Read(file)
	r := &pageReader{file: bytes.NewReader(file), size: size, count: count}
	id := uint64(0)
	for step := range 20_000 {
		switch rand.IntN(20) {
		case 0:
			id = rand.Uint64N(count) // elsewhere
		case 1:
			id += 2 // one is left out
		default:
			id++
		}
		id %= count
		n := 1 + rand.Uint64N(min(count-id, 1+rand.Uint64N(300)))
		got, err := r.read(id, n)
		if err != nil || !bytes.Equal(got, file[id*size:(id+n)*size]) {
			t.Fatalf("step %d: %d pages from page %d on are not those of the file (%v)", step, n, id, err)
		}
	}
}

// countingFile counts how often it is read.
type countingFile struct {
	io.ReaderAt
	reads, bytes int
}

func (f *countingFile) ReadAt(p []byte, at int64) (int, error) {
	f.reads++
	f.bytes += len(p)
	return f.ReaderAt.ReadAt(p, at)
}

func TestPagesInARowAreReadTogetherAndOthersAlone(t *testing.T) {
	const size, count = 64, 10_000
	for name, c := range map[string]struct {
		page            func(i uint64) uint64
		reads, maxBytes int
	}{
		"in a row": {func(i uint64) uint64 { return i }, 100, size * count},
		"in a row, now and then one elsewhere": {func(i uint64) uint64 {
			if i%100 == 0 {
				return count - 1 - i/100
			}
			return i
		}, 2000, 4 * size * count},
		"in no order": {func(i uint64) uint64 { return i * 7919 % count }, count, 2 * size * count},
	} {
		file := &countingFile{ReaderAt: bytes.NewReader(make([]byte, count*size))}
		r := &pageReader{file: file, size: size, count: count}
		for i := range uint64(count) {
			if _, err := r.read(c.page(i), 1); err != nil {
				t.Fatal(err)
			}
		}
		if file.reads > c.reads || file.bytes > c.maxBytes {
			t.Errorf("%s: %d pages of %d bytes took %d reads of %d bytes, want at most %d of %d", name, count, size, file.reads, file.bytes, c.reads, c.maxBytes)
		}
	}
}
