package bench

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Markdown writes the report as tables for docs/benchmarks.md.
func (r Report) Markdown(w io.Writer) {
	form := "one a request"
	if r.Batch > 0 {
		form = fmt.Sprintf("%d a request of SendGrid", r.Batch)
	}
	fmt.Fprintf(w, "%s, %d signed events, %s\n\n", r.Engine, r.Events, form)
	head := []string{
		"connections", "events/s", "slowest stretch", "ack p50 ms", "ack p99 ms", "server CPU µs/event",
		"generator CPU µs/event", "RSS max MB", "RSS end MB", "bytes/event on disk", "told to come again",
	}
	fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, l := range r.Loads {
		fmt.Fprintf(w, "| %d | %.0f | %.0f | %s | %s | %.1f | %.1f | %.0f | %.0f | %.0f | %d |\n",
			l.Connections, l.PerSecond, l.slowest(), millis(l.P50), millis(l.P99),
			micros(l.CPUPerEvent), micros(l.LoadPerEvent), megabytes(l.MaxRSS), megabytes(l.FinalRSS), l.BytesPerEvent, l.Shed)
	}
	for _, l := range r.Loads {
		fmt.Fprintf(w, "\nQuestions after the load over %d connections, one at a time\n\n", l.Connections)
		fmt.Fprint(w, "| question | p50 ms | p99 ms |\n|---|---|---|\n")
		for _, a := range l.Answers {
			fmt.Fprintf(w, "| %s | %s | %s |\n", a.Question, millis(a.P50), millis(a.P99))
		}
	}
	for _, l := range r.Loads {
		fmt.Fprintf(w, "\nEvents a second along the load over %d connections:", l.Connections)
		for _, s := range l.Windows {
			fmt.Fprintf(w, " %.0f", s.PerSecond)
		}
		fmt.Fprintln(w)
	}
}

// Markdown writes the report as a table for docs/benchmarks.md.
func (r FeedReport) Markdown(w io.Writer) {
	fmt.Fprintf(w, "%s, %d readers of the live feed, %.0f signed notifications a second, %d events in all\n\n", r.Engine, r.Readers,
		r.PerSecond, r.Events)
	head := []string{
		"told/s", "MB/s", "lag p50 ms", "lag p99 ms", "lag max ms", "drops", "missing", "repeated", "ack p99 ms",
		"server CPUs", "readers' and load's CPUs",
	}
	fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	fmt.Fprintf(w, "| %.0f | %.0f | %s | %s | %s | %d | %d | %d | %s | %.2f | %.2f |\n", r.Told, r.Bytes/(1<<20), millis(r.LagP50),
		millis(r.LagP99), millis(r.LagMax), r.Drops, r.Missing, r.Repeated, millis(r.AckP99), r.ServerCPU, r.LoadCPU)
	fmt.Fprint(w, "\nThe server's resident memory along the way, in MB:")
	const points = 10
	for i := range points + 1 {
		if n := len(r.Memory); n > 0 {
			m := r.Memory[i*(n-1)/points]
			fmt.Fprintf(w, " %.0f", megabytes(m.RSS))
		}
	}
	fmt.Fprintln(w)
}

func (l Load) slowest() float64 {
	slowest := l.PerSecond
	for _, w := range l.Windows {
		slowest = min(slowest, w.PerSecond)
	}
	return slowest
}

func millis(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond)) }

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func megabytes(n int64) float64 { return float64(n) / (1 << 20) }
