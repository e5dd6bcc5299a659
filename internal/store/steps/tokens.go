package steps

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
	"github.com/doorpost-auth/doorpost/internal/token"
)

var (
	// Tokens are by token.ID.
	Tokens = newTable("tokens")

	tokenLists = newTable("token_lists") // those of a person, by address
)

func tokenKey(id token.ID) Key             { return Key{Tokens, string(id)} }
func tokenListKey(who address.Address) Key { return Key{tokenLists, string(who)} }

// Token implements token.Store.
func (s Steps) Token(ctx context.Context, id token.ID, now time.Time) (token.Record, bool, error) {
	return results(ctx, s.look("token"), []Key{tokenKey(id)}, func(t *tx) (token.Record, bool) { return goodToken(t, id, now) })
}

// goodToken is a token that is kept, of somebody who may sign in.
func goodToken(t *tx, id token.ID, now time.Time) (token.Record, bool) {
	stored, found := keptToken(t, id, now)
	if !found {
		return token.Record{}, false
	}
	if stored.Owner == "" {
		return unpackToken(t, id, stored, nil), true
	}
	p := person(t, stored.Owner)
	if !p.IsKnown() || mayNotSignIn(t, stored.Owner, p) {
		return token.Record{}, false
	}
	r := unpackToken(t, id, stored, p.Standing.Unpack())
	r.Subject = p.Subject
	return r, true
}

// keptToken is a token that is in lists.
func keptToken(t *tx, id token.ID, now time.Time) (codec.Token, bool) {
	stored, found := load[codec.Token](t, tokenKey(id))
	return stored, found && (stored.Expires == 0 || codec.Time(stored.Expires).Add(token.KeptFor).After(now))
}

func unpackToken(t *tx, id token.ID, stored codec.Token, standing *people.Standing) token.Record {
	r, err := stored.Unpack(id, standing)
	if err != nil {
		t.fail(fmt.Errorf("reading a token: %w", err))
	}
	return r
}

func saveToken(t *tx, id token.ID, stored codec.Token) {
	var leads []Key
	if stored.Owner != "" {
		leads = []Key{personKey(stored.Owner), mailboxKey(stored.Owner)}
	}
	save(t, tokenKey(id), stored, keptUntil(stored), leads...)
}

// keptUntil is the end of a token in lists, zero for none.
func keptUntil(stored codec.Token) time.Time {
	if stored.Expires == 0 {
		return time.Time{}
	}
	return codec.Time(stored.Expires).Add(token.KeptFor)
}

// Tokens implements token.Store.
func (s Steps) Tokens(ctx context.Context, after token.ID, max int, now time.Time) ([]token.Record, token.ID, error) {
	return results(ctx, s.look("tokens"), nil, func(t *tx) (list []token.Record, next token.ID) {
		ids := t.ids(Tokens, string(after), max+1)
		if len(ids) > max {
			ids = ids[:max]
			next = token.ID(ids[max-1])
		}
		return keptTokens(t, ids, now), next
	})
}

// keptTokens are those of some tokens that are kept.
func keptTokens[ID ~string](t *tx, ids []ID, now time.Time) (list []token.Record) {
	fetchAll(t, Tokens, ids)
	for _, id := range ids {
		if stored, found := keptToken(t, token.ID(id), now); found {
			list = append(list, unpackToken(t, token.ID(id), stored, nil))
		}
	}
	return list
}

// TokensOf implements token.Store.
func (s Steps) TokensOf(ctx context.Context, who address.Address, now time.Time) ([]token.Record, error) {
	return result(ctx, s.look("tokens_of"), []Key{tokenListKey(who)}, func(t *tx) []token.Record {
		list := keptTokens(t, tokenList(t, who).IDs, now)
		slices.Reverse(list)
		return list
	})
}

func tokenList(t *tx, who address.Address) codec.Tokens {
	list, _ := load[codec.Tokens](t, tokenListKey(who))
	return list
}

// saveTokenList keeps which tokens somebody has, and leads to them.
func saveTokenList(t *tx, who address.Address, list codec.Tokens) {
	if len(list.IDs) == 0 {
		t.delete(tokenListKey(who))
		return
	}
	leads := make([]Key, len(list.IDs))
	for i, id := range list.IDs {
		leads[i] = tokenKey(id)
	}
	save(t, tokenListKey(who), list, time.Time{}, leads...)
}

// MakeToken implements token.Store.
func (s Steps) MakeToken(ctx context.Context, r token.Record, now time.Time) error {
	reads := []Key{tokenKey(r.ID)}
	if r.IsPersonal() {
		reads = append(reads, personKey(r.Owner), mailboxKey(r.Owner), tokenListKey(r.Owner))
	} else {
		reads = append(reads, tokenNameKey(r.Name))
	}
	return run(ctx, s.change("make_token"), reads, func(t *tx) { makeToken(t, r, now) })
}

