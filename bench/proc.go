package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// cpuTime is how long all threads of a process have run, in user and system
// mode. It counts nanoseconds, where /proc/<pid>/stat counts hundredths of a
// second. A thread that ended is not counted any more; those of Go stay.
func cpuTime(pid int) (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		return 0, fmt.Errorf("reading the CPU time of process %d: there is no /proc/%d/task/*/schedstat; this needs Linux", pid, pid)
	}
	var sum time.Duration
	for _, thread := range threads {
		content, err := os.ReadFile(thread)
		if err != nil {
			continue // a thread that ended just now
		}
		ran, _, _ := strings.Cut(string(content), " ")
		nanoseconds, err := strconv.ParseInt(ran, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading the CPU time of process %d: %w", pid, err)
		}
		sum += time.Duration(nanoseconds)
	}
	return sum, nil
}

// memory is what of a process is in memory, in bytes.
type memory struct {
	own  float64 // heap, stacks: what nobody else has
	file float64 // pages of files: the program itself, the store
}

func (m memory) all() float64 { return m.own + m.file }

func memoryOf(pid int) (memory, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return memory{}, fmt.Errorf("reading the memory of a process: %w", err)
	}
	return memory{own: statusField(content, "RssAnon"), file: statusField(content, "RssFile")}, nil
}

// statusField reads one size of a status file of /proc.
func statusField(content []byte, name string) float64 {
	for line := range strings.Lines(string(content)) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			kilobytes, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 64)
			return kilobytes * 1024
		}
	}
	return 0
}
