package caddymodule

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// askHealth asks as the admin endpoint would.
func askHealth(t *testing.T, method string) (status int, answer health) {
	t.Helper()
	route := new(AdminAPI).Routes()[0]
	if route.Pattern != "/doorpost/health" {
		t.Fatalf("the route is %s", route.Pattern)
	}
	w := httptest.NewRecorder()
	err := route.Handler.ServeHTTP(w, httptest.NewRequest(method, route.Pattern, nil))
	if apiErr, ok := err.(caddy.APIError); ok {
		return apiErr.HTTPStatus, answer
	} else if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("the answer %q is no JSON: %v", w.Body, err)
	}
	return w.Code, answer
}

func TestHealthTellsWhetherTheStoreAnswersAndWhatToMend(t *testing.T) {
	server := redistest.Single(t)
	newGateway(t, "doorpost {\nsecret "+strings.Repeat("0123456789abcdef", 4)+"\nstore redis "+server.URL()+"\nmailer console\n}\n",
		"doorpost {\nallow *\n}\nrespond hello")

	if status, answer := askHealth(t, http.MethodGet); status != http.StatusOK || answer.Status != "ok" || answer.Store.Status != "ok" || len(answer.Store.Warnings) != 0 {
		t.Errorf("a healthy store is %d, %+v", status, answer)
	}
	server.Set(t, "maxmemory-policy", "allkeys-lru")
	if status, answer := askHealth(t, http.MethodGet); status != http.StatusOK || len(answer.Store.Warnings) != 1 || !strings.Contains(answer.Store.Warnings[0], "allkeys-lru") {
		t.Errorf("a store that forgets is %d, %+v", status, answer)
	}
	server.Kill()
	if status, answer := askHealth(t, http.MethodGet); status != http.StatusServiceUnavailable || answer.Status != "unavailable" || answer.Store.Error == "" {
		t.Errorf("a store that is down is %d, %+v", status, answer)
	}
	server.Restart(t)
	if status, _ := askHealth(t, http.MethodGet); status != http.StatusOK {
		t.Errorf("a store that is back is %d", status)
	}
	if status, _ := askHealth(t, http.MethodPost); status != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered with %d", status)
	}
}

func TestHealthOfTheEmbeddedStoreIsTold(t *testing.T) {
	newGateway(t, "", "doorpost {\nallow *\n}\nrespond hello")
	if status, answer := askHealth(t, http.MethodGet); status != http.StatusOK || answer.Status != "ok" {
		t.Errorf("health is %d, %+v", status, answer)
	}
}
