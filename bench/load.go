package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// sample is one load on one gateway.
type sample struct {
	requests  int
	perSecond float64
	cpu       float64 // of the gateway, in seconds for one request
	loadCPU   float64 // of the load, the same
}

// load carries out an order on a gateway. It fails if any answer was not as it
// should be.
func (s *stand) load(g *gateway, o order) (sample, error) {
	o.Address, o.Host = "127.0.0.1:"+g.port, g.host
	if o.Connections == 0 {
		o.Connections = defaultConnections
	}
	if o.Duration == 0 && o.Requests == 0 {
		o.Duration = s.duration
	}
	before, err := cpuTime(g.pid())
	if err != nil {
		return sample{}, err
	}
	seen, err := s.runLoad(o)
	if err != nil {
		return sample{}, err
	}
	after, err := cpuTime(g.pid())
	if err != nil {
		return sample{}, err
	}
	n := float64(seen.Requests)
	return sample{
		requests: seen.Requests, perSecond: n / seen.Took.Seconds(),
		cpu: (after - before).Seconds() / n, loadCPU: seen.CPU.Seconds() / n,
	}, nil
}

func (s *stand) runLoad(o order) (seen outcome, err error) {
	self, err := os.Executable()
	if err != nil {
		return seen, fmt.Errorf("looking for our own program: %w", err)
	}
	encoded, err := json.Marshal(o)
	if err != nil {
		return seen, err
	}
	cmd := s.onCores(half(true), self)
	cmd.Env = append(cmd.Env, partVariable+"=load")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(encoded), os.Stderr
	printed, err := cmd.Output()
	if err != nil {
		return seen, fmt.Errorf("loading a gateway: %w", err)
	}
	if err := json.Unmarshal(printed, &seen); err != nil {
		return seen, fmt.Errorf("reading the outcome of a load: %w", err)
	}
	switch {
	case seen.Wrong != "":
		return seen, errors.New("loading a gateway: " + seen.Wrong)
	case seen.Requests == 0:
		return seen, errors.New("loading a gateway: not one request was answered")
	}
	return seen, nil
}

// warmUp is how long each gateway is loaded before it counts.
func (s *stand) warmUp() time.Duration { return min(s.duration, 2*time.Second) }
