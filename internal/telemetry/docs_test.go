package telemetry_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/receipt"
	"tidings/internal/telemetry"
)

// scrape is what Prometheus gets.
func scrape(m *telemetry.Metrics) string {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	return w.Body.String()
}

// watched is a server in which everything has happened once.
func watched(state func(context.Context) (telemetry.State, error), now func() time.Time, log *slog.Logger) *telemetry.Metrics {
	m := telemetry.New("v1")
	m.Accepted("ses", receipt.Outcome{New: 1, Duplicate: true})
	m.Refused("ses", "bad_signature")
	m.Answered("ses", http.StatusOK, time.Millisecond)
	m.Committed(1, time.Millisecond)
	m.Asked("listEvents", http.StatusOK, time.Millisecond)
	m.Queued("ses", "received", 1)
	m.QueueLag("ses", time.Second)
	m.QueueTrouble("ses", "queue_missing")
	m.QueueHolds("ses", 1)
	m.Called("get_subscriber", "ok", time.Millisecond)
	m.Mailed("smtp", "sent", 1)
	m.MailTook("smtp", time.Millisecond)
	m.BusAnswered(http.StatusOK, time.Millisecond)
	m.BusEntry("accepted")
	m.Watch(telemetry.Watched{
		Queue: func() (int, int) { return 2, 3000 }, InFlight: func() int64 { return 4 }, Readers: func() int { return 5 }, State: state, Log: log, Now: now,
	})
	return m
}

func someState(context.Context) (telemetry.State, error) {
	return telemetry.State{
		DatabaseBytes: 4096, Jobs: []telemetry.JobCount{{Kind: "retention", State: "waiting", Count: 5}},
		Sources: []telemetry.SourceState{
			{ID: "src_1", Provider: "ses", LastEventAt: time.Unix(1777982400, 0)}, {ID: "src_2", Provider: "ses"},
		},
		Sends: telemetry.SendState{Queued: 3, Uncertain: 1, OldestDueAt: time.Unix(1777982400, 0)},
	}, nil
}

// metric is one row of the page, or one family of a scrape.
type metric struct{ Name, Kind, Labels string }

func TestThePageOfMetricsIsWhatAServerGives(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []metric
	row := regexp.MustCompile("(?m)^\\| `(tidings_[a-z_]+)` \\| ([a-z]+) \\| ([^|]*)\\| [^|]+ \\| [^|]+ \\|$")
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		documented = append(documented, metric{m[1], m[2], sorted(strings.Split(strings.TrimSpace(strings.ReplaceAll(m[3], "`", "")), ", "))})
	}
	byName := func(a, b metric) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(documented, byName)
	given := families(scrape(watched(someState, time.Now, slog.New(slog.DiscardHandler))))
	slices.SortFunc(given, byName)
	if diff := cmp.Diff(given, documented); diff != "" {
		t.Errorf("docs/metrics.md (-given +documented):\n%s", diff)
	}
}

func sorted(labels []string) string {
	slices.Sort(labels)
	return strings.Join(labels, ", ")
}

// families reads the names, types and labels of our metrics from a scrape.
func families(text string) (list []metric) {
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (tidings_[a-z_]+) ([a-z]+)$`).FindAllStringSubmatch(text, -1) {
		f := metric{Name: m[1], Kind: m[2]}
		sample := regexp.MustCompile(`(?m)^` + m[1] + `(?:_bucket)?\{([^}]*)\}`).FindStringSubmatch(text)
		if sample != nil {
			var labels []string
			for _, l := range regexp.MustCompile(`([a-z]+)="`).FindAllStringSubmatch(sample[1], -1) {
				if l[1] != "le" {
					labels = append(labels, l[1])
				}
			}
			f.Labels = sorted(labels)
		}
		list = append(list, f)
	}
	return list
}

func TestTheStateIsGivenAsItIsRead(t *testing.T) {
	t.Parallel()
	text := scrape(watched(someState, time.Now, slog.New(slog.DiscardHandler)))
	for _, want := range []string{
		"tidings_database_bytes 4096", `tidings_jobs{kind="retention",state="waiting"} 5`,
		`tidings_source_last_event_timestamp_seconds{provider="ses",source="src_1"} 1.7779824e+09`,
		"tidings_ingest_queue_receipts 2", "tidings_ingest_queue_bytes 3000", "tidings_ingest_in_flight_requests 4",
		`tidings_api_requests_total{operation="listEvents",status="200"} 1`,
	} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(text, "src_2") {
		t.Error("a source without events has a time of its last one")
	}
}

func TestSeveralScrapersShareOneReadingForTenSeconds(t *testing.T) {
	t.Parallel()
	now, read := time.Unix(1777982400, 0), 0
	m := watched(func(ctx context.Context) (telemetry.State, error) {
		read++
		return someState(ctx)
	}, func() time.Time { return now }, slog.New(slog.DiscardHandler))
	scrape(m)
	now = now.Add(9 * time.Second)
	scrape(m)
	if read != 1 {
		t.Errorf("read %d times within ten seconds", read)
	}
	now = now.Add(time.Second)
	scrape(m)
	if read != 2 {
		t.Errorf("read %d times, want a second one after ten seconds", read)
	}
}

func TestAStateThatCanNotBeReadCostsNoOtherMetric(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	m := watched(func(context.Context) (telemetry.State, error) {
		return telemetry.State{}, errors.New("no connection")
	}, time.Now, slog.New(slog.NewTextHandler(&log, nil)))
	text := scrape(m)
	if !strings.Contains(text, "tidings_ingest_queue_receipts 2") || strings.Contains(text, "tidings_database_bytes") {
		t.Errorf("the scrape is\n%s", text)
	}
	if !strings.Contains(log.String(), "no connection") {
		t.Errorf("the log says %q", log.String())
	}
}
