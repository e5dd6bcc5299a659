package testkit

import (
	"crypto/tls"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// trusting is a client's side of TLS that trusts the server alone.
func trusting(s *MailServer) *tls.Config {
	return &tls.Config{RootCAs: s.Roots, ServerName: "localhost"}
}

func TestNoPortIsGivenTwiceAndAllAreFree(t *testing.T) {
	seen := make(map[string]bool)
	for range 50 {
		port := FreePort()
		listener, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil || seen[port] {
			t.Fatalf("port %s was given before (%v) or is in use: %v", port, seen[port], err)
		}
		listener.Close()
		seen[port] = true
	}
}

func TestAConditionIsAwaited(t *testing.T) {
	n := 0
	if !HoldsWithin(time.Minute, func() bool { n++; return n == 3 }) || n != 3 {
		t.Errorf("the condition was looked at %d times", n)
	}
	if HoldsWithin(30*time.Millisecond, func() bool { return false }) {
		t.Error("a condition that never holds was said to hold")
	}
}

func TestAProgramIsStoppedOrKilled(t *testing.T) {
	willing, err := Run(exec.Command("sh", "-c", "echo up; echo down >&2; exec sleep 60"))
	if err != nil {
		t.Fatal(err)
	}
	stubborn, err := Run(exec.Command("sh", "-c", `trap "" TERM; echo up; while :; do sleep 1; done`))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*Program{willing, stubborn} {
		Await(t, time.Minute, "the program writes", func() bool {
			return strings.HasPrefix(p.Output(), "up\n") && (p == stubborn || strings.HasSuffix(p.Output(), "down\n"))
		})
	}
	if !willing.Stop(time.Minute) || !willing.HasEnded() || willing.Err == nil || willing.Output() != "up\ndown\n" {
		t.Errorf("a program that was asked to stop wrote %q and ended with %v", willing.Output(), willing.Err)
	}
	if stubborn.HasEnded() || stubborn.Stop(50*time.Millisecond) || !stubborn.HasEnded() {
		t.Error("a program that does not stop was not killed")
	}
	if stubborn.Signal(syscall.SIGTERM) == nil {
		t.Error("a program that is gone takes a signal")
	}
	if _, err := Run(exec.Command("/no/such/program")); err == nil {
		t.Error("a program that is not there was started")
	}
}
