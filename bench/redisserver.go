package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// redisCPU is the CPU time of a server since its start.
func redisCPU(server *redistest.Server) (time.Duration, error) {
	info, err := server.Info("server")
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(info["process_id"])
	if err != nil {
		return 0, fmt.Errorf("looking for the process of Redis: %w", err)
	}
	return cpuTime(pid)
}

// usedMemory is how many bytes a server has in use.
func usedMemory(server *redistest.Server) (int64, error) {
	info, err := server.Info("memory")
	if err != nil {
		return 0, err
	}
	used, err := strconv.ParseInt(info["used_memory"], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading how much memory Redis uses: %w", err)
	}
	return used, nil
}

// commandCalls is how often the server ran some commands, for clients and in
// scripts.
func commandCalls(server *redistest.Server, names ...string) (calls int, err error) {
	fields, err := server.Info("commandstats")
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		n, err := callsIn(fields["cmdstat_"+name])
		if err != nil {
			return 0, fmt.Errorf("INFO commandstats of Redis: %w", err)
		}
		calls += n
	}
	return calls, nil
}

// callsIn reads "calls=3,usec=…"; a command that was never called has no field.
func callsIn(field string) (int, error) {
	if field == "" {
		return 0, nil
	}
	var n int
	if _, err := fmt.Sscanf(field, "calls=%d,", &n); err != nil {
		return 0, fmt.Errorf("reading %s: %w", strconv.Quote(field), err)
	}
	return n, nil
}
