package e2e_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"tidings/provider/ses/snssign"
)

// exportsOf are the exports of the tests, by their names, which are their folders, too.
var exportsOf = map[string]string{
	"lines":   `{"name":"lines","folder":"lines","all":true}`,
	"sheets":  `{"name":"sheets","folder":"sheets","all":true,"format":"csv","gzip":true}`,
	"columns": `{"name":"columns","folder":"columns","all":true,"format":"parquet"}`,
}

// exportingTo lets a server's exports write below a folder.
func exportingTo(folder string) func(*exec.Cmd) {
	return func(c *exec.Cmd) { c.Env = append(c.Env, "TIDINGS_EXPORT_FOLDER="+folder) }
}

// runExports asks for runs of all exports again and again, until the server is gone.
func (s *server) runExports() (wait func()) {
	var group sync.WaitGroup
	for name := range exportsOf {
		group.Go(func() {
			for {
				_, err := s.do(http.MethodPost, "/exports/"+name+"/run", http.NoBody, nil)
				if err != nil {
					return
				}
				select {
				case <-time.After(time.Millisecond * time.Duration(rand.IntN(20))):
				case <-s.ended:
					return
				}
			}
		})
	}
	return group.Wait
}

// exportManifest is what the tests read of a manifest.
type exportManifest struct {
	Run, After, UpTo string
	Events, Rows     int64
	Files            []struct {
		Name, SHA256 string
		Rows, Bytes  int64
	}
}

func manifestsIn(t *testing.T, folder string) (list []exportManifest) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "manifests", "*.json"))
	must(t, err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		must(t, err)
		var m exportManifest
		must(t, json.Unmarshal(b, &m))
		list = append(list, m)
	}
	return list
}

// exportedIDs reads the ids of all events that manifests name, and holds each file to what its manifest says.
func exportedIDs(t *testing.T, folder string) (ids []string) {
	t.Helper()
	for _, m := range manifestsIn(t, folder) {
		rows := int64(0)
		for _, f := range m.Files {
			b, err := os.ReadFile(filepath.Join(folder, f.Name))
			must(t, err)
			if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(b)) != f.Bytes {
				t.Errorf("%s of run %s is not the file that its manifest lists", f.Name, m.Run)
			}
			found := idsOfFile(t, f.Name, b)
			if int64(len(found)) != f.Rows {
				t.Errorf("%s of run %s has %d rows, the manifest says %d", f.Name, m.Run, len(found), f.Rows)
			}
			rows += f.Rows
			ids = append(ids, found...)
		}
		if rows != m.Rows || rows != m.Events {
			t.Errorf("run %s has %d rows, its manifest %d of %d events", m.Run, rows, m.Rows, m.Events)
		}
	}
	return ids
}

func idsOfFile(t *testing.T, name string, b []byte) (ids []string) {
	t.Helper()
	switch {
	case strings.HasSuffix(name, ".parquet"):
		rows, err := parquet.Read[struct {
			ID string `parquet:"id"`
		}](bytes.NewReader(b), int64(len(b)))
		must(t, err)
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
	case strings.HasSuffix(name, ".csv.gz"):
		z, err := gzip.NewReader(bytes.NewReader(b))
		must(t, err)
		rows, err := csv.NewReader(z).ReadAll()
		must(t, err)
		for _, r := range rows[1:] {
			ids = append(ids, r[0])
		}
	default:
		lines := json.NewDecoder(bytes.NewReader(b))
		for lines.More() {
			var e struct{ ID string }
			must(t, lines.Decode(&e))
			ids = append(ids, e.ID)
		}
	}
	return ids
}

func TestEveryEventIsInOneManifestHoweverOftenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	rounds := setting(t, roundsVariable, defaultRounds)
	signer, err := snssign.NewSigner(snssign.Config{})
	must(t, err)
	list := notices(t, signer, "exported", rounds*loadPerRound)
	onBoth(t, func(t *testing.T, db string) {
		l, folder := newLedger(list), t.TempDir()
		s := serve(t, db, exportingTo(folder))
		path := s.source("load", signer.PEM()).path
		for _, body := range exportsOf {
			s.api(http.MethodPost, "/exports", body, nil)
		}
		for round := range rounds {
			wait := s.runExports()
			s.killAmidLoad(l, path, round)
			wait()
			s = serve(t, db, exportingTo(folder))
			_, s.key = s.apiKey("secret")
		}
		s.finish(l, path)
		var want []string
		for _, e := range s.events() {
			want = append(want, e.ID)
		}
		slices.Sort(want)
		for name := range exportsOf {
			s.until("all events are in manifests of "+name, func() bool {
				s.api(http.MethodPost, "/exports/"+name+"/run", "", nil)
				total := int64(0)
				for _, m := range manifestsIn(t, filepath.Join(folder, name)) {
					total += m.Events
				}
				return total >= int64(len(want))
			})
			got := exportedIDs(t, filepath.Join(folder, name))
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: (-stored +exported)\n%s", name, diff)
			}
			t.Logf("%s: %d events in %d manifests", name, len(got), len(manifestsIn(t, filepath.Join(folder, name))))
		}
		left, err := filepath.Glob(filepath.Join(folder, "*", "manifests", ".*"))
		must(t, err)
		if len(left) > 0 {
			t.Errorf("what was not finished is there: %v", left)
		}
	})
}

func TestTheProgramExportsWhatTheServerDoes(t *testing.T) {
	t.Parallel()
	signer, err := snssign.NewSigner(snssign.Config{})
	must(t, err)
	list := notices(t, signer, "file", 50)
	onBoth(t, func(t *testing.T, db string) {
		s := serve(t, db)
		path := s.source("load", signer.PEM()).path
		for _, n := range list {
			s.insist(path, n)
		}
		_, s.key = s.apiKey("secret")
		served, err := s.do(http.MethodGet, "/export/events", http.NoBody, nil)
		must(t, err)
		dir := t.TempDir()
		for _, name := range []string{"all.jsonl", "all.jsonl.gz", "all.csv", "all.parquet"} {
			file := filepath.Join(dir, name)
			if r := command(t, "export", "events", file, "--db", db); r.code != 0 {
				t.Fatalf("%s: code %d, %s", name, r.code, r.errOut)
			}
		}
		got, err := os.ReadFile(filepath.Join(dir, "all.jsonl"))
		must(t, err)
		if diff := cmp.Diff(string(served.body), string(got)); diff != "" || len(got) == 0 {
			t.Errorf("(-server +program)\n%s", diff)
		}
		packed, err := os.Open(filepath.Join(dir, "all.jsonl.gz"))
		must(t, err)
		defer packed.Close()
		z, err := gzip.NewReader(packed)
		must(t, err)
		unpacked, err := io.ReadAll(z)
		must(t, err)
		if !bytes.Equal(unpacked, got) {
			t.Error("the packed file holds something else")
		}
		if r := command(t, "export", "events", "--db", db, "--columns", "engage"); r.code != 2 {
			t.Errorf("what does not go together ends with %d: %s", r.code, r.errOut)
		}
		if out := command(t, "export", "events", "--db", db, "--name", "nothing.at-all").out; out != "" {
			t.Errorf("%q of events that are not there", out)
		}
	})
}
