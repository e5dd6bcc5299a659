package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// appPart is an app that answers every request with 1 KiB, for as little
// work as it can: it listens, writes its address, and serves until it is killed.
func appPart(_ io.Reader, out io.Writer) error {
	listener, err := testkit.Listen(answerAll)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, listener.Addr()); err != nil {
		return err
	}
	select {} // it is killed
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
