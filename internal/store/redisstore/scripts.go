package redisstore

import (
	"context"
	"crypto/sha1"
	_ "embed"
	"encoding/hex"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed common.lua
var commonScript string

//go:embed ask.lua
var askScript string

//go:embed redeem.lua
var redeemScript string

//go:embed look.lua
var lookScript string

//go:embed end.lua
var endScript string

//go:embed touch.lua
var touchScript string

//go:embed list.lua
var listScript string

//go:embed check.lua
var checkScript string

// script is one step.
type script struct {
	source string
	hash   string // under which Redis knows it
}

func newScript(source string) script {
	source = commonScript + source
	sum := sha1.Sum([]byte(source))
	return script{source: source, hash: hex.EncodeToString(sum[:])}
}

// The steps.
var (
	askStep    = newScript(askScript)
	redeemStep = newScript(redeemScript)
	lookStep   = newScript(lookScript)
	endStep    = newScript(endScript)
	touchStep  = newScript(touchScript)
	listStep   = newScript(listScript)
	checkStep  = newScript(checkScript)
)

// movingPause is how long to wait before a step is tried again that no node of
// a cluster takes because its keys are on their way from one to another. It is
// given up after half of the time that an operation has: what is left is for
// the last answer to come, so that it is known that nothing was done.
const movingPause = 20 * time.Millisecond

// eval runs a step, once: it is repeated only after an answer that says that
// it was not done.
func (s *Store) eval(ctx context.Context, step script, encoded []byte) (any, error) {
	patience, cancel := context.WithTimeout(ctx, s.timeout/2)
	defer cancel()
	for {
		answer, err := s.evalOnce(ctx, "evalsha", step.hash, encoded)
		if redis.HasErrorPrefix(err, "NOSCRIPT") {
			answer, err = s.evalOnce(ctx, "eval", step.source, encoded)
		}
		if !isMoving(err) || !pause(patience, movingPause) {
			return answer, err
		}
	}
}

func (s *Store) evalOnce(ctx context.Context, command, step string, encoded []byte) (any, error) {
	// The second key: see common.lua.
	call := onceCommand{redis.NewCmd(ctx, command, step, 2, s.base, s.base+"2", encoded)}
	call.SetFirstKeyPos(3)
	err := s.client.Process(ctx, call)
	return call.Val(), err
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
