package acceptance

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// buildAger compiles what puts keys of assertions into a store that has none yet, of which the
// next one signs from a time on.
func buildAger(t *testing.T) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "agedkeys")
	compiler := exec.Command("go", "build", "-race", "-o", program, "./internal/testkit/agedkeys") // what it imports is compiled so already
	compiler.Dir = filepath.Join("..", "..")
	if said, err := compiler.CombinedOutput(); err != nil {
		t.Fatalf("building what ages keys: %v: %s", err, said)
	}
	return program
}

// made makes tokens of services, as fast as a script does.
func (p *pair) made(t *testing.T, count int) (made []service) {
	t.Helper()
	for i := range count {
		order := fmt.Sprintf(`{"name":"program%d","sites":[%q]}`, i, p.balancer.origin)
		answer, err := http.Post("http://"+p.a.admin+"/doorpost/tokens/create", "application/json", strings.NewReader(order))
		if err != nil {
			t.Fatal(err)
		}
		var s service
		err = json.NewDecoder(answer.Body).Decode(&s)
		if _ = answer.Body.Close(); err != nil || s.Token == "" {
			t.Fatalf("making a token is answered %s, %v", answer.Status, err)
		}
		p.a.learn(s.Token)
		made = append(made, s)
	}
	return made
}

// signatures are the answers of apps that check assertions, which say what key had signed.
type signatures struct {
	mu     sync.Mutex
	by     map[string]int
	failed []string
}

func (s *signatures) note(answer *http.Response, err error) {
	said := fmt.Sprint(err)
	if err == nil {
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		said = string(body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || answer.StatusCode != http.StatusOK {
		s.failed = append(s.failed, said)
		return
	}
	s.by[said]++
}

// A key turns while programs and people use an app behind two instances. The app checks
// each assertion as the documents say, on a clock that is right, and on ones that are a minute
// fast and slow. New programs come all the time: what was signed for one is handed over again
// for a minute.
func TestAKeyThatTurnsUnderLoadFailsNoRequestAndNoClockOfAMinuteDoes(t *testing.T) {
	t.Parallel()
	const (
		programs = 60
		pause    = time.Second / 200
		before   = 10 * time.Second // no more than a verifier waits before it asks again for an unknown key
		after    = 4 * time.Second
	)
	clocks := []time.Duration{-time.Minute, 0, time.Minute}
	var apps []string
	for range clocks {
		apps = append(apps, "127.0.0.1:"+testkit.FreePort())
	}
	const site = "allow *@example.com\ntokens"
	p := startPair(t, setup{options: noTokensInLogs, site: site, silent: true, behind: "reverse_proxy " + strings.Join(apps, " ")})
	program := buildChecker(t)
	for i, address := range apps {
		startChecker(t, program, address, p.balancer.origin, clocks[i])
	}
	var identities [][2]string // header and value
	for i := range programs {
		if i%10 == 0 {
			identities = append(identities, [2]string{"Cookie", p.a.signedIn(fmt.Sprintf("p%d@example.com", i)).cookie()})
		}
	}
	for _, each := range p.made(t, programs-len(identities)) {
		identities = append(identities, [2]string{"Authorization", "Bearer " + each.Token})
	}
	ager := buildAger(t)
	_, secret, _ := strings.Cut(p.a.setup.global, "secret ")
	turn := time.Now().Add(before)
	if said, err := exec.Command(ager, p.redis.URL(), secret, turn.Format(time.RFC3339Nano)).CombinedOutput(); err != nil {
		t.Fatalf("aging keys: %v: %s", err, said)
	}
	p.reload(site + "\nassertion") // from here on the instances have keys

	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}, Timeout: patience}
	t.Cleanup(client.CloseIdleConnections)
	seen := &signatures{by: make(map[string]int)}
	var all sync.WaitGroup
	began, sent := time.Now(), 0
	whole := turn.Add(after).Sub(began)
	for ; time.Since(began) < whole; sent++ {
		<-time.After(time.Until(began.Add(time.Duration(sent) * pause)))
		known := 1 + int(float64(len(identities)-1)*float64(time.Since(began))/float64(whole))
		who := identities[sent%min(known, len(identities))]
		all.Go(func() {
			r, err := http.NewRequest(http.MethodGet, p.balancer.origin+"/app", nil)
			if err != nil {
				panic(err)
			}
			r.Header.Set(who[0], who[1])
			seen.note(client.Do(r))
		})
	}
	all.Wait()
	if len(seen.failed) > 0 {
		t.Errorf("%d of %d requests failed, the first one with %s", len(seen.failed), sent, seen.failed[0])
	}
	kids := p.visitor().kids()
	if len(kids) != 2 || len(seen.by) != 2 || seen.by[kids[0]] == 0 || seen.by[kids[1]] == 0 {
		t.Errorf("published are %q; signed were %v", kids, seen.by)
	}
	t.Logf("%d requests, by key: %v", sent, seen.by)
	p.checkErrors()
}
