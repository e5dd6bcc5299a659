package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
)

// appPart is an app that answers every request with 1 KiB, for as little
// work as it can: it listens, writes its address, and serves until its standard
// input ends.
func appPart(in io.Reader, out io.Writer) error {
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
