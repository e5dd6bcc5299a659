package testkit

import (
	"fmt"
	"net"
)

// Listen serves each connection to a free port of the loopback interface, until
// the listener is closed.
func Listen(serve func(net.Conn)) (net.Listener, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return listener, nil
}
