package redisstore

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
	"github.com/doorpost-auth/doorpost/internal/token"
)

func TestAPageOfTenThousandServicesIsThreeCalls(t *testing.T) {
	server := redistest.Single(t)
	store := open(t, Options{URLs: []string{server.URL()}})
	write, now := server.Client().Pipeline(), time.Now().Truncate(time.Millisecond)
	textFor := func(record any) string {
		encoded, err := codec.Encode(record)
		if err != nil {
			t.Fatal(err)
		}
		return textOf(steps.Record{Value: encoded})
	}
	for i := range 10_000 {
		id, name := token.NewID(), fmt.Sprintf("service-%04d", i)
		r := token.Record{Token: token.Token{ID: id, Name: name, Sites: []string{"https://app.example.com"}, Made: now}}
		write.Set(t.Context(), store.base+"tokens:"+string(id), textFor(codec.PackToken(r)), 0)
		write.Set(t.Context(), store.base+"token_names:"+name, textFor(id), 0)
		write.Do(t.Context(), "ZADD", store.base+"token_names", 0, name)
	}
	if _, err := write.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		query token.Query
		found int
		last  string
		want  map[string]int
	}{
		"first page": {token.Query{Max: 50}, 50, "service-0049", map[string]int{"zrangebylex": 1, "mget": 2}},
		"late page":  {token.Query{After: "service-5000", Max: 50}, 50, "service-5050", map[string]int{"zrangebylex": 1, "mget": 2}},
		"the last":   {token.Query{Search: "-9999", Max: 50}, 1, "service-9999", map[string]int{"zrangebylex": 11, "mget": 2}},
	} {
		var page token.Page
		var err error
		calls := roundTrips(t, server, func() { page, err = store.Services(t.Context(), c.query, now) })
		if err != nil || len(page.Tokens) != c.found || page.Tokens[c.found-1].Name != c.last {
			t.Errorf("%s has %d services, %v", name, len(page.Tokens), err)
		}
		if !maps.Equal(calls, c.want) {
			t.Errorf("%s asks the server %v, want %v", name, calls, c.want)
		}
	}
}
