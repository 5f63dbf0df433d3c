package control_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"tidings/internal/archive"
	"tidings/internal/control"
	"tidings/internal/export"
	"tidings/internal/source"
	"tidings/internal/store"
)

// exporting is a control whose clock a test moves, and the folder that its exports write below.
type exporting struct {
	*control.Control
	t      *testing.T
	now    time.Time
	folder string
	source *source.Source
	stored int
}

func newExporting(t *testing.T, engine string) *exporting {
	t.Helper()
	x := &exporting{t: t, now: now, folder: t.TempDir()}
	x.Control, _ = newControlWith(t, engine, func() time.Time { return x.now })
	x.Archive = &archive.Places{Folder: x.folder}
	x.source = stored(t, x.Control, 0)
	return x
}

// more stores so many events more.
func (x *exporting) more(n int) {
	x.t.Helper()
	storedMore(x.t, x.Control, x.source, x.stored, x.stored+n)
	x.stored += n
	// On PostgreSQL the log ends before the oldest transaction that runs, whosever it is.
	for deadline := time.After(time.Minute); len(x.allIDs()) < x.stored; {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			x.t.Fatal("the log does not get there")
		}
	}
}

func (x *exporting) make(all bool, d export.Definition) string {
	x.t.Helper()
	v, err := x.CreateExport(x.t.Context(), operator, control.ExportText{Definition: d, All: all})
	must(x.t, err)
	return v.ID
}

// run lets a job of an export run, and returns the export.
func (x *exporting) run(id string) control.ExportView {
	x.t.Helper()
	must(x.t, x.RunExport(x.t.Context(), id, slog.New(slog.DiscardHandler)))
	v, err := x.Export(x.t.Context(), operator, id)
	must(x.t, err)
	return v
}

// manifests reads those of a folder, by their runs.
func (x *exporting) manifests(folder string) (list []export.Manifest) {
	x.t.Helper()
	files, err := filepath.Glob(filepath.Join(x.folder, folder, "manifests", "*.json"))
	must(x.t, err)
	slices.Sort(files)
	for _, f := range files {
		b, err := os.ReadFile(f)
		must(x.t, err)
		var m export.Manifest
		must(x.t, json.Unmarshal(b, &m))
		list = append(list, m)
	}
	return list
}

// idsIn reads the ids of the events in the files of a manifest, and holds the files to what it says of them.
func (x *exporting) idsIn(folder string, m *export.Manifest) (ids []string) {
	x.t.Helper()
	rows := int64(0)
	for _, f := range m.Files {
		b, err := os.ReadFile(filepath.Join(x.folder, folder, f.Name))
		must(x.t, err)
		sum := sha256.Sum256(b)
		if hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(b)) != f.Bytes {
			x.t.Errorf("%s is another file than the manifest of %s lists", f.Name, m.Run)
		}
		found := readIDs(x.t, f.Name, b)
		if int64(len(found)) != f.Rows || found[0] != f.FirstID || found[len(found)-1] != f.LastID {
			x.t.Errorf("%s has %d rows, %s to %s, and not what the manifest says: %+v", f.Name, len(found), found[0], found[len(found)-1], f)
		}
		rows += f.Rows
		ids = append(ids, found...)
	}
	if rows != m.Rows {
		x.t.Errorf("the manifest of %s has %d rows, its files %d", m.Run, m.Rows, rows)
	}
	return ids
}

func readIDs(t *testing.T, name string, b []byte) (ids []string) {
	t.Helper()
	var r io.Reader = bytes.NewReader(b)
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(r)
		must(t, err)
		r = z
	}
	if strings.HasSuffix(name, ".parquet") {
		type row struct {
			ID string `parquet:"id"`
		}
		rows, err := parquet.Read[row](bytes.NewReader(b), int64(len(b)))
		must(t, err)
		for _, row := range rows {
			ids = append(ids, row.ID)
		}
		return ids
	}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if id, _, isCSV := strings.Cut(strings.Trim(lines.Text(), `"`), `","`); isCSV && !strings.HasPrefix(lines.Text(), "{") {
			if id != "id" {
				ids = append(ids, id)
			}
			continue
		}
		ids = append(ids, idsOf(t, []string{lines.Text()})...)
	}
	must(t, lines.Err())
	return ids
}

func (x *exporting) allIDs() (ids []string) {
	x.t.Helper()
	var at store.Position
	for {
		list, err := x.Store.Follow(x.t.Context(), operator.Project, at, 1000)
		must(x.t, err)
		for i := range list {
			ids = append(ids, list[i].Event.ID.String())
			at = list[i].At
		}
		if len(list) < 1000 {
			return ids
		}
	}
}

