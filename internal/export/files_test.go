package export_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/export"
)

// memory is a place that keeps what was committed.
type memory struct {
	files map[string][]byte
	open  int
	most  int // that were open at once
	fails error
}

type memorySink struct {
	bytes.Buffer
	place *memory
	name  string
	ended bool
}

func (m *memory) Close() error { return nil }

func (m *memory) Create(_ context.Context, name string) (export.Sink, error) {
	m.open++
	m.most = max(m.most, m.open)
	return &memorySink{place: m, name: name}, nil
}

func (s *memorySink) Write(b []byte) (int, error) {
	if s.place.fails != nil {
		return 0, s.place.fails
	}
	return s.Buffer.Write(b)
}

func (s *memorySink) Commit() error {
	s.place.files[s.name] = s.Bytes()
	s.ended = true
	s.place.open--
	return nil
}

func (s *memorySink) Abort() {
	if !s.ended {
		s.ended = true
		s.place.open--
	}
}

// overDays are events of so many days in turn.
func overDays(n, days int) []event.Event {
	list := make([]event.Event, n)
	for i := range list {
		list[i] = event.Event{
			ID: event.ID{byte(i >> 8), byte(i)}, Name: "order.paid",
			OccurredAt: time.Date(2026, 5, 1+i%days, 12, 0, i, 0, time.UTC),
		}
	}
	return list
}

func TestFilesAreCutAndListed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		export.Options
		days int
		want []string
	}{
		"text": {export.Options{Format: export.CSV, Gzip: true}, 12, []string{"r-2.csv.gz 40", "r-3.csv.gz 20", "r.csv.gz 40"}},
		"one day": {
			export.Options{Format: export.Parquet},
			1,
			[]string{"day=2026-05-01/r-2.parquet 40", "day=2026-05-01/r-3.parquet 20", "day=2026-05-01/r.parquet 40"},
		},
		"two days": {
			export.Options{Format: export.Parquet},
			2,
			[]string{
				"day=2026-05-01/r-2.parquet 10", "day=2026-05-01/r.parquet 40",
				"day=2026-05-02/r-2.parquet 10", "day=2026-05-02/r.parquet 40",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place := &memory{files: map[string][]byte{}}
			f := export.NewFiles(place, c.Options, "r")
			f.SetMost(40)
			defer f.Abort()
			list := overDays(100, c.days)
			must(t, f.Write(t.Context(), list[:60]))
			must(t, f.Write(t.Context(), list[60:]))
			files, err := f.Close()
			must(t, err)
			var got []string
			for _, x := range files {
				got = append(got, fmt.Sprint(x.Name, " ", x.Rows))
				sum := sha256.Sum256(place.files[x.Name])
				if hex.EncodeToString(sum[:]) != x.SHA256 || int64(len(place.files[x.Name])) != x.Bytes {
					t.Errorf("%s is not what is listed: %+v", x.Name, x)
				}
				if x.Earliest.After(x.Latest) || x.FirstID == x.LastID {
					t.Errorf("%+v", x)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestEventsOfManyDaysKeepFewFilesOpen(t *testing.T) {
	t.Parallel()
	place := &memory{files: map[string][]byte{}}
	f := export.NewFiles(place, export.Options{Format: export.Parquet}, "r")
	must(t, f.Write(t.Context(), overDays(60, 20)))
	files, err := f.Close()
	must(t, err)
	rows := int64(0)
	for _, x := range files {
		rows += x.Rows
	}
	if place.most > 8 || place.open != 0 || rows != 60 || len(files) != len(place.files) {
		t.Errorf("%d files were open at once, %d are; %d rows in %d files", place.most, place.open, rows, len(files))
	}
}

func TestFilesThatAreGivenUpAreNotThere(t *testing.T) {
	t.Parallel()
	for _, format := range []string{export.JSONL, export.CSV, export.Parquet} {
		place := &memory{files: map[string][]byte{}, fails: errors.New("the disk is full")}
		f := export.NewFiles(place, export.Options{Format: format}, "r")
		err := f.Write(t.Context(), overDays(60, 3))
		if err == nil {
			_, err = f.Close()
		}
		f.Abort()
		if !errors.Is(err, place.fails) || place.open != 0 || len(place.files) != 0 {
			t.Errorf("%s: %v, %d files open, %d there", format, err, place.open, len(place.files))
		}
	}
}

func TestPeriodsEndAndAreNamed(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		v, err := time.Parse(time.RFC3339, text)
		must(t, err)
		return v
	}
	for _, c := range []struct {
		every           export.Every
		now             string
		label, to, next string
	}{
		{export.Hour, "2026-11-22T14:00:14Z", "2026-11-22_12-00", "2026-11-22T13:00:00Z", "2026-11-22T14:00:15Z"},
		{export.Hour, "2026-11-22T14:00:15Z", "2026-11-22_13-00", "2026-11-22T14:00:00Z", "2026-11-22T15:00:15Z"},
		{"", "2026-11-22T15:30:00+01:00", "2026-11-22_13-00", "2026-11-22T14:00:00Z", "2026-11-22T15:00:15Z"},
		{export.Day, "2026-11-22T14:00:15Z", "2026-11-21", "2026-11-22T00:00:00Z", "2026-11-23T00:00:15Z"},
		{export.Day, "2027-01-01T00:00:00Z", "2026-12-30", "2026-12-31T00:00:00Z", "2027-01-01T00:00:15Z"},
	} {
		from, to := c.every.Last(at(c.now))
		next := c.every.Next(at(c.now))
		if c.every.Label(from) != c.label || !to.Equal(at(c.to)) || !next.Equal(at(c.next)) {
			t.Errorf("%s at %s: %s until %s, next %s", c.every, c.now, c.every.Label(from), to, next)
		}
	}
	if got := export.ByHand(at("2026-11-22T14:00:15.123Z")); got != "2026-11-22_14-00-15-123" {
		t.Error(got)
	}
	for failures, want := range map[int]time.Duration{0: time.Minute, 1: time.Minute, 3: 4 * time.Minute, 7: time.Hour, 1000: time.Hour} {
		if got := export.Again(failures); got != want {
			t.Errorf("after %d failures %s", failures, got)
		}
	}
}
