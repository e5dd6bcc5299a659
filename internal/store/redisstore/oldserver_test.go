package redisstore

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"
)

func TestAServerThatIsTooOldIsRefused(t *testing.T) {
	address := oldServer(t, "redis_version:6.0.16\r\n")
	store, err := Open(Options{URLs: []string{"redis://" + address}}, slog.New(slog.DiscardHandler))
	if err == nil {
		store.Close()
		t.Fatal("a server of version 6.0 is used")
	}
	if !strings.Contains(err.Error(), "6.0.16") || !strings.Contains(err.Error(), "6.2") {
		t.Errorf("the error does not name both versions: %v", err)
	}
}

// oldServer answers INFO as given and everything else with OK, but HELLO, which
// servers before 6 do not know.
func oldServer(t *testing.T, info string) (address string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // the test is over
			}
			go answerAsOldServer(conn, info)
		}
	}()
	return listener.Addr().String()
}

func answerAsOldServer(conn net.Conn, info string) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		command, err := readCommand(in)
		if err != nil {
			return
		}
		answer := "+OK\r\n"
		switch strings.ToLower(command) {
		case "hello":
			answer = "-ERR unknown command `HELLO`\r\n"
		case "info":
			answer = fmt.Sprintf("$%d\r\n%s\r\n", len(info), info)
		}
		if _, err := io.WriteString(conn, answer); err != nil {
			return
		}
	}
}

// readCommand reads a command and returns its name.
func readCommand(in *bufio.Reader) (name string, err error) {
	parts, err := readLength(in, '*')
	for i := range parts {
		length, err := readLength(in, '$')
		if err != nil {
			return "", err
		}
		word := make([]byte, length+2)
		if _, err := io.ReadFull(in, word); err != nil {
			return "", err
		}
		if i == 0 {
			name = string(word[:length])
		}
	}
	return name, err
}

func readLength(in *bufio.Reader, kind byte) (int, error) {
	line, err := in.ReadString('\n')
	if err != nil || line[0] != kind {
		return 0, fmt.Errorf("no %c in %q: %w", kind, line, err)
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}
