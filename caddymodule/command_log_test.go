package caddymodule

import (
	"errors"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// A command's log comes out at its end, in its order and but for the one line, also if the
// log was held more than once.
func TestALogThatIsHeldLosesTheOneLineOnly(t *testing.T) {
	core, seen := observer.New(zapcore.DebugLevel)
	_, usual, _ := caddy.BufferedLog()
	caddy.UnbufferDefaultLogger(zap.New(core))
	t.Cleanup(func() {
		caddy.BufferedLog()
		caddy.UnbufferDefaultLogger(usual)
	})
	l := new(commandLog)
	l.hold()
	caddy.Log().Info("first")
	setEndingCommand(l)
	if err := errors.New("ours"); told(err) != err || told(nil) != nil {
		t.Error("an error of ours is another")
	}
	setEndingCommand(nil)
	caddy.Log().Error("the path to it: ours", zap.Int("n", 1))
	caddy.Log().Warn("last", zap.Int("n", 2))
	if seen.Len() != 0 {
		t.Fatalf("before the end there is %v", seen.All())
	}
	l.release("the path to it: ours")
	caddy.Log().Info("after")
	var got []string
	for _, entry := range seen.All() {
		got = append(got, entry.Message)
	}
	if len(got) != 3 || got[0] != "first" || got[1] != "last" || got[2] != "after" || seen.All()[1].ContextMap()["n"] != int64(2) {
		t.Errorf("logged is %q", got)
	}
}
