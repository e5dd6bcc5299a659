package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// steppedProgram says by how much the clocks moved when one was stepped by 90 s.
const steppedProgram = `package main

import (
	"os"
	"time"
)

func main() {
	before := time.Now()
	time.StepTo(90 * time.Second)
	wall := before.Round(0) // as one that comes from a store
	for _, moved := range []time.Duration{time.Now().Round(0).Sub(wall), time.Since(wall), -time.Until(wall), time.Now().Sub(before), time.Since(before)} {
		os.Stdout.WriteString(moved.Truncate(30*time.Second).String() + " ")
	}
	time.StepTo(0)
	os.Stdout.WriteString(time.Since(wall).Truncate(30*time.Second).String())
}
`

func TestTheClockOfAProgramIsStepped(t *testing.T) {
	s, err := newStand(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	overlay, err := s.steppedClock()
	if err != nil {
		t.Fatal(err)
	}
	source, program := s.path("main.go"), s.path("program")
	write(t, source, steppedProgram)
	if err := s.build(program, source, nil, "-overlay="+overlay); err != nil {
		t.Fatal(err)
	}
	said, err := exec.CommandContext(t.Context(), program).Output()
	if want := "1m30s 1m30s 1m30s 0s 0s 0s"; err != nil || string(said) != want {
		t.Errorf("its clocks moved by %q, want %q: %v", said, want, err)
	}
}

// To build it with the clock that it steps would compile all of it anew.
func TestTheRouteThatStepsAClockCompiles(t *testing.T) {
	gate, err := os.ReadFile("_clock/gate.go")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	route, overlay := filepath.Join(folder, "gate.go"), filepath.Join(folder, "overlay.json")
	here, err := filepath.Abs("../cmd/doorpost/clock.go")
	if err != nil {
		t.Fatal(err)
	}
	write(t, route, strings.Replace(string(gate), "time.StepTo(ahead)", "time.Sleep(ahead)", 1))
	write(t, overlay, `{"Replace":{"`+here+`":"`+route+`"}}`)
	list := exec.CommandContext(t.Context(), "go", "list", "-race", "-export", "-overlay="+overlay, "./cmd/doorpost")
	list.Dir = ".."
	if said, err := list.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, said)
	}
}

func TestAGoThatTellsTheTimeInAnotherWayIsRefused(t *testing.T) {
	for name, source := range map[string]string{"no place": "func Now() Time {\n", "two places": timeNow + "}\n" + timeNow} {
		if _, err := withStep(source); err == nil || !strings.Contains(err.Error(), "-steps=false") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClocksGoForwardAndBackAndOneThatDoesNotEndsTheSoak(t *testing.T) {
	var orders []string
	stuck := false
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ahead, _ := time.ParseDuration(r.URL.Query().Get("ahead"))
		if orders = append(orders, r.Method+" "+r.URL.String()); stuck {
			ahead = 0
		}
		fmt.Fprint(w, time.Now().Add(ahead).UnixMilli())
	}))
	defer admin.Close()
	_, port, _ := strings.Cut(admin.Listener.Addr().String(), ":")
	g := &soakGate{name: "bolt", gateway: &gateway{stand: &stand{ctx: t.Context()}, admin: port}}
	s := &soak{stepped: true, gates: []*soakGate{g}}
	for range 2 {
		if err := s.stepClocks(); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"POST /clock?ahead=1m30s", "POST /clock?ahead=0s"}; !slices.Equal(orders, want) || g.steps != len(want) {
		t.Errorf("the gate was told %q in %d steps, want %q", orders, g.steps, want)
	}
	stuck = true
	if err := s.stepClocks(); err == nil || !strings.Contains(err.Error(), "the gate on bolt: it is off by -1m30s") {
		t.Errorf("a clock that stays where it is: %v", err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