func makeToken(t *tx, r token.Record, now time.Time) {
	made := codec.PackToken(r)
	if isMade(t, r) {
		return // its answer was lost
	}
	if _, taken := load[codec.Token](t, tokenKey(r.ID)); taken {
		t.fail(fmt.Errorf("the id %s is taken", r.ID)) // once in 2^32 tokens
	}
	if r.IsPersonal() {
		p := person(t, r.Owner)
		if !p.IsKnown() || mayNotSignIn(t, r.Owner, p) {
			t.fail(people.ErrUnknown)
		}
		list, good := tokenList(t, r.Owner), 0
		list.IDs = slices.DeleteFunc(list.IDs, func(id token.ID) bool {
			stored, kept := keptToken(t, id, now)
			if kept && (stored.Expires == 0 || stored.Expires > codec.Millis(now)) {
				good++
			}
			return !kept
		})
		if good >= token.MaxPersonal {
			t.fail(token.ErrFull)
		}
		list.IDs = append(list.IDs, r.ID)
		saveTokenList(t, r.Owner, list)
	} else {
		takeName(t, r.ID, made, now)
	}
	saveToken(t, r.ID, made)
}

// isMade reports whether that very token is there.
func isMade(t *tx, r token.Record) bool {
	before, found := load[codec.Token](t, tokenKey(r.ID))
	return found && before.Sum == r.Sum
}

// RotateToken implements token.Store.
func (s Steps) RotateToken(ctx context.Context, id token.ID, sum token.Sum, expires, formerUntil, now time.Time) (token.Record, error) {
	return result(ctx, s.change("rotate_token"), []Key{tokenKey(id)}, func(t *tx) token.Record {
		stored, found := keptToken(t, id, now)
		switch {
		case !found:
			t.fail(token.ErrUnknown)
			return token.Record{}
		case stored.Sum != sum:
			t.changed(stored.Keys()...) // each text has another end now, or none
			stored.Former, stored.Sum, stored.FormerUntil = stored.Sum, sum, codec.Millis(formerUntil)
			if stored.Expires != 0 { // which a text that leaks later must not outlive
				stored.FormerUntil = min(stored.FormerUntil, stored.Expires)
			}
			stored.Rotated = codec.Millis(now)
			stored.Expires = 0
			if !expires.IsZero() {
				stored.Expires = codec.Millis(expires)
			}
			holdName(t, id, stored)
			saveToken(t, id, stored)
		}
		return unpackToken(t, id, stored, nil)
	})
}

// EndToken implements token.Store.
func (s Steps) EndToken(ctx context.Context, id token.ID, of address.Address, now time.Time) (token.Record, error) {
	return result(ctx, s.change("end_token"), []Key{tokenKey(id)}, func(t *tx) token.Record {
		stored, found := keptToken(t, id, now)
		if !found || of != "" && of != stored.Owner {
			t.fail(token.ErrUnknown)
			return token.Record{}
		}
		dropToken(t, id, stored)
		if stored.Owner != "" {
			list := tokenList(t, stored.Owner)
			list.Drop(id)
			saveTokenList(t, stored.Owner, list)
		}
		return unpackToken(t, id, stored, nil)
	})
}

func dropToken(t *tx, id token.ID, stored codec.Token) {
	for _, key := range stored.Keys() {
		t.ended(key)
	}
	t.delete(tokenKey(id))
	dropName(t, id, stored)
}

// endTokens ends all tokens of somebody.
func endTokens(t *tx, who address.Address) (ended int) {
	list := tokenList(t, who)
	for _, id := range list.IDs {
		if stored, found := load[codec.Token](t, tokenKey(id)); found {
			dropToken(t, id, stored)
			ended++
		}
	}
	t.delete(tokenListKey(who))
	return ended
}

// moveTokens takes the tokens of somebody along to another address.
func moveTokens(t *tx, from, to address.Address) {
	list := tokenList(t, from)
	if len(list.IDs) == 0 {
		return
	}
	for _, id := range list.IDs {
		if stored, found := load[codec.Token](t, tokenKey(id)); found {
			for _, key := range stored.Keys() {
				t.ended(key) // what instances know of it is another person's
			}
			stored.Owner = to
			saveToken(t, id, stored)
		}
	}
	t.delete(tokenListKey(from))
	saveTokenList(t, to, list)
}

// followTokens has all instances ask again about the owner of somebody's tokens.
func followTokens(t *tx, who address.Address) {
	for _, id := range tokenList(t, who).IDs {
		if stored, found := load[codec.Token](t, tokenKey(id)); found {
			t.changed(stored.Keys()...)
		}
	}
}

// UseToken implements token.Store.
func (s Steps) UseToken(ctx context.Context, id token.ID, network string, now time.Time) (first bool, err error) {
	return result(ctx, s.change("use_token"), []Key{tokenKey(id)}, func(t *tx) bool {
		stored, found := keptToken(t, id, now)
		if !found {
			return false
		}
		r := unpackToken(t, id, stored, nil)
		first, changed := r.NoteUse(network, now)
		if changed {
			saveToken(t, id, codec.PackToken(r))
		}
		return first
	})
}

// CountRefusal implements token.Store.
func (s Steps) CountRefusal(ctx context.Context, client limit.Use, now time.Time) (time.Duration, error) {
	use := limited(clientLimit, client)
	return result(ctx, s.change("count_refusal"), []Key{LimitKey(use)}, func(t *tx) time.Duration { return t.take(use, now) })
}
