package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// order is what a load asks for. The load is a process of its own, which reads
// this from its standard input.
type order struct {
	Address, Host string        // of the gateway
	Path          string        // default /
	Headers       []string      // lines, beside Host, User-Agent and Cookie
	Cookies       string        // a file of values of Cookie, one for each line; empty for none
	Random        bool          // any of them at any time, instead of one after another
	Status        int           // that all answers must have
	Duration      time.Duration // of the load
	Requests      int           // this many instead
}

// outcome is what a load saw.
type outcome struct {
	Requests int
	Took     time.Duration
	CPU      time.Duration // of the load itself
	Wrong    string        // the first answer that was not as it should be
}

// connections are how many a load keeps, each with one request at a time.
const connections = 32

// userAgent is one as browsers send it.
const userAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"

// head is a request without a cookie, up to where the cookie stands.
func (o order) head(host string) string {
	lines := append([]string{"GET " + cmp.Or(o.Path, "/") + " HTTP/1.1", "Host: " + host, "User-Agent: " + userAgent}, o.Headers...)
	return strings.Join(lines, "\r\n") + "\r\n"
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

// refusedProgram and refusedPerson are how the gate answers whoever is not
// signed in.
var (
	refusedProgram = order{Headers: program, Status: 401}
	refusedPerson  = order{Headers: navigation, Status: 303}
)

// sample is one load on one gateway, or several.
type sample struct {
	requests           int
	took, cpu, loadCPU time.Duration
}

// load carries out an order on a gateway. It fails if any answer was not as it
// should be.
func (g *gateway) load(o order) (sample, error) {
	o.Address, o.Host = "127.0.0.1:"+g.port, g.host()
	before, err := cpuTime(g.PID())
	if err != nil {
		return sample{}, err
	}
	seen, err := g.stand.runLoad(o)
	if err != nil {
		return sample{}, fmt.Errorf("loading a gateway: %w", err)
	}
	after, err := cpuTime(g.PID())
	return sample{seen.Requests, seen.Took, after - before, seen.CPU}, err
}

func (s *stand) runLoad(o order) (seen outcome, err error) {
	encoded, err := json.Marshal(o)
	if err != nil {
		return seen, err
	}
	cmd, err := s.part("load")
	if err != nil {
		return seen, err
	}
	cmd.Stdin, cmd.Stderr = bytes.NewReader(encoded), os.Stderr
	printed, err := cmd.Output()
	if err != nil {
		return seen, err
	}
	if err := json.Unmarshal(printed, &seen); err != nil {
		return seen, fmt.Errorf("reading the outcome: %w", err)
	}
	switch {
	case seen.Wrong != "":
		return seen, errors.New(seen.Wrong)
	case seen.Requests == 0:
		return seen, errors.New("not one request was answered")
	}
	return seen, nil
}
