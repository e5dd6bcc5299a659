package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

// upstreamPart is an app that answers every request with 1 KiB, for as little
// work as it can: it listens, writes its address, and serves until its standard
// input ends.
func upstreamPart(in io.Reader, out io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("starting the app: %w", err)
	}
	if _, err := fmt.Fprintln(out, listener.Addr()); err != nil {
		return err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answerAll(conn)
		}
	}()
	_, err = io.Copy(io.Discard, in)
	return err
}

var kilobyte = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 1024\r\n\r\n" + strings.Repeat("0123456789abcdef", 64))

// answerAll answers the requests of a connection, none of which has a body.
func answerAll(conn net.Conn) {
	defer conn.Close()
	buffer, have := make([]byte, 16<<10), 0
	for {
		n, err := conn.Read(buffer[have:])
		if err != nil {
			return
		}
		have += n
		if !bytes.HasSuffix(buffer[:have], endOfHead) {
			continue
		}
		have = 0
		if _, err := conn.Write(kilobyte); err != nil {
			return
		}
	}
}

// app is the address of the app, which is started when it is first needed.
func (s *stand) app() (string, error) {
	if s.upstream != "" {
		return s.upstream, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("looking for our own program: %w", err)
	}
	cmd := s.onCores(half(true), self)
	cmd.Env = append(cmd.Env, partVariable+"=upstream")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("starting the app: %w", err)
	}
	s.stops = append(s.stops, func() {
		stdin.Close()
		cmd.Wait() // it only ends
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return "", errors.New("the app did not start")
	}
	s.upstream = strings.TrimSpace(line)
	return s.upstream, nil
}
