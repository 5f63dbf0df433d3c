package store_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/store"
)

func TestARecountPutsRightWhatIsWrong(t *testing.T) {
	facts := randomFacts(rand.New(rand.NewPCG(5, 5)), 2000)
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		commitShuffled(t, s, newFeed(t, s, "one"), rand.New(rand.NewPCG(6, 6)), facts)
		want := dump(t, s)
		for _, sql := range []string{
			`UPDATE events SET class = 0 WHERE class > 5`,
			`DELETE FROM counters WHERE kind >= 5`,
			`UPDATE counters SET n = n + 7, uniques = uniques - 1 WHERE kind = 2 AND name % 2 = 0`,
			`UPDATE messages SET state = CAST('' AS ` + map[string]string{"sqlite": "BLOB", "postgres": "BYTEA"}[s.Engine()] +
				`), rank = 0 WHERE ref % 3 = 0`,
			`INSERT INTO meta (name, value) VALUES ('recount', 'due')`,
		} {
			if err := s.Exec(t.Context(), sql); err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
		}
		if due, err := s.RecountDue(t.Context()); err != nil || !due {
			t.Fatalf("due %v, %v", due, err)
		}
		r, err := s.Recount(t.Context(), recountAct(), nil)
		if err != nil || len(r.Left) > 0 || r.Events == 0 || r.Messages == 0 || r.Counters == 0 {
			t.Fatalf("recount %+v, %v", r, err)
		}
		verified(t, s)
		if d := cmp.Diff(want, dump(t, s)); d != "" {
			t.Errorf("not what it was (-was +is):\n%.2000s", d)
		}
		if due, err := s.RecountDue(t.Context()); err != nil || due {
			t.Errorf("still due: %v, %v", due, err)
		}
	})
}

func recountAct() store.Act {
	return store.Act{At: start, Project: store.DefaultProject, By: "test", Door: "test", Operation: "recount"}
}
