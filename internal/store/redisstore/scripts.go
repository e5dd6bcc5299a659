package redisstore

import (
	"context"
	"crypto/sha1"
	"embed"
	"encoding/hex"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed *.lua
var scripts embed.FS

// script is one that Redis runs as a whole.
type script struct {
	source string
	hash   string // under which Redis knows it
}

// newScript puts a script together from its parts.
func newScript(parts ...string) script {
	var source strings.Builder
	for _, part := range append([]string{"common"}, parts...) {
		text, err := scripts.ReadFile(part + ".lua")
		if err != nil {
			panic(err) // the names are constants
		}
		source.Write(text)
	}
	sum := sha1.Sum([]byte(source.String()))
	return script{source: source.String(), hash: hex.EncodeToString(sum[:])}
}

// The scripts. None of them knows what a record means.
var (
	readStep   = newScript("read")
	commitStep = newScript("commit")
	scanStep   = newScript("scan")
	itemsStep  = newScript("items")

	claimStep   = newScript("outbox", "claim")
	releaseStep = newScript("outbox", "release")
	checkStep   = newScript("outbox", "check")
)

// movingPause is how long to wait before a step is tried again that no node of
// a cluster takes because its keys are on their way from one to another. It is
// given up after half of the time that an operation has: what is left is for
// the last answer to come, so that it is known that nothing was done.
const movingPause = 20 * time.Millisecond

// eval runs a step, once: it is repeated only after an answer that says that
// it was not done.
func (s *Store) eval(ctx context.Context, step script, arguments ...any) (any, error) {
	patience := time.Now().Add(s.timeout / 2)
	for {
		answer, err := s.evalOnce(ctx, "evalsha", step.hash, arguments)
		if redis.HasErrorPrefix(err, "NOSCRIPT") {
			answer, err = s.evalOnce(ctx, "eval", step.source, arguments)
		}
		if !isMoving(err) || time.Now().After(patience) || !pause(ctx, movingPause) {
			return answer, err
		}
	}
}

func (s *Store) evalOnce(ctx context.Context, command, step string, arguments []any) (any, error) {
	// The second key: see common.lua.
	words := append([]any{command, step, 2, s.base, s.base + "2"}, arguments...)
	call := onceCommand{redis.NewCmd(ctx, words...)}
	call.SetFirstKeyPos(3)
	if err := s.client.Process(ctx, call); err != nil {
		return nil, err
	}
	return call.Val(), nil
}

// onceCommand is a command that a client does not send again by itself after
// its answer was lost, which one for a cluster does otherwise.
type onceCommand struct{ *redis.Cmd }

// NoRetry implements redis.Cmder.
func (onceCommand) NoRetry() bool { return true }

// isMoving recognizes the answers of a cluster whose slots move.
func isMoving(err error) bool {
	_, moved := redis.IsMovedError(err)
	_, ask := redis.IsAskError(err)
	return moved || ask || redis.IsTryAgainError(err)
}
