package store_test

import (
	"os"
	"testing"
)

func TestTheLogStaysShortHoweverMuchIsWritten(t *testing.T) {
	t.Parallel()
	s := opener(t, "sqlite")(exclusive)
	const mib = 1 << 20
	for i := range 640 {
		if err := s.Exec(t.Context(), `INSERT INTO meta (name, value) VALUES ('big', CAST(zeroblob($1) AS TEXT))
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, int64(mib+i)); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(s.URL() + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the log has %d MiB", info.Size()/mib)
	if info.Size() > 400*mib {
		t.Errorf("640 MiB were written, and the log has %d MiB", info.Size()/mib)
	}
}
