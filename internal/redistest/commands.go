package redistest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// Wipe empties the server.
func (s *Server) Wipe(t testing.TB) {
	t.Helper()
	s.Do(t, "FLUSHALL")
}

// Set changes an option of the running server.
func (s *Server) Set(t testing.TB, option, value string) {
	t.Helper()
	s.Do(t, "CONFIG", "SET", option, value)
}

// RequirePassword changes the password of the default user and drops the
// connections of all clients.
func (s *Server) RequirePassword(t testing.TB, password string) {
	t.Helper()
	s.Set(t, "requirepass", password)
	s.mu.Lock()
	s.password = password
	s.mu.Unlock()
	s.Do(t, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
}

// AddUser makes a user with the rules given, in the words of ACL SETUSER.
func (s *Server) AddUser(t testing.TB, name, password string, rules ...string) {
	t.Helper()
	command := []any{"ACL", "SETUSER", name, "reset", "on", ">" + password}
	for _, rule := range rules {
		command = append(command, rule)
	}
	s.Do(t, command...)
}

// Info returns the fields of a section of INFO.
func (s *Server) Info(section string) (map[string]string, error) {
	text, err := s.Client().Info(context.Background(), section).Result()
	if err != nil {
		return nil, fmt.Errorf("INFO %s: %w", section, err)
	}
	fields := make(map[string]string)
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			fields[name] = value
		}
	}
	return fields, nil
}

// Calls returns how often each command was called by clients and by scripts,
// by its name in lower case.
func (s *Server) Calls(t testing.TB) map[string]int {
	t.Helper()
	fields, err := s.Info("commandstats")
	if err != nil {
		t.Fatal(err)
	}
	calls := make(map[string]int)
	for name, value := range fields {
		count, _, _ := strings.Cut(strings.TrimPrefix(value, "calls="), ",")
		n, err := strconv.Atoi(count)
		if err != nil {
			t.Fatalf("INFO commandstats has %s:%s", name, value)
		}
		calls[strings.TrimPrefix(name, "cmdstat_")] = n
	}
	return calls
}

// Connections counts the connections of clients that bear a name.
func (s *Server) Connections(t testing.TB, name string) int {
	t.Helper()
	list, err := s.Client().ClientList(context.Background()).Result()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(list, " name="+name+" ")
}

// AwaitReplicas waits until all replicas of a master have what it was told so far.
func (s *Server) AwaitReplicas(t testing.TB) {
	t.Helper()
	offset := func(fields map[string]string, name string) int {
		n, _ := strconv.Atoi(fields[name])
		return n
	}
	told, err := s.Info("replication")
	if err != nil {
		t.Fatal(err)
	}
	Await(t, startTime, "the replicas have what the master was told", func() bool {
		fields, err := s.Info("replication")
		if err != nil || offset(fields, "connected_slaves") == 0 {
			return false
		}
		for i := range offset(fields, "connected_slaves") {
			_, has, _ := strings.Cut(fields["slave"+strconv.Itoa(i)], "offset=")
			has, _, _ = strings.Cut(has, ",")
			if n, err := strconv.Atoi(has); err != nil || n < offset(told, "master_repl_offset") {
				return false
			}
		}
		return true
	})
}
