package store_test

import (
	"database/sql"
	"testing"
	"time"

	"tidings/internal/send"
	"tidings/internal/store"
)

// benchAudience is how many contacts the audience of a benchmark has.
const benchAudience = 1_000_000

func BenchmarkTakingAnAudienceOfAMillion(b *testing.B) {
	file := databaseURL(b, "sqlite")
	s := openerAt(b, file)()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(b.Context(), `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO contacts (project, address, counts, created_at, updated_at, unsubscribed)
		SELECT (SELECT ref FROM projects LIMIT 1), 'p' || i || '@acme.test', x'', 1, 1, i % 10 = 0 FROM n`, benchAudience); err != nil {
		b.Fatal(err)
	}
	for n := 0; b.Loop(); n++ {
		id := "brc_bench" + string(rune('a'+n))
		x, err := s.CreateBroadcast(b.Context(), store.DefaultProject, store.Broadcast{
			ID: id, BroadcastDefinition: store.BroadcastDefinition{Name: "News", AudienceType: store.AudienceAll},
		}, 100, act("createBroadcast"))
		if err != nil {
			b.Fatal(err)
		}
		a := act("sendBroadcast")
		if _, _, err := s.BeginBroadcast(b.Context(), &x, &send.Content{Subject: "Hi"}, &a); err != nil {
			b.Fatal(err)
		}
		for done := false; !done; {
			x, done, err = s.TakeAudience(b.Context(), id, func(*store.Broadcast) (store.Due, error) {
				return store.Due{Otherwise: time.Unix(1, 0)}, nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		if x.Recipients != benchAudience/10*9 {
			b.Fatalf("%d recipients", x.Recipients)
		}
	}
}
