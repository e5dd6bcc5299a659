package main

import (
	"fmt"
	"os"
	"path/filepath"
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
		var ran time.Duration
		if _, err := fmt.Sscan(string(content), &ran); err != nil {
			return 0, fmt.Errorf("reading the CPU time of process %d: %w", pid, err)
		}
		sum += ran
	}
	return sum, nil
}

// ownMemory is what a process has in memory that nobody else has, in bytes, once
// it has stopped changing: heap and stacks, not pages of files.
func ownMemory(pid int) (bytes float64, err error) {
	const pause, patience = 500 * time.Millisecond, 20
	for range patience {
		before := bytes
		value := firstValue(fmt.Sprintf("/proc/%d/status", pid), "RssAnon")
		if _, err := fmt.Sscan(strings.TrimSuffix(value, "kB"), &bytes); err != nil {
			return 0, fmt.Errorf("reading the memory of process %d: %w", pid, err)
		}
		bytes *= 1024
		if change := bytes - before; change < 0.005*bytes && -change < 0.005*bytes {
			break
		}
		time.Sleep(pause) // between two looks
	}
	return bytes, nil
}
