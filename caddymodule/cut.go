package caddymodule

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

type (
	connKey   struct{} // the net.Conn of a request, in its context
	cancelKey struct{} // what cancels the context of a request
)

// registerConn makes the connections of a server known to requests. Several blocks
// of a server call it.
func registerConn(server *caddyhttp.Server) {
	server.RegisterConnContext(func(ctx context.Context, conn net.Conn) context.Context {
		if ctx.Value(connKey{}) != nil {
			return ctx
		}
		return context.WithValue(ctx, connKey{}, conn)
	})
}

// cancelable makes a request of HTTP/3 one that cut can cancel: quic-go offers
// nothing else that stops a handler which waits for the app. With the older
// versions the connection and the stream do, at no cost to each request.
func cancelable(r *http.Request) {
	if r.ProtoMajor < 3 {
		return
	}
	ctx, cancel := context.WithCancel(r.Context()) // ends with the stream, and so does what it holds
	*r = *r.WithContext(context.WithValue(ctx, cancelKey{}, cancel))
}

// cut ends the answer to a request. It implements gate.Cutter.
//
// A connection of HTTP/1 has one request at a time, or a WebSocket, and is
// closed. A stream of HTTP/2 is reset: others on the connection may be
// somebody else's, where a proxy stands in front. Neither can be undone by
// deadlines that Caddy sets on the way. For HTTP/3 they can, so it is done again.
func cut(ctx context.Context, w http.ResponseWriter) (forGood bool) {
	if ctx.Err() == nil { // else it was cut before, or the visitor has gone
		streamsCut.Inc()
	}
	conn, _ := ctx.Value(connKey{}).(net.Conn)
	w = innermost(w)
	if _, isHTTP1 := w.(http.Hijacker); isHTTP1 && conn != nil {
		abort(conn)
		return true
	}
	past := time.Unix(1, 0)
	expirable, ok := w.(interface{ SetWriteDeadline(time.Time) error })
	reset := ok && expirable.SetWriteDeadline(past) == nil
	if cancel, ok := ctx.Value(cancelKey{}).(context.CancelFunc); ok {
		cancel()
		return false
	}
	if !reset && conn != nil {
		abort(conn)
		return true
	}
	return reset
}

// innermost is the writer that the server made. Those around it belong to the
// handlers at work.
func innermost(w http.ResponseWriter) http.ResponseWriter {
	for {
		around, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = around.Unwrap()
	}
}

// abort closes a connection without waiting for its other end. What was sent
// and did not arrive yet is dropped.
func abort(conn net.Conn) {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn() // closing tls.Conn waits for a last message to be taken
	}
	if tcp, ok := conn.(interface{ SetLinger(seconds int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.SetDeadline(time.Unix(1, 0))
	go conn.Close() // one that a listener wrapper made may wait, too
}
