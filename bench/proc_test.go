package main

import (
	"os"
	"testing"
	"time"
)

func TestCPUTimeOfAProcessGrowsAsItWorks(t *testing.T) {
	before, err := cpuTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < time.Second; {
		after, err := cpuTime(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if after > before {
			return
		}
	}
	t.Errorf("a process that worked for a second has had %v all the time", before)
}

func TestMemoryOfAProcess(t *testing.T) {
	m, err := memoryOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if m.own < 1<<20 || m.file < 1<<20 || m.own > 1<<40 {
		t.Errorf("this process has %+v bytes in memory", m)
	}
	if got := statusField([]byte("Name:\tx\nRssAnon:\t    12 kB\n"), "RssAnon"); got != 12*1024 {
		t.Errorf("12 kB are read as %v bytes", got)
	}
}

func TestCallsOfACommand(t *testing.T) {
	for field, want := range map[string]int{"": 0, "calls=17,usec=3,usec_per_call=0.18": 17} {
		if got, err := callsIn(field); got != want || err != nil {
			t.Errorf("%q has %d calls (%v), want %d", field, got, err, want)
		}
	}
	if _, err := callsIn("nonsense"); err == nil {
		t.Error("nonsense is read as a number of calls")
	}
}
