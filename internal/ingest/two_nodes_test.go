package ingest_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"tidings/internal/contact"
	"tidings/internal/ingest"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider/mailgun"
	"tidings/test/database"
)

// Two nodes on one database get the same token with two bodies at once: one body is taken, and whoever brought the
// other, to either node and however often, is refused.
func TestATokenComesWithOneBodyOnlyOnTwoNodesAtOnce(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			at := database.New(t, engine)
			here := newNode(t, at, nil)
			there := newNode(t, at, here.src)
			for round := range 10 {
				bodies := [][]byte{
					here.complaint(round, here.clock.Now(), fmt.Sprintf("ann%d@acme.test", round)),
					here.complaint(round, here.clock.Now(), fmt.Sprintf("bob%d@acme.test", round)),
				}
				var mu sync.Mutex
				var all sync.WaitGroup
				answers := [2]map[int]int{{}, {}}
				for i := range 8 {
					node, body := []*town{here, there}[i/4], i%2
					all.Go(func() {
						code := node.post(inMailgun, bodies[body]).Code
						mu.Lock()
						defer mu.Unlock()
						answers[body][code]++
					})
				}
				all.Wait()
				taken, other := answers[0], answers[1]
				if taken[http.StatusOK] == 0 {
					taken, other = other, taken
				}
				if taken[http.StatusOK] != 4 || other[http.StatusNotAcceptable] != 4 {
					t.Errorf("round %d: %v", round, answers)
				}
			}
		})
	}
}

// newNode is a town whose entries go into the database. The first node makes the source.
func newNode(t *testing.T, at string, src *source.Source) *town {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: at, Soft: contact.DefaultSoftPolicy})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return newTown(t, func(mine *source.Source, o *ingest.Options, co *ingest.CommitterOptions) {
		mine.Provider, mine.Settings, mine.Certificate = "mailgun", source.Settings{Secrets: []string{mailgunKey}}, nil
		mine.Project, mine.TokenHash = store.DefaultProject, sha256.Sum256([]byte(token))
		o.Adapters = append(o.Adapters, mailgun.Adapter)
		co.Commit = s.Commit
		if src != nil {
			*mine = *src
			return
		}
		if err := s.CreateSource(t.Context(), mine, store.Act{At: o.Now(), By: "test", Door: "test", Operation: "create"}); err != nil {
			t.Fatal(err)
		}
	})
}
