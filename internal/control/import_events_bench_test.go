package control_test

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"tidings/internal/control"
	"tidings/internal/pull"
	"tidings/internal/simulate"
	"tidings/internal/stats"
	"tidings/provider"
	"tidings/test/imagined"
)

// archiveOf writes n records of an imagined world, bare as Firehose does, one on a line.
func archiveOf(tb testing.TB, n int) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "archive.ndjson")
	f, err := os.Create(path)
	must(tb, err)
	w := bufio.NewWriterSize(f, 1<<20)
	script := simulate.NewScript(simulate.Options{
		Topic: simulate.DefaultTopic, Start: now.AddDate(0, 0, -30), Every: 5 * time.Second, Recipients: 100_000, Hurry: 1,
	})
	var e simulate.Envelope
	var body []byte
	for range n {
		script.Envelope(&e, script.Next())
		body = e.Body(body[:0], nil)
		members, err := provider.Members(body)
		must(tb, err)
		for _, m := range members {
			if m.Name == "Message" {
				record, err := provider.Unquote(m.Value)
				must(tb, err)
				_, err = w.Write(append(record, '\n'))
				must(tb, err)
			}
		}
	}
	must(tb, w.Flush())
	must(tb, f.Close())
	return path
}

func fileAt(path string) []pull.File {
	return []pull.File{{Name: filepath.Base(path), Open: func() (io.ReadCloser, error) { return os.Open(path) }}}
}

// BenchmarkImportEvents imports an archive, and then the same again. docs/benchmarks.md has 1,000,000 records.
func BenchmarkImportEvents(b *testing.B) {
	n := 100_000
	if s := os.Getenv(imagined.EventsVariable); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		must(b, err)
	}
	files := fileAt(archiveOf(b, n))
	c := newControl(b)
	c.Builder.Judge = stats.DefaultRules().Mark
	for _, name := range []string{"new", "again"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				report, err := c.ImportEvents(b.Context(), operator, control.EventImport{}, files, nil)
				must(b, err)
				if report.Records != int64(n) || report.Bad != 0 {
					b.Fatalf("%+v", report)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
