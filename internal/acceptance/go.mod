// The tests of the program as its users meet it, in a module of their own, so
// that none of what they need reaches the gate.
module github.com/doorpost-auth/doorpost/internal/acceptance

go 1.26.0

require (
	github.com/chromedp/cdproto v0.159.0
	github.com/chromedp/chromedp v0.23.0
	github.com/doorpost-auth/doorpost v0.0.0
	github.com/doorpost-auth/doorpost/internal/testkit/browser v0.0.0
	github.com/quic-go/quic-go v0.63.0
	golang.org/x/net v0.60.0
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/fxamacker/cbor/v2 v2.9.4 // indirect
	github.com/go-jose/go-jose/v4 v4.1.6 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/gorilla/securecookie v1.1.2 // indirect
	github.com/quic-go/qpack v0.6.0 // indirect
	github.com/redis/go-redis/v9 v9.23.0 // indirect
	github.com/x448/float16 v0.8.4 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/crypto v0.57.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	golang.org/x/text v0.42.0 // indirect
)

replace (
	github.com/doorpost-auth/doorpost => ../..
	github.com/doorpost-auth/doorpost/internal/testkit/browser => ../testkit/browser
)
