package acceptance

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// frames speaks HTTP/2 frame by frame, so that header fields go out which no
// library sends.
type frames struct {
	conn   net.Conn
	framer *http2.Framer
	coder  *hpack.Encoder
	block  bytes.Buffer
	stream uint32
}

func (g *secureStage) dialFrames() (*frames, error) {
	conn, err := tls.Dial("tcp", "127.0.0.1:"+g.port, g.config("h2"))
	if err != nil {
		return nil, err
	}
	return framesOn(conn)
}

// framesOn begins to speak HTTP/2 on a connection.
func framesOn(conn net.Conn) (*frames, error) {
	f := &frames{conn: conn, framer: http2.NewFramer(conn, conn), stream: 1}
	f.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	f.coder = hpack.NewEncoder(&f.block)
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		return nil, err
	}
	return f, f.framer.WriteSettings()
}

// begin sends the fields of a request on a stream of its own, given as name, value, name,
// value.
func (f *frames) begin(isWhole bool, fields ...string) error {
	if err := f.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	f.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		if err := f.coder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}); err != nil {
			return err
		}
	}
	head := http2.HeadersFrameParam{StreamID: f.stream, BlockFragment: f.block.Bytes(), EndStream: isWhole, EndHeaders: true}
	f.stream += 2
	return f.framer.WriteHeaders(head)
}

// request sends one request and returns the status, 0 if the server refused the stream or
// the connection.
func (f *frames) request(fields ...string) (status int, body string, err error) {
	if err := f.begin(true, fields...); err != nil {
		return 0, "", err
	}
	for {
		frame, err := f.framer.ReadFrame()
		if err != nil {
			return 0, "", err
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				if err := f.framer.WriteSettingsAck(); err != nil {
					return 0, "", err
				}
			}
		case *http2.MetaHeadersFrame:
			if status, err = strconv.Atoi(frame.PseudoValue("status")); err != nil {
				return 0, "", fmt.Errorf("reading a status: %w", err)
			}
			if frame.StreamEnded() {
				return status, body, nil
			}
		case *http2.DataFrame:
			body += string(frame.Data())
			if frame.StreamEnded() {
				return status, body, nil
			}
		case *http2.RSTStreamFrame:
			return status, body, nil
		case *http2.GoAwayFrame:
			return 0, "", io.EOF
		}
	}
}

// frame sends one request on a connection of its own. A connection that the
// server closes refuses the request, too.
func (g *secureStage) frame(fields ...string) (status int, body string) {
	g.t.Helper()
	f, err := g.dialFrames()
	if err != nil {
		g.t.Fatal(err)
	}
	defer f.conn.Close()
	status, body, _ = f.request(fields...)
	return status, body
}

// pseudo is the beginning of a request in fields: a GET of a path, with a cookie
// unless that is empty.
func (g *secureStage) pseudo(path, cookie string) []string {
	fields := []string{":method", "GET", ":scheme", "https", ":authority", strings.TrimPrefix(g.origin, "https://"), ":path", path}
	if cookie != "" {
		fields = append(fields, "cookie", cookie)
	}
	return fields
}
