package telemetry_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tidings/internal/receipt"
	"tidings/internal/telemetry"
)

func TestWhatHappensIsCounted(t *testing.T) {
	t.Parallel()
	m := telemetry.New("v1")
	m.Accepted("ses", receipt.Outcome{New: 2, Known: 1})
	m.Accepted("ses", receipt.Outcome{Duplicate: true})
	m.Refused("ses", "bad_signature")
	m.Answered("ses", 403, time.Millisecond)
	m.Committed(3, 2*time.Millisecond)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`tidings_ingest_events_total{outcome="new",provider="ses"} 2`,
		`tidings_ingest_events_total{outcome="known",provider="ses"} 1`,
		`tidings_ingest_repeats_total{provider="ses"} 1`,
		`tidings_ingest_refusals_total{code="bad_signature",provider="ses"} 1`,
		`tidings_ingest_requests_total{provider="ses",status="403"} 1`,
		`tidings_ingest_seconds_count{provider="ses"} 1`,
		`tidings_ingest_batch_receipts_sum 3`,
		`tidings_ingest_commit_seconds_count 1`,
		`tidings_build_info{version="v1"} 1`,
		`go_goroutines`,
	} {
		if !strings.Contains(string(body), want+"\n") && !strings.Contains(string(body), want+" ") {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	if strings.Contains(string(body), `outcome="conflict"`) {
		t.Error("an outcome that did not happen is counted")
	}
}

func TestLinesBelowTheLevelAreLeftOut(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"json": `"msg":"two"`, "text": "msg=two"} {
		var b strings.Builder
		log := telemetry.NewLogger(&b, slog.LevelWarn, format)
		log.Info("one")
		log.Warn("two")
		if strings.Contains(b.String(), "one") || !strings.Contains(b.String(), want) {
			t.Errorf("%s: %q", format, b.String())
		}
	}
}
