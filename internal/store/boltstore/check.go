package boltstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
)

// This is the form of a bbolt file, of which nothing has changed since 2013:
// pages of equal size, each with a head; trees of branch and leaf pages, whose
// elements come first and their keys and values after them. A page that needs
// more room runs over into those that follow it. bbolt has checks of its own,
// but they trust in lengths and places that they read.
const (
	headSize    = 16 // id 8, flags 2, count 2, overflow 4
	elementSize = 16 // branch: place 4, key size 4, page 8; leaf: flags 4, place 4, key size 4, value size 4

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10
	isBucket     = 0x01 // flag of an element

	firstPage       = 2 // after the two metas
	freelistInMeta  = headSize + 32
	noFreelist      = ^uint64(0)
	countInFreelist = 0xffff // this count says that the first entry is the count
)

var native = binary.NativeEndian

// checker walks through the pages of a file. It reads each once.
type checker struct {
	pages *pageReader
	used  []bool   // by page
	keys  [][]byte // of one leaf
}

// checkPages makes sure that all pages are where they should be and all keys
// in order. The values are checked when they are read.
func checkPages(tx *bbolt.Tx) (err error) {
	file, err := os.Open(tx.DB().Path())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return fmt.Errorf("the file was cut short: it has %d of %d bytes", info.Size(), tx.Size())
	}
	pageSize := int64(tx.DB().Info().PageSize)
	c := &checker{pages: &pageReader{file: file, size: pageSize, count: uint64(tx.Size() / pageSize)}}
	c.used = make([]bool, c.pages.count)
	if err := c.tree(uint64(tx.Cursor().Bucket().Root()), nil, nil); err != nil {
		return err
	}
	return c.freelist(uint64(tx.ID()) % firstPage)
}

// page is one that was read, with what it runs over into.
type page struct {
	id      uint64
	flags   uint16
	count   int
	content []byte // after the head
}

// page reads one. Its content holds until the next is read.
func (c *checker) page(id uint64) (page, error) {
	if id < firstPage || id >= c.pages.count {
		return page{}, fmt.Errorf("there is no page %d", id)
	}
	raw, err := c.pages.read(id, 1)
	if err != nil {
		return page{}, err
	}
	overflow := uint64(native.Uint32(raw[12:]))
	if native.Uint64(raw) != id || overflow >= c.pages.count-id {
		return page{}, fmt.Errorf("the head of page %d is damaged", id)
	}
	for i := id; i <= id+overflow; i++ {
		if c.used[i] {
			return page{}, fmt.Errorf("page %d is used twice", i)
		}
		c.used[i] = true
	}
	if overflow > 0 {
		if raw, err = c.pages.read(id, overflow+1); err != nil {
			return page{}, err
		}
	}
	p := page{id: id, flags: native.Uint16(raw[8:]), count: int(native.Uint16(raw[10:])), content: raw[headSize:]}
	if p.flags != freelistPage && len(p.content) < p.count*elementSize {
		return page{}, fmt.Errorf("page %d has no room for %d elements", id, p.count)
	}
	return p, nil
}

