// Command verifiers checks an assertion of Doorpost, with go-jose.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Verifier checks the assertions of one site.
type Verifier struct {
	Origin string // https://app.example.com

	mu      sync.Mutex
	keys    jose.JSONWebKeySet
	fetched time.Time
}

// Claims are what an assertion says.
type Claims struct {
	jwt.Claims
	Email  string   `json:"email"`
	Groups []string `json:"groups"`
}

// Check returns the claims of a good assertion, and an error for any other.
func (v *Verifier) Check(token string) (c Claims, err error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return c, err
	}
	header := parsed.Headers[0]
	if header.ExtraHeaders[jose.HeaderType] != "doorpost+jwt" {
		return c, errors.New("it is a JWT of another kind")
	}
	key, err := v.key(header.KeyID)
	if err != nil {
		return c, err
	}
	if err := parsed.Claims(key, &c); err != nil {
		return c, err
	}
	if c.Subject == "" || c.Expiry == nil || c.IssuedAt == nil {
		return c, errors.New("it does not say whose it is, and until when")
	}
	return c, c.ValidateWithLeeway(jwt.Expected{Issuer: v.Origin, AnyAudience: jwt.Audience{v.Origin}, Time: time.Now()}, time.Minute)
}

// key is the key with an ID. All are kept for five minutes, and fetched again for one that
// is not known.
func (v *Verifier) key(id string) (jose.JSONWebKey, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	age := time.Since(v.fetched)
	if age > 5*time.Minute || len(v.keys.Key(id)) == 0 && age > 10*time.Second {
		answer, err := http.Get(v.Origin + "/_doorpost/keys")
		if err != nil {
			return jose.JSONWebKey{}, err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return jose.JSONWebKey{}, fmt.Errorf("the keys: %s", answer.Status)
		}
		var set jose.JSONWebKeySet
		if err := json.NewDecoder(answer.Body).Decode(&set); err != nil {
			return jose.JSONWebKey{}, err
		}
		v.keys, v.fetched = set, time.Now()
	}
	if found := v.keys.Key(id); len(found) > 0 {
		return found[0], nil
	}
	return jose.JSONWebKey{}, errors.New("its key is not known")
}

func main() {
	v := &Verifier{Origin: os.Args[1]}
	claims, err := v.Check(os.Args[2]) // the header Doorpost-Assertion
	if err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
	fmt.Println(claims.Subject, claims.Email, strings.Join(claims.Groups, ","))
}
