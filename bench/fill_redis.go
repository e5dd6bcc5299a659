package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/store/redisstore"
	"github.com/redis/go-redis/v9"
)

// writeRedis makes a server in which people are signed in at an origin. What the
// store writes of the first person of each standing is written of all others,
// with their names in it, which are as long. So everybody has as many sessions.
func writeRedis(ctx context.Context, server *redistest.Server, origin string, signedIn []person) error {
	client := server.Client()
	all := byPerson(signedIn)
	models := make(map[*people.Standing]model)
	for _, sessions := range all {
		if _, found := models[sessions[0].standing]; found {
			continue
		}
		made, err := newModel(ctx, server, origin, sessions)
		if err != nil {
			return err
		}
		models[sessions[0].standing] = made
	}
	for some := range slices.Chunk(all, 1000) {
		_, err := client.Pipelined(ctx, func(write redis.Pipeliner) error {
			for _, sessions := range some {
				models[sessions[0].standing].write(ctx, write, sessions)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("writing sessions to redis: %w", err)
		}
	}
	return nil
}

// byPerson are the sessions of each person.
func byPerson(signedIn []person) (all [][]person) {
	for len(signedIn) > 0 {
		n := slices.IndexFunc(signedIn, func(p person) bool { return p.address != signedIn[0].address })
		if n < 0 {
			n = len(signedIn)
		}
		all, signedIn = append(all, signedIn[:n]), signedIn[n:]
	}
	return all
}

// model is what the store keeps of one person: keys, and what they hold.
type model struct {
	names  []string // of the person and their sessions
	index  string   // key of the set of all addresses
	values []modelValue
}

type modelValue struct {
	key, value string
	life       time.Duration // none for what is kept for good
}

// namesIn are the names that stand in what Redis keeps of a person.
func namesIn(sessions []person) []string {
	names := []string{string(sessions[0].address)}
	for _, s := range sessions {
		names = append(names, base64.RawURLEncoding.EncodeToString(s.key[:]))
	}
	return names
}

// newModel signs somebody in, reads what is kept of them, and empties the server.
func newModel(ctx context.Context, server *redistest.Server, origin string, sessions []person) (made model, err error) {
	if err := signInAt(ctx, server, origin, sessions); err != nil {
		return made, err
	}
	client := server.Client()
	made.names = namesIn(sessions)
	found, err := client.Keys(ctx, "*:u:"+made.names[0]).Result()
	if err != nil {
		return made, fmt.Errorf("looking for a person in redis: %w", err)
	}
	if len(found) != 1 {
		return made, fmt.Errorf("looking for a person in redis: %d found", len(found))
	}
	base := strings.TrimSuffix(found[0], "u:"+made.names[0])
	made.index = base + "people"
	keys := found
	for _, name := range made.names[1:] {
		keys = append(keys, base+"s:"+name)
	}
	for _, key := range keys {
		value, err := client.Get(ctx, key).Result()
		if err != nil {
			return made, fmt.Errorf("reading %s from redis: %w", key, err)
		}
		life, err := client.PTTL(ctx, key).Result()
		if err != nil {
			return made, fmt.Errorf("reading how long redis keeps %s: %w", key, err)
		}
		made.values = append(made.values, modelValue{key, value, max(life, 0)})
	}
	return made, client.FlushAll(ctx).Err() // links, requests and messages
}

// signInAt signs somebody in at an origin, with all of their sessions.
func signInAt(ctx context.Context, server *redistest.Server, origin string, sessions []person) error {
	store, err := redisstore.Open(redisstore.Options{URLs: []string{server.URL()}}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer store.Close()
	for i, p := range sessions {
		v := newVisit(i)
		v.id, v.asking.Request.Site = p.id, origin
		v.asking.Request.Address, v.asking.Request.Typed, v.asking.Message.To = p.address, string(p.address), p.address
		if err := v.signIn(ctx, store); err != nil {
			return err
		}
	}
	if standing := sessions[0].standing; standing != nil {
		_, err = store.ChangePerson(ctx, sessions[0].address, time.Now(), func(p *people.Person) error {
			p.Standing = *standing
			return nil
		})
	}
	return err
}

// write writes the same of somebody else.
func (m model) write(ctx context.Context, to redis.Pipeliner, sessions []person) {
	var pairs []string
	for i, name := range namesIn(sessions) {
		pairs = append(pairs, m.names[i], name)
	}
	others := strings.NewReplacer(pairs...)
	for _, v := range m.values {
		to.Set(ctx, others.Replace(v.key), others.Replace(v.value), v.life)
	}
	to.ZAdd(ctx, m.index, redis.Z{Member: string(sessions[0].address)})
}
