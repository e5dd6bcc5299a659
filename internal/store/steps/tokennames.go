package steps

import (
	"context"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/store/codec"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// tokenNames are by the name of a service; the record is the id of its token. People may give
// several of theirs one name.
var tokenNames = newTable("token_names")

// tokenNameKey is the same for names that an app may take for one another.
func tokenNameKey(name string) Key { return Key{tokenNames, strings.ToLower(name)} }

// Services implements token.Store.
func (s Steps) Services(ctx context.Context, q token.Query, now time.Time) (token.Page, error) {
	return result(ctx, s.look("services"), nil, func(t *tx) (page token.Page) {
		var names []string
		names, page.Next = findIDs(t, tokenNames, q.Search, q.After, pageOf(q.Max))
		fetchAll(t, tokenNames, names)
		var ids []token.ID
		for _, name := range names {
			if id, found := load[token.ID](t, Key{tokenNames, name}); found {
				ids = append(ids, id)
			}
		}
		page.Tokens = keptTokens(t, ids, now)
		return page
	})
}

// takeName gives a new token the name of its service, for as long as it is in lists.
func takeName(t *tx, id token.ID, stored codec.Token, now time.Time) {
	if holder, taken := load[token.ID](t, tokenNameKey(stored.Name)); taken {
		if _, kept := keptToken(t, holder, now); kept {
			t.fail(token.NameTaken(holder))
		}
	}
	saveName(t, id, stored)
}

// holdName has a token, whose end has changed, keep the name that it has.
func holdName(t *tx, id token.ID, stored codec.Token) {
	if holder, _ := load[token.ID](t, tokenNameKey(stored.Name)); holder == id {
		saveName(t, id, stored)
	}
}

// dropName gives back the name that a token has.
func dropName(t *tx, id token.ID, stored codec.Token) {
	if holder, _ := load[token.ID](t, tokenNameKey(stored.Name)); holder == id {
		t.delete(tokenNameKey(stored.Name))
	}
}

func saveName(t *tx, id token.ID, stored codec.Token) {
	save(t, tokenNameKey(stored.Name), id, keptUntil(stored), tokenKey(id))
}
