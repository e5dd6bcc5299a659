package acceptance

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"golang.org/x/net/http2"
)

// What a stage needs for WebSockets over HTTP/2 (RFC 8441): Go offers them to clients with
// this variable alone. Without TLS it takes HTTP/2 from clients that begin with it.
const (
	offersSockets = "GODEBUG=http2xconnect=1"
	plainHTTP2    = "servers {\nprotocols h1 h2c\n}\n"
)

// stream is a stream of HTTP/2 that stays open in both directions, as a connection.
type stream struct {
	net.Conn
	f    *frames
	id   uint32
	rest []byte // of what came
}

// dialHTTP2 is dial for a WebSocket over HTTP/2.
func (g *stage) dialHTTP2(who string, fields ...string) *socket {
	g.t.Helper()
	conn, err := net.DialTimeout("tcp", "127.0.0.1:"+g.port, patience)
	if err != nil {
		g.t.Fatal(err)
	}
	g.gate.sockets = append(g.gate.sockets, conn)
	f, err := framesOn(conn)
	if err != nil {
		g.t.Fatal(err)
	}
	s, status, err := f.open(append([]string{
		":method", http.MethodConnect, ":protocol", "websocket", ":scheme", "http", ":authority", strings.TrimPrefix(g.origin, "http://"), ":path", socketPath,
		"sec-websocket-version", "13",
	}, fields...)...)
	if err != nil || status != http.StatusOK {
		g.t.Fatalf("a WebSocket of %s over HTTP/2 is answered %d, %v", who, status, err)
	}
	return &socket{t: g.t, who: who, conn: s, reader: bufio.NewReader(s)}
}

// open begins a stream and waits for the status.
func (f *frames) open(fields ...string) (*stream, int, error) {
	s := &stream{Conn: f.conn, f: f, id: f.stream}
	if err := f.begin(false, fields...); err != nil {
		return nil, 0, err
	}
	frame, err := s.next()
	if err != nil {
		return nil, 0, err
	}
	head, ok := frame.(*http2.MetaHeadersFrame)
	if !ok {
		return nil, 0, fmt.Errorf("it begins with %v", frame)
	}
	var status int
	_, err = fmt.Sscan(head.PseudoValue("status"), &status)
	return s, status, err
}

// next is the next frame that says something of the stream.
func (s *stream) next() (http2.Frame, error) {
	for {
		frame, err := s.f.framer.ReadFrame()
		if err != nil {
			return nil, err
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				err = s.f.framer.WriteSettingsAck()
			}
		case *http2.RSTStreamFrame:
			err = fmt.Errorf("the stream was reset: %v", frame.ErrCode)
		case *http2.GoAwayFrame:
			if frame.LastStreamID < s.id || frame.ErrCode != http2.ErrCodeNo { // else no others are begun
				err = errors.New("the connection is being closed")
			}
		case *http2.MetaHeadersFrame, *http2.DataFrame:
			return frame, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// Read implements io.Reader.
func (s *stream) Read(into []byte) (int, error) {
	for len(s.rest) == 0 {
		frame, err := s.next()
		if err != nil {
			return 0, err
		}
		if data, ok := frame.(*http2.DataFrame); ok {
			s.rest = append(s.rest, data.Data()...)
		}
		if frame.Header().Flags.Has(http2.FlagDataEndStream) && len(s.rest) == 0 { // the same bit for all
			return 0, io.EOF
		}
	}
	n := copy(into, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// Write implements io.Writer.
func (s *stream) Write(p []byte) (int, error) {
	if err := s.f.framer.WriteData(s.id, false, p); err != nil {
		return 0, err
	}
	return len(p), nil
}
