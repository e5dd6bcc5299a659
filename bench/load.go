package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// sample is one load on one gateway, or several.
type sample struct {
	requests int
	took     time.Duration
	cpu      time.Duration // of the gateway
	loadCPU  time.Duration // of the load
}

func (one sample) plus(other sample) sample {
	return sample{one.requests + other.requests, one.took + other.took, one.cpu + other.cpu, one.loadCPU + other.loadCPU}
}

func (one sample) perSecond() float64 { return float64(one.requests) / one.took.Seconds() }

// cpuOfOne is the CPU time of the gateway for one request, in seconds.
func (one sample) cpuOfOne() float64 { return one.cpu.Seconds() / float64(one.requests) }

func (one sample) loadCPUOfOne() float64 { return one.loadCPU.Seconds() / float64(one.requests) }

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
	return sample{requests: seen.Requests, took: seen.Took, cpu: after - before, loadCPU: seen.CPU}, nil
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
func (s *stand) warmUp() time.Duration { return min(s.duration, turn) }
