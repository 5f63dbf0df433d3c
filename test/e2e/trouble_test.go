package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tidings/provider/ses/snssign"
)

func TestASecondServerOnOneFileEndsWithTheReasonAndCommandsWorkBesideTheFirst(t *testing.T) {
	t.Parallel()
	db := database(t, "sqlite")
	s := serve(t, db)
	second := command(t, "serve", "--db", db, "--listen", "127.0.0.1:0")
	if second.code == 0 || !strings.Contains(second.errOut, "another tidings server has "+db+" open") ||
		!strings.Contains(second.errOut, "hint: ") {
		t.Errorf("the second server: exit code %d, %s%s", second.code, second.out, second.errOut)
	}
	signer, err := snssign.NewSigner(snssign.Config{})
	must(t, err)
	path := s.source("beside", signer.PEM()).path
	n := notices(t, signer, "beside", 1)[0]
	if r, err := s.post(path, n.body); err != nil || r.status != http.StatusOK {
		t.Fatalf("a source that was made beside the server: %v, %d %s", err, r.status, r.body)
	}
	if v := verify(t, db); v.Events != 1 {
		t.Errorf("a command beside the server finds %d events", v.Events)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if v := verify(t, db); v.Events != 1 {
		t.Errorf("a command without a server finds %d events", v.Events)
	}
	serve(t, db)
}

func TestADatabaseThatThisVersionCannotUseIsLeftAloneWithTheReason(t *testing.T) {
	t.Parallel()
	newer := database(t, "sqlite")
	if r := command(t, "migrate", "--db", newer); r.code != 0 {
		t.Fatalf("migrate: %s", r.errOut)
	}
	conn, err := sqlite.OpenConn(newer, sqlite.OpenReadWrite)
	must(t, err)
	must(t, sqlitex.ExecuteTransient(conn, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)", nil))
	must(t, conn.Close())
	notes := filepath.Join(t.TempDir(), "notes.txt")
	must(t, os.WriteFile(notes, []byte(strings.Repeat("not a database\n", 100)), 0o600))
	for db, says := range map[string]string{
		newer:                                "99999",
		notes:                                "not a SQLite database",
		"postgres://nobody@127.0.0.1:1/none": "127.0.0.1",
	} {
		before, _ := os.ReadFile(db)
		for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"migrate"}, {"events", "list"}} {
			r := command(t, append(args, "--db", db)...)
			if r.code == 0 || !strings.Contains(r.errOut, says) || !strings.Contains(r.errOut, "hint: ") {
				t.Errorf("%q on %s: exit code %d, without %q or a hint: %s%s", args, db, r.code, says, r.out, r.errOut)
			}
		}
		if after, _ := os.ReadFile(db); !bytes.Equal(before, after) {
			t.Errorf("%s was changed", db)
		}
	}
}

func TestSeveralServersShareAPostgresAndStoreEachFactOnce(t *testing.T) {
	t.Parallel()
	db := database(t, "postgres")
	signer, err := snssign.NewSigner(snssign.Config{})
	must(t, err)
	var booting sync.WaitGroup
	servers := make([]*server, 3)
	for i := range servers {
		booting.Go(func() { servers[i] = serve(t, db) })
	}
	booting.Wait()
	path := servers[0].source("shared", signer.PEM()).path
	list := notices(t, signer, "shared", 200)
	var posting sync.WaitGroup
	for _, s := range servers {
		for part := range 4 {
			posting.Go(func() {
				for i := range list {
					s.insist(path, list[(i+part*50)%len(list)])
				}
			})
		}
	}
	posting.Wait()
	if v := verify(t, db); v.Events != int64(len(list)) || len(servers[1].facts()) != len(list) {
		t.Errorf("%d facts became %d events", len(list), v.Events)
	}
	if receipts, came := servers[2].receipts(); receipts != len(list) || came != int64(12*len(list)) {
		t.Errorf("%d receipts that came %d times, want %d and %d", receipts, came, len(list), 12*len(list))
	}
}

// insist posts a notification as a provider does: until it is accepted. Only a 503 that says when to come again may
// keep it from that.
func (s *server) insist(path string, n notice) (refused int) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		r, err := s.post(path, n.body)
		switch {
		case err != nil:
			s.t.Errorf("post %s: %v", n.message, err)
			return refused
		case r.status == http.StatusOK:
			return refused
		case r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") == "":
			s.t.Errorf("post %s: %d, Retry-After %q, %s", n.message, r.status, r.header.Get("Retry-After"), r.body)
			return refused
		}
		refused++
		select {
		case <-tick.C:
		case <-deadline:
			s.t.Errorf("%s was not accepted: %s", n.message, r.body)
			return refused
		}
	}
}

