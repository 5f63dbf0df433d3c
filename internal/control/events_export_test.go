package control_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/semaphore"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/export"
	"tidings/internal/fault"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider"
)

// stored makes a source and stores so many events of it, of several names, templates and hours, late ones among them.
func stored(t testing.TB, c *control.Control, facts int) *source.Source {
	t.Helper()
	made, err := c.CreateSource(t.Context(), operator, control.NewSource{
		Name: "main", Provider: "ses", Settings: source.Settings{Topics: []string{topic}},
	})
	must(t, err)
	storedMore(t, c, made.Source, 0, facts)
	return made.Source
}

func storedMore(t testing.TB, c *control.Control, src *source.Source, from, to int) {
	t.Helper()
	var entries []*receipt.Entry
	for i := from; i < to; i++ {
		at := now.Add(-time.Duration(i*37%600) * time.Minute)
		d := event.Draft{IdentityAt: at, Key: []string{fmt.Sprint(i)}}
		d.Name = []event.Name{event.EmailSent, event.EmailOpen, event.EmailBounce, "order.paid"}[i%4]
		d.Recipient, d.OccurredAt = fmt.Sprintf("p%d@b.test", i%50), at
		if i%4 != 3 {
			d.Message = &event.Message{ID: fmt.Sprintf("m%d", i), Template: []string{"", "a/b", "c"}[i%3]}
		}
		entries = append(entries, c.Builder.Build(src, provider.Result{
			Transport: provider.Transport{ID: fmt.Sprint("t", i), At: now}, Drafts: []event.Draft{d}, Keep: []byte("x"), Kind: "notification",
		}, []byte("x"), now))
	}
	for part := range slices.Chunk(entries, 500) {
		must(t, c.Store.Commit(t.Context(), part))
	}
}

func exported(t testing.TB, c *control.Control, x control.EventExport) []string {
	t.Helper()
	var b bytes.Buffer
	must(t, c.ExportEvents(t.Context(), operator, x, &b, nil))
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// idsOf are the ids of lines of JSON.
func idsOf(t testing.TB, lines []string) []string {
	t.Helper()
	list := make([]string, 0, len(lines))
	for _, line := range lines {
		var e struct{ ID string }
		must(t, json.Unmarshal([]byte(line), &e))
		list = append(list, e.ID)
	}
	return list
}

func TestAnExportHasWhatPagesOfListsHave(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			c, _ := newControlOn(t, engine)
			stored(t, c, 2500)
			for _, f := range []control.EventFilter{
				{},
				{Names: []string{"opened", "order.paid"}},
				{Template: "a/b"},
				{From: now.Add(-3 * time.Hour).Format(time.RFC3339), To: now.Format(time.RFC3339)},
				{Names: []string{"delivered"}},
			} {
				var pages []string
				for list, more := f, true; more; more = list.Cursor != "" {
					page, err := c.ListEvents(t.Context(), operator, list)
					must(t, err)
					for i := range page.Events {
						pages = append(pages, page.Events[i].ID.String())
					}
					list.Cursor = page.NextCursor
				}
				var byID, bySeq []string
				if len(pages) > 0 {
					byID = idsOf(t, exported(t, c, control.EventExport{EventFilter: f}))
					bySeq = idsOf(t, exported(t, c, control.EventExport{EventFilter: f, Order: "seq"}))
				}
				if diff := cmp.Diff(pages, byID); diff != "" {
					t.Fatalf("%+v: (-pages +export)\n%s", f, diff)
				}
				slices.Sort(pages)
				slices.Sort(bySeq)
				if diff := cmp.Diff(pages, bySeq); diff != "" {
					t.Errorf("%+v: (-pages +export by seq)\n%s", f, diff)
				}
			}
		})
	}
}

func TestAnExportBySeqIsInTheOrderOfTheLogAndEndsWhereItEndedAtTheBegin(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	src := stored(t, c, 1500)
	log, err := c.Store.Follow(t.Context(), operator.Project, store.Position{}, 1000)
	must(t, err)
	var want []string
	for i := range log {
		want = append(want, log[i].Event.ID.String())
	}
	late := 1500
	w := writer(func(b []byte) (int, error) {
		storedMore(t, c, src, late, late+100)
		late += 100
		return len(b), nil
	})
	var told int64
	must(t, c.ExportEvents(t.Context(), operator, control.EventExport{Order: "seq"}, w, func(n int64) { told = n }))
	if told != 1500 {
		t.Errorf("%d events were written, 1500 were there", told)
	}
	got := idsOf(t, exported(t, c, control.EventExport{Order: "seq"}))
	if diff := cmp.Diff(want, got[:len(want)]); diff != "" {
		t.Errorf("(-log +export)\n%s", diff)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

func TestAnExportTellsThatItCouldNotBeWritten(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	stored(t, c, 1200)
	full := errors.New("the disk is full")
	for _, format := range []string{export.JSONL, export.CSV, export.Parquet} {
		err := c.ExportEvents(t.Context(), operator, control.EventExport{Options: export.Options{Format: format}},
			writer(func([]byte) (int, error) { return 0, full }), nil)
		if !errors.Is(err, full) || !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

func TestAnExportOfNothingIsAWholeFile(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	for format, want := range map[string]string{export.JSONL: "", export.CSV: `"id","name"`, export.Parquet: "PAR1"} {
		for _, order := range []string{"id", "seq"} {
			var b bytes.Buffer
			must(t, c.ExportEvents(t.Context(), operator, control.EventExport{
				Options: export.Options{Format: format}, Order: order,
			}, &b, nil))
			if !strings.HasPrefix(b.String(), want) || want == "" && b.Len() > 0 {
				t.Errorf("%s: %q", format, b.String())
			}
		}
	}
}

func TestOnlySomeExportsRunAtOnce(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	c.Exporting = semaphore.NewWeighted(1)
	stored(t, c, 1)
	var within error
	must(t, c.ExportEvents(t.Context(), operator, control.EventExport{}, writer(func(b []byte) (int, error) {
		within = c.ExportEvents(t.Context(), operator, control.EventExport{}, io.Discard, nil)
		return len(b), nil
	}), nil))
	if !fault.Is(within, fault.RateLimited) {
		t.Errorf("a second one: %v", within)
	}
	must(t, c.ExportEvents(t.Context(), operator, control.EventExport{}, io.Discard, nil))
}

func TestAnExportIsRefusedForAllThatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	for name, x := range map[string]struct {
		control.EventExport
		want []string
	}{
		"format and order": {control.EventExport{Options: export.Options{Format: "xlsx"}, Order: "time"}, []string{"format", "order"}},
		"columns":          {control.EventExport{Options: export.Options{Columns: "engage"}}, []string{"columns"}},
		"a filter":         {control.EventExport{EventFilter: control.EventFilter{Names: []string{"email.opend"}}}, []string{"name"}},
		"a contact by seq": {control.EventExport{EventFilter: control.EventFilter{Contact: "a@b.test"}, Order: "seq"}, []string{"order"}},
	} {
		err := c.ExportEvents(t.Context(), operator, x.EventExport, io.Discard, nil)
		if diff := cmp.Diff(x.want, fields(err)); diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}
