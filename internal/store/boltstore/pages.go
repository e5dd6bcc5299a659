package boltstore

import (
	"fmt"
	"io"
)

// maxAhead is how many pages are read at once at most.
const maxAhead = 256

// pageReader reads the pages of a file. Pages that belong together often stand
// one after the other: where they do, it reads more and more of them at once.
type pageReader struct {
	file  io.ReaderAt
	size  int64  // of a page
	count uint64 // of pages

	buffer []byte // what was read last
	first  uint64 // page in the buffer
	end    uint64 // of the pages in the buffer
	ahead  uint64 // how many were read at once
}

// read returns n pages from a page on, all of which the file has. They hold
// until the next call.
func (r *pageReader) read(id, n uint64) ([]byte, error) {
	if id < r.first || id+n > r.end {
		if id >= r.end && id-r.end <= r.ahead {
			r.ahead = min(2*r.ahead, maxAhead)
		} else {
			r.ahead /= 2 // one look elsewhere, say at a branch, does not stop the row
		}
		r.ahead = max(r.ahead, 1)
		if err := r.fill(id, min(max(n, r.ahead), r.count-id)); err != nil {
			return nil, err
		}
	}
	start := int64(id-r.first) * r.size
	return r.buffer[start : start+int64(n)*r.size], nil
}

func (r *pageReader) fill(id, n uint64) error {
	length := int64(n) * r.size
	if int64(cap(r.buffer)) < length {
		r.buffer = make([]byte, length)
	}
	r.buffer, r.first, r.end = r.buffer[:length], id, id
	if _, err := r.file.ReadAt(r.buffer, int64(id)*r.size); err != nil {
		return fmt.Errorf("reading %d pages from page %d on: %w", n, id, err)
	}
	r.end = id + n
	return nil
}