const (
	snsWaits   = 15 * time.Second // for an answer, then it counts a failure
	probeWaits = 6 * time.Second  // whoever asks whether a server is ready; one look holds a second and may take two
)

func TestALockedDatabaseIsSaidWithoutLossAndEndsWithoutRestart(t *testing.T) {
	t.Parallel()
	db := database(t, "sqlite")
	signer, err := snssign.NewSigner(snssign.Config{})
	must(t, err)
	s := serve(t, db)
	path := s.source("locked", signer.PEM()).path
	list := notices(t, signer, "locked", 40)
	s.insist(path, list[0])

	release := lock(t, db)
	locked := time.Now()
	s.until("/readyz says 503", func() bool { return s.status("/readyz") == http.StatusServiceUnavailable })
	if took := time.Since(locked); took > probeWaits {
		t.Errorf("/readyz took %v to say that the database is locked:\n%s", took, s.log())
	}
	if status := s.status("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz says %d while the database is locked", status)
	}
	began := time.Now()
	r, err := s.post(path, list[1].body)
	if err != nil || r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") == "" {
		t.Errorf("a post meanwhile: %v, %d, Retry-After %q, %s", err, r.status, r.header.Get("Retry-After"), r.body)
	}
	if took := time.Since(began); took > snsWaits {
		t.Errorf("the answer took %v", took)
	}
	var posting sync.WaitGroup
	for _, n := range list {
		posting.Go(func() { s.insist(path, n) })
	}
	release()
	posting.Wait()
	s.ready()
	if v := verify(t, db); v.Events != int64(len(list)) {
		t.Errorf("%d events of %d", v.Events, len(list))
	}
}

// lock holds a SQLite file as another program may, until release.
func lock(t testing.TB, db string) (release func()) {
	t.Helper()
	conn, err := sqlite.OpenConn(db, sqlite.OpenReadWrite)
	must(t, err)
	conn.SetBusyTimeout(patience)
	must(t, sqlitex.ExecuteTransient(conn, "BEGIN EXCLUSIVE", nil))
	var once sync.Once
	release = func() { once.Do(func() { _ = conn.Close() }) }
	t.Cleanup(release)
	return release
}

const terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"

func TestAPostgresThatEndsItsConnectionsCostsNothing(t *testing.T) {
	t.Parallel()
	db := database(t, "postgres")
	name := databaseName(t, db)
	signer, err := snssign.NewSigner(snssign.Config{})
	must(t, err)
	s := serve(t, db)
	path := s.source("cut", signer.PEM()).path
	list := notices(t, signer, "cut", 600)

	queue := make(chan notice)
	var posting sync.WaitGroup
	for range posters {
		posting.Go(func() {
			for n := range queue {
				s.insist(path, n)
			}
		})
	}
	for i, n := range list {
		queue <- n
		if i%100 == 50 {
			administer(t, terminate, name)
		}
	}
	close(queue)
	posting.Wait()
	s.ready()

	administer(t, fmt.Sprintf("ALTER DATABASE %s WITH ALLOW_CONNECTIONS false", name))
	administer(t, terminate, name)
	s.until("/readyz says 503", func() bool { return s.status("/readyz") == http.StatusServiceUnavailable })
	late := notices(t, signer, "late", 1)[0]
	r, err := s.post(path, late.body)
	if err != nil || r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") == "" {
		t.Errorf("a post without a database: %v, %d, Retry-After %q, %s", err, r.status, r.header.Get("Retry-After"), r.body)
	}
	administer(t, fmt.Sprintf("ALTER DATABASE %s WITH ALLOW_CONNECTIONS true", name))
	s.ready()
	s.insist(path, late)

	stored := map[string]int{}
	for _, e := range s.facts() {
		stored[e.Message.ID]++
	}
	for _, n := range append(list, late) {
		if stored[n.message] != 1 {
			t.Errorf("message %s has %d events", n.message, stored[n.message])
		}
	}
	if v := verify(t, db); v.Events != int64(len(list)+1) {
		t.Errorf("%d events of %d", v.Events, len(list)+1)
	}
	if log := s.log(); regexp.MustCompile(`postgres(ql)?://[^/@"]*:[^/@"]*@|password=`).MatchString(log) {
		t.Errorf("the log has the URL's secret:\n%s", log)
	}
}
