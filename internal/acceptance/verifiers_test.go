package acceptance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// verifiers are the programs that the documents show, by which apps check assertions: what
// starts each with the origin of a site and an assertion.
func verifiers(t *testing.T) map[string]func(...string) *exec.Cmd {
	t.Helper()
	folder := filepath.Join("..", "..", "ops", "verifiers")
	compiled := filepath.Join(t.TempDir(), "verify")
	compiler := exec.Command("go", "build", "-o", compiled, "./verifiers")
	compiler.Dir = filepath.Dir(folder)
	if said, err := compiler.CombinedOutput(); err != nil {
		t.Fatalf("building the verifier in Go: %v: %s", err, said)
	}
	all := map[string]func(...string) *exec.Cmd{
		"verify.go": func(arguments ...string) *exec.Cmd { return exec.Command(compiled, arguments...) },
	}
	files, err := filepath.Glob(filepath.Join(folder, "verify.*"))
	if err != nil || len(files) != 5 {
		t.Fatalf("there are the verifiers %q, %v", files, err)
	}
	for _, file := range files {
		if filepath.Ext(file) != ".go" {
			all[filepath.Base(file)] = testkit.NewScript(t, file).Command
		}
	}
	return all
}

// checks runs a verifier.
func checks(t *testing.T, command *exec.Cmd) (output string, good bool) {
	t.Helper()
	said, err := command.CombinedOutput()
	if command.ProcessState == nil {
		t.Fatal(err)
	}
	if err != nil && !strings.HasPrefix(string(said), "refused: ") {
		t.Errorf("%s broke: %v: %s", command.Path, err, said)
	}
	return strings.TrimSpace(string(said)), err == nil
}

// signer makes assertions as a gate does, and as none would.
type signer struct {
	private *ecdsa.PrivateKey
	origin  string
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &signer{private: private}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	key := map[string]string{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "one", "x": encoded(point[1:33]), "y": encoded(point[33:])}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/_doorpost/keys" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/jwk-set+json")
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{key}})
	}))
	t.Cleanup(server.Close)
	s.origin = server.URL
	return s
}

func encoded(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// unsigned are header and claims as the gate has them, but for what is changed; nil takes a
// claim away.
func (s *signer) unsigned(t *testing.T, header, claims map[string]any) string {
	t.Helper()
	now := time.Now().Unix()
	wholeHeader := map[string]any{"alg": "ES256", "kid": "one", "typ": "doorpost+jwt"}
	whole := map[string]any{
		"iss": s.origin, "aud": s.origin, "sub": "0123456789ab", "email": "ada@example.com", "groups": []string{"readers"}, "amr": []string{"mail", "otp"},
		"auth_time": now, "iat": now, "exp": now + 120, "jti": "a",
	}
	maps.Copy(wholeHeader, header)
	maps.Copy(whole, claims)
	maps.DeleteFunc(whole, func(_ string, value any) bool { return value == nil })
	first, err := json.Marshal(wholeHeader)
	if err != nil {
		t.Fatal(err)
	}
	second, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return encoded(first) + "." + encoded(second)
}

func (s *signer) sign(t *testing.T, header, claims map[string]any) string {
	t.Helper()
	return signedBy(t, s.private, s.unsigned(t, header, claims))
}

func signedBy(t *testing.T, key *ecdsa.PrivateKey, unsigned string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(unsigned))
	r, second, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	second.FillBytes(signature[32:])
	return unsigned + "." + encoded(signature)
}

func TestVerifiersOfTheDocumentsTakeGoodAssertionsAndNoOthers(t *testing.T) {
	t.Parallel()
	s, stranger := newSigner(t), newSigner(t)
	now := time.Now().Unix()
	type values = map[string]any
	public, err := x509.MarshalPKIXPublicKey(&s.private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	inHMAC := func(key []byte) string {
		unsigned := s.unsigned(t, values{"alg": "HS256"}, nil)
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(unsigned))
		return unsigned + "." + encoded(mac.Sum(nil))
	}
	changed := strings.Split(s.sign(t, nil, nil), ".")
	changed[1] = strings.Split(s.unsigned(t, nil, values{"email": "root@example.com"}), ".")[1]
	bad := map[string]string{
		"for another site":            s.sign(t, nil, values{"aud": stranger.origin}),
		"for several other sites":     s.sign(t, nil, values{"aud": []string{stranger.origin, s.origin + "0"}}),
		"for nobody":                  s.sign(t, nil, values{"aud": nil}),
		"of another site":             s.sign(t, nil, values{"iss": stranger.origin}),
		"too old":                     s.sign(t, nil, values{"iat": now - 300, "exp": now - 180}),
		"without an end":              s.sign(t, nil, values{"exp": nil}),
		"from the future":             s.sign(t, nil, values{"iat": now + 600, "exp": now + 720}),
		"of nobody":                   s.sign(t, nil, values{"sub": nil}),
		"of another kind":             s.sign(t, values{"typ": "JWT"}, nil),
		"by a key that is not known":  s.sign(t, values{"kid": "two"}, nil),
		"by a stranger":               signedBy(t, stranger.private, s.unsigned(t, nil, nil)),
		"changed":                     strings.Join(changed, "."),
		"not signed":                  s.unsigned(t, values{"alg": "none"}, nil) + ".",
		"signed by nothing":           s.unsigned(t, nil, nil) + ".",
		"signed by zeros":             s.unsigned(t, nil, nil) + "." + encoded(make([]byte, 64)),
		"signed by the public key":    inHMAC(public),
		"signed by it as a file":      inHMAC(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})),
		"no JWT":                      "forged",
		"empty":                       "",
		"in four parts":               s.sign(t, nil, nil) + ".e30",
		"with a second signature":     s.sign(t, nil, nil) + "AAAA",
		"one that was cut":            s.sign(t, nil, nil)[:200],
		"one of a site without a key": stranger.sign(t, values{"kid": "elsewhere"}, values{"iss": s.origin, "aud": s.origin}),
	}
	for name, run := range verifiers(t) {
		now := time.Now().Unix()
		for what, token := range map[string]string{
			"a good one": s.sign(t, nil, nil),
			"one that the clock of the app makes older": s.sign(t, nil, values{"iat": now - 150, "exp": now - 30}),
			"one that it makes younger by a minute":     s.sign(t, nil, values{"iat": now + 60, "exp": now + 180}),
		} {
			if said, ok := checks(t, run(s.origin, token)); !ok || said != "0123456789ab ada@example.com readers" {
				t.Errorf("%s, %s: %s", name, what, said)
			}
		}
		for what, token := range bad {
			if said, ok := checks(t, run(s.origin, token)); ok {
				t.Errorf("%s takes one %s: %s", name, what, said)
			}
		}
	}
}
