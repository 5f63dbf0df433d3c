package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sends are n records of Amazon SES, one on a line: mail to 100 people.
func sends(n int) string {
	var b strings.Builder
	begin := time.Now().UTC().Add(-24 * time.Hour).Truncate(time.Second)
	for i := range n {
		fmt.Fprintf(&b, `{"eventType":"Send","mail":{"timestamp":%q,"messageId":"0102019a-%06d-000000","destination":["p%d@acme.test"]},"send":{}}`+"\n",
			begin.Add(time.Duration(i)*time.Second).Format("2006-01-02T15:04:05.000Z"), i, i%100)
	}
	return b.String()
}

func TestAnImportThatIsKilledGoesOnBesideAServer(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db string) {
		const all = 8000
		text := sends(all)
		path := filepath.Join(t.TempDir(), "archive.ndjson")
		must(t, os.WriteFile(path, []byte(text), 0o600))
		s := serve(t, db)

		// It never gets to the end of its input, so that it is alive when it is killed.
		killed := exec.Command(os.Getenv(binaryVariable), "import", "-", "--db", db)
		killed.Env, killed.Dir = environment(), t.TempDir()
		input, err := killed.StdinPipe()
		must(t, err)
		must(t, killed.Start())
		_, err = input.Write([]byte(text[:len(text)*3/4]))
		must(t, err)
		s.until("some events are there", func() bool {
			var page struct{ Events []any }
			ask(t, &page, "events", "--db", db, "--limit", "1")
			return len(page.Events) > 0
		})
		must(t, killed.Process.Kill())
		_ = killed.Wait() // it says that it was killed

		var report struct{ Records, Skipped, New, Known, Conflicts, Bad int }
		ask(t, &report, "import", path, "--db", db)
		if report.Records != all || report.Skipped == 0 || report.New+report.Known+report.Skipped != all || report.Conflicts+report.Bad != 0 {
			t.Errorf("after the kill: %+v", report)
		}
		ask(t, &report, "import", path, "--db", db)
		if report.Skipped != all || report.New != 0 {
			t.Errorf("the third time: %+v", report)
		}
		var v struct{ Events, Messages, Contacts int }
		ask(t, &v, "verify", "--db", db)
		if v.Events != all || v.Messages != all || v.Contacts != 100 {
			t.Errorf("%+v", v)
		}
		if code := s.stop(); code != 0 {
			t.Errorf("the server's exit code is %d", code)
		}
	})
}
