package testkit

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Program is a program that runs. It dies with the process that started it,
// whatever becomes of that. Its methods are safe for concurrent use.
type Program struct {
	Stdout, Stderr *Transcript
	Ended          chan struct{} // closed when the program is gone
	Err            error         // how it ended; valid once Ended is closed

	command *exec.Cmd
}

// launches are run by one goroutine on a thread that never ends: programs are
// told to die with the thread that started them.
var launches = sync.OnceValue(func() chan<- func() {
	queue := make(chan func())
	go launch(queue)
	return queue
})

// launch never ends; tests that look for goroutines that are left may ignore it.
func launch(queue <-chan func()) {
	runtime.LockOSThread()
	for start := range queue {
		start()
	}
}

// Run starts a program. What it writes goes to its transcripts, unless the
// command says otherwise.
func Run(command *exec.Cmd) (*Program, error) {
	p := &Program{Stdout: new(Transcript), Stderr: new(Transcript), Ended: make(chan struct{}), command: command}
	if command.Stdout == nil {
		command.Stdout = p.Stdout
	}
	if command.Stderr == nil {
		command.Stderr = p.Stderr
	}
	if command.SysProcAttr == nil {
		command.SysProcAttr = new(syscall.SysProcAttr)
	}
	command.SysProcAttr.Pdeathsig = syscall.SIGKILL
	started := make(chan error)
	launches() <- func() { started <- command.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", filepath.Base(command.Path), err)
	}
	go func() {
		p.Err = command.Wait()
		close(p.Ended)
	}()
	return p, nil
}

// HasEnded reports whether the program is gone.
func (p *Program) HasEnded() bool {
	select {
	case <-p.Ended:
		return true
	default:
		return false
	}
}

// Stop asks the program to end, and kills it if it takes longer than given. It
// reports whether the program ended by itself.
func (p *Program) Stop(within time.Duration) bool {
	_ = p.Signal(syscall.SIGTERM) // an error means that it is gone
	select {
	case <-p.Ended:
		return true
	case <-time.After(within):
		p.Kill()
		return false
	}
}

// Kill ends the program without letting it do anything more.
func (p *Program) Kill() {
	_ = p.Signal(syscall.SIGKILL) // an error means that it is gone
	<-p.Ended
}

// Signal sends a signal to the program.
func (p *Program) Signal(s syscall.Signal) error { return p.command.Process.Signal(s) }

// PID is the number of the process.
func (p *Program) PID() int { return p.command.Process.Pid }

// Output is all that the program wrote so far.
func (p *Program) Output() string { return p.Stdout.String() + p.Stderr.String() }

// Transcript is what was written so far. It is safe for concurrent use.
type Transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (w *Transcript) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

// String implements fmt.Stringer.
func (w *Transcript) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}
