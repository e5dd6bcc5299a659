package caddymodule

import (
	"sync"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// commandLog holds back what a command of Caddy's logs until its end. Caddy logs the error of
// a command as the last thing, with the path through all modules; where it is ours, it is
// printed by itself, and that line is left out.
//
// A configuration brings its own log with it as it loads, and Caddy logs the error of loading
// there. So the log is held anew at each error of ours, until a configuration runs.
type commandLog struct {
	mu    sync.Mutex
	usual *zap.Logger
	lines []interface{ FlushTo(*zap.Logger) }
}

// endingCommand is the log of the command that may end with an error of ours, nil for none.
var (
	endingCommand   *commandLog
	endingCommandMu sync.Mutex
)

func setEndingCommand(l *commandLog) {
	endingCommandMu.Lock()
	defer endingCommandMu.Unlock()
	endingCommand = l
}

// told is an error of ours that may end a command.
func told(err error) error {
	endingCommandMu.Lock()
	defer endingCommandMu.Unlock()
	if err != nil && endingCommand != nil && caddy.ActiveContext().Context == nil {
		endingCommand.hold()
	}
	return err
}

// hold holds back what is logged from now on.
func (l *commandLog) hold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, usual, lines := caddy.BufferedLog()
	if _, held := usual.Core().(interface{ FlushTo(*zap.Logger) }); !held {
		l.usual = usual
	}
	l.lines = append(l.lines, lines)
}

// release logs what was held back, but for one line.
func (l *commandLog) release(without string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rest := l.usual.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core { return leavesOut{core, without} }))
	for _, lines := range l.lines {
		lines.FlushTo(rest)
	}
	caddy.UnbufferDefaultLogger(l.usual)
}

// leavesOut is a log without a line.
type leavesOut struct {
	zapcore.Core
	line string
}

// Check implements zapcore.Core.
func (l leavesOut) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if entry.Message == l.line {
		return checked
	}
	return l.Core.Check(entry, checked)
}

// With implements zapcore.Core.
func (l leavesOut) With(fields []zapcore.Field) zapcore.Core {
	return leavesOut{l.Core.With(fields), l.line}
}
