package acceptance

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// collector takes traces by OTLP over HTTP and keeps the bytes of them.
type collector struct {
	url string

	mu   sync.Mutex
	took bytes.Buffer
}

func startCollector(t testing.TB) *collector {
	t.Helper()
	c := new(collector)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.took.Write(body)
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// environment makes a program send its traces here, soon.
func (c *collector) environment() []string {
	return []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.url, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_TRACES_EXPORTER=otlp", "OTEL_BSP_SCHEDULE_DELAY=100",
	}
}

// String is all that was sent. Texts in it stand there as they are.
func (c *collector) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.took.String()
}
