package acceptance

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// checker is an app around the verifier in Go of the documents, which lets in whose assertion
// is good and says which key signed it. Beside the verifier that it keeps it asks one now and
// then that has just started and knows no keys.
const checker = `package main

import (
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

var skew time.Duration

func main() {
	address, origin := os.Args[1], os.Args[2]
	skew, _ = time.ParseDuration(os.Args[3])
	v := &Verifier{Origin: origin}
	var requests atomic.Int64
	panic(http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("Doorpost-Assertion")
		_, err := v.Check(token)
		if requests.Add(1)%20 == 0 && err == nil {
			_, err = (&Verifier{Origin: origin}).Check(token)
		}
		if err != nil {
			http.Error(w, fmt.Sprintf("refused on a clock %v off: %v: %q", skew, err, token), http.StatusForbidden)
			return
		}
		parsed, _ := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
		fmt.Fprint(w, parsed.Headers[0].KeyID)
	})))
}
`

// buildChecker compiles it. It is compiled where the verifier is, whose module knows go-jose.
func buildChecker(t *testing.T) (program string) {
	t.Helper()
	module, folder := filepath.Join("..", "..", "ops"), t.TempDir()
	verifier, err := os.ReadFile(filepath.Join(module, "verifiers", "verify.go"))
	if err != nil {
		t.Fatal(err)
	}
	source := string(verifier)
	for old, new := range map[string]string{"func main() {": "func once() {", "Time: time.Now()}": "Time: time.Now().Add(skew)}"} {
		if strings.Count(source, old) != 1 {
			t.Fatalf("the verifier in Go does not have %q once", old)
		}
		source = strings.Replace(source, old, new, 1)
	}
	files := map[string]string{filepath.Join(folder, "verify.go"): source, filepath.Join(folder, "main.go"): checker}
	program = filepath.Join(folder, "checker")
	arguments := []string{"build", "-o", program}
	for name, content := range files {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, name)
	}
	compiler := exec.Command("go", arguments...)
	compiler.Dir = module
	if said, err := compiler.CombinedOutput(); err != nil {
		t.Fatalf("building an app around the verifier in Go: %v: %s", err, said)
	}
	return program
}

// startChecker starts it at an address, behind a site, on a clock that is off.
func startChecker(t *testing.T, program, address, origin string, skew time.Duration) {
	t.Helper()
	app, err := testkit.Run(exec.Command(program, address, origin, skew.String()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(app.Kill)
	await(t, "an app that checks assertions", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}
