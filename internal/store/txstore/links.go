package txstore

import (
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// storedLink is a link as it stands.
type storedLink struct {
	record.Link
	used bool
}

func saveLink(tx Tx, key []byte, link record.Link) error {
	if err := save(tx, links, key, link); err != nil {
		return err
	}
	return tx.Put(linksOf(link), under(link.Address, key), encodeTime(record.Time(link.Expires)))
}

// linksOf is the bucket that lists a link with the others of its address.
func linksOf(l record.Link) Bucket {
	if l.Purpose.Bounded() {
		return addressLinks
	}
	return otherLinks
}

func loadLink(tx Tx, key []byte) (link storedLink, found bool, err error) {
	link.Link, found, err = load[record.Link](tx, links, key)
	link.used = found && tx.Get(usedLinks, usedKey(link.Link, key)) != nil
	return link, found, err
}

// usedKey is the key of the mark that a link was used. Marks are not kept in
// the links, which lie all over their bucket: those of links that were asked
// for at about the same time lie together, and take one write to disk together.
func usedKey(link record.Link, key []byte) []byte {
	return append(encodeTime(record.Time(link.Expires)), key...)
}

// markUsed marks a link as used for as long as it is remembered.
func markUsed(tx Tx, key []byte) error {
	link, found, err := loadLink(tx, key)
	if err != nil || !found || link.used {
		return err
	}
	return mark(tx, key, link.Link)
}

// mark does so with one that is not used.
func mark(tx Tx, key []byte, link record.Link) error {
	if err := tx.Delete(linksOf(link), under(link.Address, key)); err != nil {
		return err
	}
	return tx.Put(usedLinks, usedKey(link, key), encodeTime(record.Time(link.Expires).Add(signin.Remembered)))
}

// liveLinks keeps of some links those that can still be redeemed.
func liveLinks(tx Tx, keys [][]byte, now time.Time) ([][]byte, error) {
	var failed error
	live := slices.DeleteFunc(keys, func(key []byte) bool {
		link, found, err := loadLink(tx, key)
		if err != nil {
			failed = err
		}
		return !found || link.used || link.Expires <= record.Millis(now)
	})
	return live, failed
}