func TestEveryEventIsInOneManifestOfAnExport(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		for name, o := range map[string]export.Options{
			"jsonl": {}, "csv": {Format: export.CSV, Gzip: true}, "parquet": {Format: export.Parquet},
		} {
			t.Run(engine+"/"+name, func(t *testing.T) {
				t.Parallel()
				x := newExporting(t, engine)
				x.more(1300)
				id := x.make(true, export.Definition{Name: "all", Folder: "a/b", Options: o})
				if v := x.run(id); v.Last.Label != "" {
					t.Fatalf("it ran before its hour was over: %+v", v.Last)
				}
				x.now = now.Add(time.Minute)
				x.run(id) // of the hour that was over a minute ago: nothing was for it
				x.more(40)
				x.now = now.Add(time.Hour + time.Minute)
				if v := x.run(id); v.Last.Label != "2026-05-05_12-00" || !v.Last.Done || !v.DueAt.Equal(now.Add(2*time.Hour+export.Grace)) {
					t.Fatalf("%+v", v)
				}
				x.now = now.Add(2*time.Hour + time.Minute)
				x.run(id) // an hour without events
				x.more(7)
				x.now = now.Add(5*time.Hour + time.Minute)
				v := x.run(id) // three hours, of which two were missed
				if v.Last.Label != "2026-05-05_16-00" || !v.Last.PeriodFrom.Equal(now.Add(2*time.Hour)) || v.Last.Events != 7 {
					t.Errorf("%+v", v.Last)
				}
				_, err := x.AskExport(t.Context(), operator, id)
				must(t, err)
				x.more(3)
				x.run(id)
				list := x.manifests("a/b")
				var ids, runs []string
				for i := range list {
					runs = append(runs, fmt.Sprint(list[i].Run, " ", list[i].Events, " ", len(list[i].Files) > 0))
					ids = append(ids, x.idsIn("a/b", &list[i])...)
					if i > 0 && list[i].After != list[i-1].UpTo {
						t.Errorf("run %s begins at %s, the one before ends at %s", list[i].Run, list[i].After, list[i-1].UpTo)
					}
				}
				want := []string{
					"2026-05-05_12-00 1340 true", "2026-05-05_13-00 0 false", "2026-05-05_16-00 7 true", "2026-05-05_17-01-00-000 0 false",
				}
				if diff := cmp.Diff(want, runs); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				again, err := x.AskExport(t.Context(), operator, id)
				must(t, err)
				if !again.Done || again.Label != list[3].Run {
					t.Errorf("a second run in a millisecond: %+v", again)
				}
				x.now = x.now.Add(time.Second)
				_, err = x.AskExport(t.Context(), operator, id)
				must(t, err)
				x.run(id)
				if list = x.manifests("a/b"); len(list) != 5 || list[4].Events != 3 {
					t.Errorf("%+v", list)
				}
				ids = append(ids, x.idsIn("a/b", &list[4])...)
				slices.Sort(ids)
				all := x.allIDs()
				slices.Sort(all)
				if diff := cmp.Diff(all, ids); diff != "" {
					t.Errorf("(-stored +exported)\n%s", diff)
				}
			})
		}
	}
}

func TestARunThatEndedMidwayIsWrittenAgainUnderTheSameNames(t *testing.T) {
	t.Parallel()
	x := newExporting(t, "sqlite")
	x.more(2500)
	id := x.make(true, export.Definition{Name: "all", Folder: "all"})
	x.now = now.Add(time.Hour + time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	good := x.folder
	// The first try is stopped by a server that ends, the second by a folder that is gone.
	began, run, err := x.Store.BeginExportRun(ctx, id)
	must(t, err)
	cancel()
	if err := x.RunExport(ctx, id, slog.New(slog.DiscardHandler)); !errors.Is(err, context.Canceled) {
		t.Errorf("a server that ends: %v", err)
	}
	x.Archive = &archive.Places{Folder: filepath.Join(good, "gone")}
	x.more(5)
	v := x.run(id)
	if v.Failures != 1 || v.Problem == "" || !v.FailingAt.Equal(x.now) || !v.DueAt.Equal(x.now.Add(time.Minute)) || v.Last.Done {
		t.Errorf("%+v", v)
	}
	x.now = x.now.Add(25 * time.Hour)
	if v = x.run(id); !v.Stuck || v.Failures != 2 || !v.DueAt.Equal(x.now.Add(2*time.Minute)) {
		t.Errorf("after a day: %+v", v)
	}
	x.Archive = &archive.Places{Folder: good}
	left := filepath.Join(good, "all", "."+run.Label+".jsonl.X"+".unfinished")
	must(t, os.MkdirAll(filepath.Dir(left), 0o750))
	must(t, os.WriteFile(left, []byte("half"), 0o600))
	if v = x.run(id); v.Failures != 0 || v.Stuck || v.Problem != "" || !v.Last.Done {
		t.Errorf("at last: %+v", v)
	}
	list := x.manifests("all")
	if len(list) != 2 || list[0].Run != run.Label || list[0].Events != 2500 || list[1].Events != 5 || began.ID != id {
		t.Fatalf("%+v", list)
	}
	ids := append(x.idsIn("all", &list[0]), x.idsIn("all", &list[1])...)
	if diff := cmp.Diff(x.allIDs(), ids); diff != "" {
		t.Errorf("(-stored +exported)\n%s", diff)
	}
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what an earlier try left is there: %v", err)
	}
}

