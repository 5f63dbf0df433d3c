package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/job"
	"tidings/internal/store"
)

func TestGaugesTellTheSizeTheJobsAndTheSourcesThatAreEnabled(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "main")
		if _, err := s.Enqueue(t.Context(), []job.NewJob{named("a", "mail"), named("b", "mail")}); err != nil {
			t.Fatal(err)
		}
		g, err := s.Gauges(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if g.Bytes < 4096 {
			t.Errorf("the database takes %d bytes", g.Bytes)
		}
		g.Bytes = 0
		want := store.Gauges{
			Jobs:    []store.JobCount{{Kind: "mail", State: "waiting", Count: 2}},
			Sources: []store.SourceGauge{{ID: f.src.ID, Provider: f.src.Provider}},
		}
		if diff := cmp.Diff(want, g); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}
