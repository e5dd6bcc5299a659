package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// startTime is how long a server may take to answer after its start.
const startTime = 30 * time.Second

// Server is one redis-server. Its methods are safe for concurrent use.
type Server struct {
	Address string // host:port

	args   []string
	folder string

	mu       sync.Mutex
	process  *testkit.Program
	client   *redis.Client
	username string
	password string
}

// Single starts a server that ends with the test.
func Single(t testing.TB, args ...string) *Server {
	t.Helper()
	server, err := Start(args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.stop)
	return server
}

// Start starts a server that ends with Main. The arguments are options of
// redis-server such as "--maxmemory", "100mb".
func Start(args ...string) (*Server, error) { return start(args, nil) }

// start starts a server whose arguments may need its port and its folder.
func start(args []string, more func(port, folder string) ([]string, error)) (*Server, error) {
	var failed error
	for range 5 { // somebody else may take the port before the server does
		port := testkit.FreePort()
		folder, err := os.MkdirTemp("", "redistest-")
		if err != nil {
			return nil, fmt.Errorf("making a folder for redis-server: %w", err)
		}
		s := &Server{Address: net.JoinHostPort("127.0.0.1", port), folder: folder}
		if more != nil {
			s.args, err = more(port, folder)
			if err != nil {
				return nil, err
			}
		} else {
			s.args = serverArgs(port, folder)
		}
		s.args = append(s.args, args...)
		if failed = s.run(); failed == nil {
			running.Lock()
			running.servers[s] = true
			running.Unlock()
			return s, nil
		}
		os.RemoveAll(folder)
	}
	return nil, failed
}

// serverArgs are those of a server that keeps nothing on disk.
func serverArgs(port, folder string) []string {
	return []string{
		"--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no",
		"--loglevel", "warning", "--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0",
	}
}

// run starts the process and waits until it answers.
func (s *Server) run() error {
	started, err := launch(s.args...)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.process = started
	s.mu.Unlock()
	switch {
	case !testkit.HoldsWithin(startTime, func() bool { return started.HasEnded() || s.answers() }):
		started.Kill()
		return fmt.Errorf("redis-server did not answer within %v: %s", startTime, started.Output())
	case started.HasEnded():
		return fmt.Errorf("redis-server ended at once: %s", started.Output())
	}
	return nil
}

// answers reports whether the server answers at all. That it wants a password
// is an answer.
func (s *Server) answers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.Client().Ping(ctx).Err()
	answer := redis.Error(nil)
	return err == nil || errors.As(err, &answer) && !redis.IsLoadingError(err)
}

// stop ends the server for good.
func (s *Server) stop() {
	running.Lock()
	delete(running.servers, s)
	running.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process.Kill()
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
	os.RemoveAll(s.folder)
}

// Kill ends the server at once, as a crash of its machine would.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process.Kill()
}

// Restart starts a server that was killed, at the same address.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.StartAgain(); err != nil {
		t.Fatal(err)
	}
}

// StartAgain is Restart where no test runs.
func (s *Server) StartAgain() error { return s.run() }

// Pause makes the server hang: connections stay, nothing is answered.
func (s *Server) Pause(t testing.TB) { s.signal(t, syscall.SIGSTOP) }

// Resume ends a Pause.
func (s *Server) Resume(t testing.TB) { s.signal(t, syscall.SIGCONT) }

func (s *Server) signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// Servers die here on purpose: the client need not tell of each attempt to connect.
func init() { redis.SetLogger(mute{}) }

type mute struct{}

func (mute) Printf(context.Context, string, ...any) {}

// URL names the server, without a password.
func (s *Server) URL() string { return "redis://" + s.Address }

// Client is one to look into the server with. It retries nothing.
func (s *Server) Client() *redis.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == nil {
		s.client = redis.NewClient(&redis.Options{
			Addr: s.Address, MaxRetries: -1, DialTimeout: time.Second, DialerRetries: 1, ReadTimeout: 5 * time.Second,
			ContextTimeoutEnabled: true, DisableIdentity: true, ClientName: "redistest",
			CredentialsProvider: s.credentials,
		})
	}
	return s.client
}

func (s *Server) credentials() (username, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.username, s.password
}

// Do sends one command and fails the test if that is refused.
func (s *Server) Do(t testing.TB, command ...any) any {
	t.Helper()
	answer, err := s.Client().Do(context.Background(), command...).Result()
	if err != nil && err != redis.Nil {
		t.Fatalf("%v: %v", slices.Concat([]any{"redis"}, command), err)
	}
	return answer
}

// PID is the number of the server's process.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process.PID()
}
