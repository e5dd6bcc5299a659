package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// describeMachine says where and of what the results are.
func describeMachine(ctx context.Context, folder string) [][2]string {
	return [][2]string{
		{"date", time.Now().UTC().Format("2006-01-02 15:04 UTC")},
		{"commit", commit(ctx)},
		{"processor", fmt.Sprintf("%s, %d cores", processor(), runtime.NumCPU())},
		{"memory", fmt.Sprintf("%.0f GiB", totalMemory()/(1<<30))},
		{"system", said(ctx, "uname", "-srm") + ", stores on " + fileSystem(folder)},
		{"versions", strings.Join([]string{
			runtime.Version(), "Caddy " + said(ctx, "go", "list", "-m", "-f", "{{.Version}}", caddyModule),
			"Redis " + redisVersion(ctx), "bbolt " + said(ctx, "go", "list", "-m", "-f", "{{.Version}}", "go.etcd.io/bbolt"),
		}, ", ")},
	}
}

// said is what a command prints, "unknown" if it fails.
func said(ctx context.Context, name string, args ...string) string {
	printed, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(printed))
}

func commit(ctx context.Context) string {
	id := said(ctx, "git", "rev-parse", "--short=12", "HEAD")
	if changed := said(ctx, "git", "status", "--porcelain", "--untracked-files=no"); changed != "" && changed != "unknown" {
		id += ", with changes that are not committed"
	}
	return id
}

func processor() string {
	content, _ := os.ReadFile("/proc/cpuinfo") // where there is none, the results say so
	for line := range strings.Lines(string(content)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

func totalMemory() float64 {
	content, _ := os.ReadFile("/proc/meminfo")
	return statusField(content, "MemTotal")
}

// fileSystem names what a folder lies on: a write that is durable costs
// nothing on one that lies in memory.
func fileSystem(folder string) string {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(folder, &stat); err != nil {
		return "unknown file system"
	}
	names := map[int64]string{0xef53: "ext4", 0x58465342: "xfs", 0x9123683e: "btrfs", 0x01021994: "tmpfs (in memory: durable writes cost nothing here)", 0x794c7630: "overlayfs"}
	if name, known := names[int64(stat.Type)]; known {
		return name
	}
	return fmt.Sprintf("file system %x", stat.Type)
}

// redisVersion is "7.0.15" of "Redis server v=7.0.15 sha=…".
func redisVersion(ctx context.Context) string {
	_, version, _ := strings.Cut(said(ctx, "redis-server", "--version"), "v=")
	version, _, _ = strings.Cut(version, " ")
	return version
}