func TestAnExportHasTheEventsThatItIsFor(t *testing.T) {
	t.Parallel()
	x := newExporting(t, "sqlite")
	x.more(400)
	v, err := x.CreateExport(t.Context(), operator, control.ExportText{
		Definition: export.Definition{Name: "some", Folder: "some", Options: export.Options{Format: export.CSV, Columns: export.EngageColumns}},
		On:         json.RawMessage(`{"event":["email.*"],"source":"main"}`), All: true,
	})
	must(t, err)
	x.now = now.Add(time.Hour + time.Minute)
	v = x.run(v.ID)
	if v.Last.Events != 300 || v.Last.Rows != 200 { // Engage has no word for sent
		t.Errorf("%+v", v.Last)
	}
}

func TestParquetFilesStandInFoldersByDay(t *testing.T) {
	t.Parallel()
	x := newExporting(t, "sqlite")
	x.more(100)
	id := x.make(true, export.Definition{Name: "lake", Folder: "lake", Options: export.Options{Format: export.Parquet}})
	x.now = now.Add(time.Hour + time.Minute)
	x.run(id)
	list := x.manifests("lake")
	var names []string
	for _, f := range list[0].Files {
		names = append(names, f.Name)
		day := strings.TrimSuffix(strings.TrimPrefix(f.Name, "day="), "/2026-05-05_12-00.parquet")
		if f.Earliest.Format(time.DateOnly) != day || f.Latest.Format(time.DateOnly) != day {
			t.Errorf("%s has events from %s to %s", f.Name, f.Earliest, f.Latest)
		}
	}
	if diff := cmp.Diff([]string{"day=2026-05-05/2026-05-05_12-00.parquet"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestAnExportStaysInItsFolder(t *testing.T) {
	t.Parallel()
	x := newExporting(t, "sqlite")
	outside := t.TempDir()
	must(t, os.Symlink(outside, filepath.Join(x.folder, "link")))
	x.more(1)
	id := x.make(true, export.Definition{Name: "out", Folder: "link/x"})
	x.now = now.Add(time.Hour + time.Minute)
	if v := x.run(id); v.Failures != 1 {
		t.Errorf("%+v", v)
	}
	if list, err := os.ReadDir(outside); err != nil || len(list) > 0 {
		t.Errorf("there are %v outside, %v", list, err)
	}
}

func TestAnExportThatIsDisabledWaitsAndGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	x := newExporting(t, "sqlite")
	id := x.make(false, export.Definition{Name: "all", Folder: "all"})
	_, err := x.DisableExport(t.Context(), operator, id)
	must(t, err)
	x.more(3)
	x.now = now.Add(3 * time.Hour)
	if v := x.run(id); v.Last.Label != "" {
		t.Errorf("it ran: %+v", v.Last)
	}
	if _, err := x.AskExport(t.Context(), operator, id); err == nil {
		t.Error("it runs by hand")
	}
	_, err = x.EnableExport(t.Context(), operator, "all")
	must(t, err)
	if v := x.run(id); v.Last.Events != 3 {
		t.Errorf("%+v", v.Last)
	}
	must(t, x.DeleteExport(t.Context(), operator, id))
	must(t, x.RunExport(t.Context(), id, slog.New(slog.DiscardHandler)))
	if list := x.manifests("all"); len(list) != 1 {
		t.Errorf("its files are gone: %v", list)
	}
}
