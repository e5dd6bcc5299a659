package boltstore

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/store/codec"
	"github.com/doorpost-auth/doorpost/internal/store/ordered"
	"github.com/doorpost-auth/doorpost/internal/token"
	"go.etcd.io/bbolt"
)

// newToken is a token of a service, with its text.
func newToken(name string) (r token.Record, text string) {
	now, id := time.Now().Truncate(time.Millisecond), token.NewID()
	text = token.NewText(id, false)
	return token.Record{
		Token: token.Token{ID: id, Name: name, Sites: []string{testSite}, Made: now, Expires: now.Add(token.UsualLife)},
		Sum:   token.SumOf(text),
	}, text
}

func TestAPageOfTenThousandTokensIsReadAtOnce(t *testing.T) {
	const count, page = 10_000, 100
	path := filepath.Join(t.TempDir(), "doorpost.db")
	store, err := Open(path) // for the buckets
	must(t, err)
	must(t, store.Close())
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true})
	must(t, err)
	var ids []token.ID
	must(t, db.Update(func(tx *bbolt.Tx) error {
		for i := range count {
			r, _ := newToken(fmt.Sprint("service", i))
			packed, err := codec.Encode(codec.PackToken(r))
			must(t, err)
			must(t, tx.Bucket([]byte("tokens")).Put([]byte(r.ID), append(make([]byte, 8), packed...))) // kept for good
			ids = append(ids, r.ID)
		}
		return nil
	}))
	must(t, db.Close())
	slices.Sort(ids)

	store, err = Open(path)
	must(t, err)
	defer store.Close()
	for name, at := range map[string]int{"first": 0, "middle": count / 2, "last": count - page} {
		after := token.ID("")
		if at > 0 {
			after = ids[at-1]
		}
		best := time.Hour // of a few, for other work of the machine takes time, too
		for range 5 {
			begun := time.Now()
			list, next, err := store.Tokens(t.Context(), after, page, begun)
			must(t, err)
			best = min(best, time.Since(begun))
			if len(list) != page || list[0].ID != ids[at] || list[page-1].ID != ids[at+page-1] || (next == "") != (at+page == count) {
				t.Fatalf("the %s page has %d tokens, and more after %q", name, len(list), next)
			}
		}
		if best > 50*time.Millisecond {
			t.Errorf("the %s page takes %v", name, best)
		}
	}
}

func TestAPageOfServicesAmongTenThousandTokensReadsItsOwnRecordsOnly(t *testing.T) {
	const count, page = 10_000, 50
	path := filepath.Join(t.TempDir(), "doorpost.db")
	store, err := Open(path) // for the buckets
	must(t, err)
	must(t, store.Close())
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true})
	must(t, err)
	put := func(tx *bbolt.Tx, bucket, key string, record any) {
		packed, err := codec.Encode(record)
		must(t, err)
		must(t, tx.Bucket([]byte(bucket)).Put([]byte(key), append(make([]byte, 8), packed...))) // kept for good
	}
	must(t, db.Update(func(tx *bbolt.Tx) error {
		for i := range count {
			r, _ := newToken(fmt.Sprintf("service-%04d", i))
			put(tx, "tokens", string(r.ID), codec.PackToken(r))
			put(tx, "token_names", r.Name, r.ID)
			r.ID, r.Owner = token.NewID(), "ada@example.com"
			put(tx, "tokens", string(r.ID), codec.PackToken(r))
		}
		return nil
	}))
	must(t, db.Close())

	db, _, err = openFile(path)
	must(t, err)
	services, err := ordered.Open(&engine{db})
	must(t, err)
	defer services.Close()
	for name, c := range map[string]struct {
		query token.Query
		found int
		last  string
	}{
		"first page": {token.Query{Max: page}, page, "service-0049"},
		"late page":  {token.Query{After: "service-5000", Max: page}, page, "service-5050"},
		"the last":   {token.Query{Search: "-9999", Max: page}, 1, "service-9999"},
		"none":       {token.Query{Search: "nothing", Max: page}, 0, ""},
	} {
		stats := db.Stats()
		got, err := services.Services(t.Context(), c.query, time.Now())
		must(t, err)
		after := db.Stats()
		if len(got.Tokens) != c.found || c.found > 0 && got.Tokens[c.found-1].Name != c.last {
			t.Errorf("%s has %d services, and more after %q", name, len(got.Tokens), got.Next)
		}
		// A list of names, and two records of each service, take a cursor each, after one that finds the bucket.
		looks, most := (after.TxStats.GetCursorCount()-stats.TxStats.GetCursorCount())/2, int64(2+2*c.found)
		if looks == 0 || looks > most {
			t.Errorf("%s takes %d looks into the file, want at most %d", name, looks, most)
		}
	}
}

func TestNoTextOfATokenIsInTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "doorpost.db")
	store, err := Open(path)
	must(t, err)
	r, first := newToken("needle")
	must(t, store.MakeToken(t.Context(), r, r.Made))
	second := token.NewText(r.ID, false)
	_, err = store.RotateToken(t.Context(), r.ID, token.SumOf(second), r.Expires, r.Expires, r.Made)
	must(t, err)
	must(t, store.Close())
	file, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Contains(file, []byte("needle")) || !bytes.Contains(file, []byte(r.ID)) {
		t.Fatal("the token is not in the file as it is read here")
	}
	for _, text := range []string{first, second} {
		behindID := len("dpst_") + len(r.ID)
		for at := behindID; at+8 <= len(text); at++ {
			if bytes.Contains(file, []byte(text[at:at+8])) {
				t.Fatalf("%s of %s is in the file", text[at:at+8], text)
			}
		}
	}
}
