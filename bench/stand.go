package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
)

// stand is what all measurements work with.
type stand struct {
	ctx      context.Context
	folder   string // for everything that is written; gone at the end
	programs programs
	rounds   int
	duration time.Duration // of one load
	quick    bool
	secret   []byte
	ring     keys.Ring
	upstream string // address of an app that answers 1 KiB
	stops    []func()
	figures  figures
	crowd    crowd // see million
}

func newStand(ctx context.Context, folder string) (*stand, error) {
	s := &stand{ctx: ctx, folder: folder, secret: keys.Generate()}
	var err error
	if s.ring, err = keys.NewRing(s.secret); err != nil {
		return nil, err
	}
	// redis-server and others that make folders of their own make them here.
	if err := os.Setenv("TMPDIR", folder); err != nil {
		return nil, err
	}
	if s.programs, err = buildPrograms(ctx, folder); err != nil {
		return nil, err
	}
	return s, nil
}

// close ends what was started for all measurements.
func (s *stand) close() {
	for _, stop := range s.stops {
		stop()
	}
}

// size is how many of something to make: a tenth of it in a quick run.
func (s *stand) size(n int) int {
	if s.quick {
		return n / 10
	}
	return n
}

func (s *stand) path(name string) string { return filepath.Join(s.folder, name) }

// environment is that of all programs: it knows nothing of whoever runs this.
func (s *stand) environment() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "XDG_DATA_HOME=" + s.path("data"), "XDG_CONFIG_HOME=" + s.path("config"),
		"TMPDIR=" + s.folder, "DOORPOST_SECRET=" + hex.EncodeToString(s.secret),
	}
}

// half are the cores of the machine that the gateways have (the first half) or
// everything else has (the second), as taskset names them. Two that take cores
// from one another would measure that.
func half(second bool) string {
	n := runtime.NumCPU()
	switch {
	case n < 2:
		return "0"
	case second:
		return fmt.Sprintf("%d-%d", n/2, n-1)
	}
	return fmt.Sprintf("0-%d", n/2-1)
}

// onCores makes a command that runs on some cores and dies with us.
func (s *stand) onCores(cores, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.ctx, "taskset", append([]string{"-c", cores, name}, args...)...)
	cmd.Env, cmd.Dir = s.environment(), s.folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// freePort finds a port of this machine that nothing listens on.
func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port), nil
}
