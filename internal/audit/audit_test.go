package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/keys"
)

func record(t *testing.T, ring keys.Ring, ctx context.Context, who address.Address) map[string]any {
	t.Helper()
	var written bytes.Buffer
	NewLog(ring, slog.New(slog.NewJSONHandler(&written, nil)), new(Hourly)).Record(ctx, Refused, who, "reason", "too old")
	var line map[string]any
	if err := json.Unmarshal(written.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, written.String())
	}
	return line
}

func newRing(t *testing.T) keys.Ring {
	t.Helper()
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestAnEventSaysWhatWhoAndFromWhere(t *testing.T) {
	ring := newRing(t)
	ctx := WithRequest(t.Context(), netip.MustParseAddr("192.0.2.7"))
	line := record(t, ring, ctx, "alice@corp.example")
	if line["msg"] != "refused" || line["reason"] != "too old" || line["client"] != "192.0.2.7" || line["request"] == "" {
		t.Errorf("the line is %v", line)
	}
	if whole, _ := json.Marshal(line); strings.Contains(string(whole), "alice@corp.example") {
		t.Errorf("the line has the whole address: %s", whole)
	}
	again, other := record(t, ring, ctx, "alice@corp.example"), record(t, ring, ctx, "alina@corp.example")
	if line["request"] != again["request"] {
		t.Errorf("two events of one request have the ids %v and %v", line["request"], again["request"])
	}
	if line["subject"] != again["subject"] || line["subject"] == other["subject"] {
		t.Errorf("the subjects are %v, %v, %v", line["subject"], again["subject"], other["subject"])
	}
	if elsewhere := record(t, newRing(t), ctx, "alice@corp.example"); elsewhere["subject"] == line["subject"] {
		t.Error("the subject does not depend on the secret")
	}
}

func TestAnEventWithoutRequestOrPersonSaysSo(t *testing.T) {
	line := record(t, newRing(t), t.Context(), "")
	for _, name := range []string{"client", "request", "subject", "address"} {
		if _, there := line[name]; there {
			t.Errorf("the line has %s: %v", name, line)
		}
	}
	(*Log)(nil).Record(t.Context(), Asked, "alice@corp.example") // writes nothing
}
