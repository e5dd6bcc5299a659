package caddymodule

import (
	"fmt"
	"testing"
	"time"
)

// What an error route began ends with the session, too.
func TestWhatLastsOfAnErrorRouteEndsWithSignOut(t *testing.T) {
	app := newLastingApp(t)
	g := newGateway(t, manyRequests, fmt.Sprintf("doorpost {\nallow *@example.com\n}\nroute {\nerror /h1/* 404\n}\nhandle_errors {\nreverse_proxy %s {\nstream_close_delay 1h\n}\n}", app.address()))
	alice := g.newPerson(g.origin(), "alice@example.com", "h1")
	socket := alice.begin(app, "/h1/socket")
	alice.post("/_doorpost/sign-out")
	expectCut(t, app, time.Now(), socket)
	g.expectNothingLive()
}