// tree checks a page and all below it, whose keys are not less than from and,
// unless it is nil, less than to.
func (c *checker) tree(id uint64, from, to []byte) error {
	p, err := c.page(id)
	if err != nil {
		return err
	}
	if p.flags == leafPage {
		return c.leaf(p, from, to)
	}
	if p.flags != branchPage || p.count == 0 {
		return fmt.Errorf("page %d is neither branch nor leaf", id)
	}
	p.content = bytes.Clone(p.content) // other pages are read below
	keys := make([][]byte, p.count, p.count+1)
	for i := range p.count {
		element := p.content[i*elementSize:]
		if keys[i], _, err = p.parts(i, native.Uint32(element), native.Uint32(element[4:]), 0); err != nil {
			return err
		}
	}
	if err := inOrder(p.id, keys, from, to); err != nil {
		return err
	}
	keys = append(keys, to)
	for i := range p.count {
		if err := c.tree(native.Uint64(p.content[i*elementSize+8:]), keys[i], keys[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) leaf(p page, from, to []byte) error {
	c.keys = c.keys[:0]
	var buckets [][]byte
	for i := range p.count {
		element := p.content[i*elementSize:]
		key, value, err := p.parts(i, native.Uint32(element[4:]), native.Uint32(element[8:]), native.Uint32(element[12:]))
		if err != nil {
			return err
		}
		switch flags := native.Uint32(element); {
		case flags > isBucket:
			return fmt.Errorf("element %d of page %d is of no known kind", i, p.id)
		case flags == isBucket:
			buckets = append(buckets, bytes.Clone(value)) // other pages are read below
		}
		c.keys = append(c.keys, key)
	}
	if err := inOrder(p.id, c.keys, from, to); err != nil {
		return err
	}
	for _, value := range buckets {
		if err := c.bucket(p.id, value); err != nil {
			return err
		}
	}
	return nil
}

// bucket checks one by its value: the page of its tree, a number, and without
// such a page the one leaf that it has.
func (c *checker) bucket(id uint64, value []byte) error {
	if len(value) < 16 {
		return fmt.Errorf("a bucket on page %d is too short", id)
	}
	if root := native.Uint64(value); root != 0 {
		return c.tree(root, nil, nil)
	}
	if len(value) < 16+headSize {
		return fmt.Errorf("a bucket on page %d is too short", id)
	}
	inline := page{id: id, flags: native.Uint16(value[24:]), count: int(native.Uint16(value[26:])), content: value[16+headSize:]}
	if native.Uint64(value[16:]) != 0 || inline.flags != leafPage || len(inline.content) < inline.count*elementSize {
		return fmt.Errorf("a bucket on page %d has no leaf", id)
	}
	return c.leaf(inline, nil, nil)
}

// parts are the key and value of an element, at a place that counts from the
// element.
func (p page) parts(element int, place, keySize, valueSize uint32) (key, value []byte, err error) {
	start := uint64(element*elementSize) + uint64(place)
	end := start + uint64(keySize) + uint64(valueSize)
	if end > uint64(len(p.content)) || start < uint64(p.count*elementSize) {
		return nil, nil, fmt.Errorf("element %d of page %d lies outside of it", element, p.id)
	}
	return p.content[start : start+uint64(keySize)], p.content[start+uint64(keySize) : end], nil
}

func inOrder(id uint64, keys [][]byte, from, to []byte) error {
	last := len(keys) - 1
	for i, key := range keys {
		if i == 0 && bytes.Compare(key, from) < 0 || i > 0 && bytes.Compare(key, keys[i-1]) <= 0 || i == last && to != nil && bytes.Compare(key, to) >= 0 {
			return fmt.Errorf("the keys of page %d are out of order", id)
		}
	}
	return nil
}

// freelist checks the list of free pages, which files have that were made by
// another program or are new.
func (c *checker) freelist(meta uint64) error {
	raw, err := c.pages.read(meta, 1)
	if err != nil {
		return err
	}
	id := native.Uint64(raw[freelistInMeta:])
	if id == noFreelist {
		return nil
	}
	p, err := c.page(id)
	if err != nil {
		return err
	}
	if p.flags != freelistPage {
		return fmt.Errorf("page %d is not a list of free pages", id)
	}
	count, list := uint64(p.count), p.content
	if count == countInFreelist {
		count, list = native.Uint64(list), list[8:]
	}
	if count > uint64(len(list)/8) {
		return fmt.Errorf("the list of free pages has no room for %d", count)
	}
	for last, i := uint64(firstPage-1), uint64(0); i < count; i++ {
		free := native.Uint64(list[i*8:])
		if free <= last || free >= c.pages.count || c.used[free] {
			return fmt.Errorf("page %d is free and is not", free)
		}
		last = free
	}
	return nil
}
