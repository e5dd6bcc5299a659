package acceptance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkAttackEN02EqualTime measures whether the time of an answer tells who
// may come in:
//
//	go -C internal/acceptance test -run '^$' -bench EN02 -benchtime 1x .
//
// It is no test, since it needs a machine that does nothing else. It reports
// the largest difference of two medians, and the least p of the
// Kolmogorov-Smirnov test for two classes, and fails where both say that two
// classes can be told apart.
func BenchmarkAttackEN02EqualTime(b *testing.B) {
	const samples = 1000
	withRaceDetector := binary
	defer func() { binary = withRaceDetector }()
	binary = filepath.Join(b.TempDir(), "doorpost") // as it is used: the race detector makes every difference larger
	if output, err := exec.Command("go", "build", "-o", binary, "github.com/doorpost-auth/doorpost/cmd/doorpost").CombinedOutput(); err != nil {
		b.Fatalf("building the program without the race detector: %v\n%s", err, output)
	}
	g := start(b, setup{silent: true, site: "allow *@example.com\ndeny denied@example.com", limits: "limit client 1000000 1m\nlimit address 3 1h\nlimit total 1000000 1h"})
	known := g.signedIn("known@example.com")
	known.submit("/_doorpost/sign-out")
	for range 3 {
		g.visitor().ask("throttled@example.com", "/")
	}
	classes := []struct {
		name    string
		address func(i int) string
	}{
		{"admitted", func(i int) string { return fmt.Sprintf("new%05d@example.com", i) }},
		{"not admitted", func(i int) string { return fmt.Sprintf("new%05d@example.org", i) }},
		{"throttled", func(int) string { return "throttled@example.com" }},
		{"denied", func(int) string { return "denied@example.com" }},
		{"signed in before", func(int) string { return "known@example.com" }},
	}
	random := rand.New(rand.NewPCG(2, 0))
	for b.Loop() {
		times := make([][]float64, len(classes))
		v := g.visitor()
		for i := range samples + 50 {
			// Each round in another order, since one leaves work behind for the next.
			for _, n := range random.Perm(len(classes)) {
				clear(v.cookies)
				r := v.form("/_doorpost/sign-in", "email", classes[n].address(i), "to", "/")
				began := time.Now()
				a, err := v.try(r)
				took := time.Since(began)
				if err != nil || a.status != http.StatusSeeOther {
					b.Fatalf("%s: answered %d (%v)", classes[n].name, a.status, err)
				}
				if i >= 50 { // the first warm up
					times[n] = append(times[n], float64(took)/float64(time.Millisecond))
				}
			}
		}
		worst, leastP := 0.0, 1.0
		for i := range classes {
			slices.Sort(times[i])
			b.Logf("%-17s median %.3f ms, 9 of 10 within %.3f ms", classes[i].name, times[i][samples/2], times[i][samples*9/10])
			for j := range i {
				difference := math.Abs(times[i][samples/2] - times[j][samples/2])
				p := kolmogorovSmirnov(times[i], times[j])
				worst, leastP = max(worst, difference), min(leastP, p)
				if difference >= 2 && p < 0.01 {
					b.Errorf("%s and %s can be told apart: the medians differ by %.3f ms, p is %.2g", classes[i].name, classes[j].name, difference, p)
				}
			}
		}
		b.ReportMetric(worst, "ms-between-medians")
		b.ReportMetric(leastP, "least-p")
	}
}

// kolmogorovSmirnov is how likely two sorted samples differ as much as they do
// if both come from one distribution (asymptotic p of the two-sample test).
func kolmogorovSmirnov(a, b []float64) float64 {
	var i, j int
	distance := 0.0
	for i < len(a) && j < len(b) {
		x := min(a[i], b[j])
		for i < len(a) && a[i] <= x {
			i++
		}
		for j < len(b) && b[j] <= x {
			j++
		}
		distance = max(distance, math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	n := math.Sqrt(float64(len(a)*len(b)) / float64(len(a)+len(b)))
	lambda := (n + 0.12 + 0.11/n) * distance
	p, sign := 0.0, 1.0
	for k := 1.0; k <= 100; k++ {
		p += sign * 2 * math.Exp(-2*k*k*lambda*lambda)
		sign = -sign
	}
	return min(max(p, 0), 1)
}
