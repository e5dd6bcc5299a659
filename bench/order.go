package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"time"
)

// order is what a load asks for. The load is a process of its own, which reads
// this from its standard input.
type order struct {
	Address     string        // of the gateway
	Host        string        // of the site
	Path        string        // default /
	Headers     []string      // lines, beside Host, User-Agent and Cookie
	Cookies     string        // a file of values of Cookie, one for each line; empty for none
	Random      bool          // any of them at any time, instead of one after another
	Status      int           // that all answers must have
	Duration    time.Duration // of the load
	Requests    int           // this many instead
	Connections int           // kept, each with one request at a time; default 32
}

// outcome is what a load saw.
type outcome struct {
	Requests int
	Took     time.Duration
	CPU      time.Duration // of the load itself
	Wrong    string        // the first answer that was not as it should be
}

const defaultConnections = 32

// userAgent is one as browsers send it.
const userAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"

// head is a request without a cookie, up to where the cookie stands.
func (o order) head(host string) string {
	path := o.Path
	if path == "" {
		path = "/"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n", path, host, userAgent)
	for _, line := range o.Headers {
		b.WriteString(line + "\r\n")
	}
	return b.String()
}

// Headers of those who ask: all that Chromium sends, for a page and for what its
// script fetches. How many there are matters: Go keeps more than eight, and more
// than 14, in another way.
var (
	navigation = append([]string{
		"Upgrade-Insecure-Requests: 1",
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
		"Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate", "Sec-Fetch-User: ?1", "Sec-Fetch-Dest: document",
	}, chromium...)
	program = append([]string{
		"Accept: */*", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty",
	}, chromium...)
	chromium = []string{
		"Connection: keep-alive", `sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156"`, "sec-ch-ua-mobile: ?0", `sec-ch-ua-platform: "Linux"`,
		"Accept-Encoding: gzip, deflate, br, zstd", "Accept-Language: en-US,en;q=0.9",
	}
)

// askOnce sends one request and returns the status of the answer.
func askOnce(address, head string) (status int, err error) {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(startTime)); err != nil {
		return 0, err
	}
	if _, err := conn.Write([]byte(head + "Connection: close\r\n\r\n")); err != nil {
		return 0, err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscanf(line, "HTTP/1.1 %d", &status)
	return status, err
}
