package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	caddyModule = "github.com/caddyserver/caddy/v2"
	ourModule   = "github.com/doorpost-auth/doorpost"
)

// programs are the two that are compared: Caddy as its makers build it, in the
// version and with the libraries of our go.mod, and the same with Doorpost.
type programs struct{ bare, gate string }

// buildPrograms builds both in a folder, in the same way.
func buildPrograms(ctx context.Context, folder string) (programs, error) {
	p := programs{bare: filepath.Join(folder, "caddy"), gate: filepath.Join(folder, "doorpost")}
	for path, source := range map[string]string{p.bare: caddyModule + "/cmd/caddy", p.gate: ourModule + "/cmd/doorpost"} {
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", path, source)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		if err := build.Run(); err != nil {
			return p, fmt.Errorf("building %s: %w", source, err)
		}
	}
	return p, nil
}
