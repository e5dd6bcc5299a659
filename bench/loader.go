package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// This is the load itself, as it runs in a process of its own: it writes
// requests that are ready on connections that it keeps, and reads of the
// answers no more than it must. So it costs less than any server that it asks.

// loadPart reads an order, carries it out, and writes the outcome.
func loadPart(in io.Reader, out io.Writer) error {
	var o order
	if err := json.NewDecoder(in).Decode(&o); err != nil {
		return fmt.Errorf("reading the order of a load: %w", err)
	}
	l := &loader{order: o}
	if err := l.prepare(); err != nil {
		return err
	}
	began := time.Now()
	l.until = began.Add(o.Duration)
	var group sync.WaitGroup
	for range connections {
		group.Go(func() {
			if err := l.connection(); err != nil {
				l.fail(err.Error())
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	cpu, err := cpuTime(os.Getpid())
	if err != nil {
		return err
	}
	wrong, _ := l.wrong.Load().(string)
	return json.NewEncoder(out).Encode(outcome{Requests: int(l.done.Load()), Took: took, CPU: cpu, Wrong: wrong})
}

type loader struct {
	order
	requests [][]byte
	until    time.Time
	next     atomic.Int64 // request that is sent next
	done     atomic.Int64
	wrong    atomic.Value // string
}

// prepare writes all requests. Those with cookies share one array.
func (l *loader) prepare() error {
	head := []byte(l.head(l.Host))
	if l.Cookies == "" {
		l.requests = [][]byte{append(head, "\r\n"...)}
		return nil
	}
	content, err := os.ReadFile(l.Cookies)
	if err != nil {
		return fmt.Errorf("reading the cookies of a load: %w", err)
	}
	lines := bytes.Split(bytes.TrimSpace(content), []byte("\n"))
	all := make([]byte, 0, len(content)+len(lines)*(len(head)+16))
	for _, line := range lines {
		from := len(all)
		all = append(all, head...)
		all = append(all, "Cookie: "...)
		all = append(all, line...)
		all = append(all, "\r\n\r\n"...)
		l.requests = append(l.requests, all[from:len(all):len(all)])
	}
	return nil
}

func (l *loader) fail(what string) { l.wrong.CompareAndSwap(nil, what) }

// connection sends one request after another until the load is over.
func (l *loader) connection() error {
	conn, err := net.Dial("tcp", l.Address)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer conn.Close()
	status := []byte(strconv.Itoa(l.Status))
	buffer := make([]byte, 16<<10)
	for l.wrong.Load() == nil {
		n := l.next.Add(1) - 1
		if most := int64(l.Requests); most > 0 && n >= most || most == 0 && time.Now().After(l.until) {
			return nil
		}
		i := int(n) % len(l.requests)
		if l.Random {
			i = rand.IntN(len(l.requests))
		}
		if _, err := conn.Write(l.requests[i]); err != nil {
			return fmt.Errorf("sending a request: %w", err)
		}
		if err := readAnswer(conn, buffer, status); err != nil {
			return err
		}
		l.done.Add(1)
	}
	return nil
}

var (
	endOfHead     = []byte("\r\n\r\n")
	contentLength = []byte("\r\nContent-Length: ")
)

// readAnswer reads an answer that says how long it is.
func readAnswer(conn io.Reader, buffer, status []byte) error {
	have, want := 0, -1
	for want < 0 || have < want {
		if have == len(buffer) {
			return fmt.Errorf("an answer is longer than %d bytes", len(buffer))
		}
		n, err := conn.Read(buffer[have:])
		if err != nil {
			return fmt.Errorf("reading an answer: %w", err)
		}
		have += n
		if want >= 0 {
			continue
		}
		end := bytes.Index(buffer[:have], endOfHead)
		if end < 0 {
			continue
		}
		length, err := bodyLength(buffer[:end+2])
		if err != nil {
			return err
		}
		want = end + len(endOfHead) + length
	}
	if !bytes.Equal(buffer[9:12], status) {
		return fmt.Errorf("an answer is not %s: %.200s", status, buffer[:have])
	}
	return nil
}

func bodyLength(head []byte) (int, error) {
	at := bytes.Index(head, contentLength)
	if at < 0 {
		return 0, fmt.Errorf("an answer does not say how long it is: %.200s", head)
	}
	digits := head[at+len(contentLength):]
	length, err := strconv.Atoi(string(digits[:bytes.IndexByte(digits, '\r')]))
	if err != nil {
		return 0, fmt.Errorf("reading the length of an answer: %w", err)
	}
	return length, nil
}
