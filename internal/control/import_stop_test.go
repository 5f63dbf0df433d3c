package control_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/control"
	"tidings/internal/pull"
	"tidings/internal/receipt"
	"tidings/internal/stats"
)

func TestAnImportThatWasStoppedGoesOn(t *testing.T) {
	t.Parallel()
	files := fileAt(archiveOf(t, 5000))
	whole := newControl(t)
	whole.Builder.Judge = stats.DefaultRules().Mark
	want := imported(t, whole, control.EventImport{}, files...)
	engines(t, func(t *testing.T, url string) {
		c := importing(t, url)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		first, err := c.ImportEvents(ctx, operator, control.EventImport{}, files, func(records, bytes int64) {
			if records >= 2000 {
				stop()
			}
		})
		if !errors.Is(err, context.Canceled) || first.Records < 2000 || first.Records == want.Records {
			t.Errorf("stopped after %d records: %v", first.Records, err)
		}
		second := imported(t, c, control.EventImport{}, files...)
		if second.Records != want.Records || second.Skipped < first.Records || first.New+second.New < want.New-1000 {
			t.Errorf("first %+v, then %+v", first, second)
		}
		if d := cmp.Diff(allEvents(t, whole), allEvents(t, c)); d != "" {
			t.Error(d)
		}
		verified(t, c)
	})
}

func TestAnErrorOfTheDatabaseEndsAnImportWithItsCause(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	broken := errors.New("the disk is full")
	commit, n := c.Commit, 0
	c.Commit = func(ctx context.Context, list []*receipt.Entry) error {
		if n++; n == 3 {
			return broken
		}
		return commit(ctx, list)
	}
	files := fileAt(archiveOf(t, 5000))
	report, err := c.ImportEvents(t.Context(), operator, control.EventImport{}, files, nil)
	if !errors.Is(err, broken) || report.Records == 0 || report.New == 0 || report.Records >= 5000 {
		t.Errorf("%d records: %v", report.Records, err)
	}
}

func TestADryRunOfAnImportTellsAndChangesNothing(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		c := importing(t, url)
		dry := imported(t, c, control.EventImport{DryRun: true}, textFile("a", engageFile))
		sources, err := c.Sources(t.Context(), operator)
		must(t, err)
		acts, err := c.ListActs(t.Context(), operator, control.AuditFilter{})
		must(t, err)
		if len(sources)+len(acts.Acts)+len(allEvents(t, c)) != 0 {
			t.Errorf("a dry run left %d sources and %d acts", len(sources), len(acts.Acts))
		}
		if d := cmp.Diff(imported(t, c, control.EventImport{}, textFile("a", engageFile)), dry); d != "" {
			t.Error(d)
		}
	})
}

func TestAnImportRefusesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	_, err := c.ImportEvents(t.Context(), operator, control.EventImport{Source: "src_none", Format: "xml"}, nil, nil)
	if d := cmp.Diff([]string{"files", "format"}, fields(err)); d != "" {
		t.Errorf("%v: %s", err, d)
	}
	_, err = c.ImportEvents(t.Context(), operator, control.EventImport{Source: "src_none"}, []pull.File{textFile("a", "{}")}, nil)
	if d := cmp.Diff([]string{"source"}, fields(err)); d != "" {
		t.Errorf("%v: %s", err, d)
	}
}

func TestAFileThatCannotBeReadCostsItselfAlone(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	cut := compressed(t, engageFile)
	report := imported(t, c, control.EventImport{},
		fileAt("testdata/there-is-none")[0], textFile("cut.gz", cut[:len(cut)-6]), textFile("good", engageFile))
	if report.Problems[pull.CodeNotRead] != 1 || report.Problems[pull.CodeCut] != 1 || report.Files != 2 || report.New == 0 {
		t.Errorf("%+v", report)
	}
}

func TestAForcedFormatTellsWhatIsNotOfIt(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	report := imported(t, c, control.EventImport{Format: "events"}, textFile("a", optOut))
	if report.New != 0 || report.Bad != 1 {
		t.Errorf("%+v", report)
	}
}

func TestAReplayOfImportedReceiptsAddsNothingAndTheirElementsAreFound(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	for _, f := range []pull.File{textFile("a", sesArchive(t)), textFile("b", engageFile), textFile("c", ownEvents)} {
		imported(t, c, control.EventImport{}, f)
	}
	before, err := c.ListReceipts(t.Context(), operator, control.ReceiptFilter{})
	must(t, err)
	sum, err := c.Replay(t.Context(), operator, control.ReplayFilter{}, nil)
	must(t, err)
	if sum.Receipts != 3 || sum.New+sum.Conflicts+sum.Unreadable+sum.Upgraded != 0 || sum.Known == 0 {
		t.Errorf("%+v", sum)
	}
	after, err := c.ListReceipts(t.Context(), operator, control.ReceiptFilter{})
	must(t, err)
	if d := cmp.Diff(before, after); d != "" {
		t.Error(d)
	}
	for _, e := range allEvents(t, c) {
		raw, err := c.EventRaw(t.Context(), operator, e.ID.String())
		must(t, err)
		local, _, _ := strings.Cut(e.Recipient, "@")
		if !strings.Contains(strings.ToLower(string(raw)), local) {
			t.Errorf("event %s of %s was made from %.200s", e.ID, e.Recipient, raw)
		}
	}
}

func TestAnImportIsOneActAndMakesItsSourceOnce(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	for range 2 {
		imported(t, c, control.EventImport{}, textFile("a.csv", engageFile))
	}
	acts, err := c.ListActs(t.Context(), operator, control.AuditFilter{})
	must(t, err)
	var got []string
	for _, a := range acts.Acts {
		got = append(got, a.Operation+" "+a.Note)
	}
	if d := cmp.Diff([]string{"importEvents a.csv", "createSource for imports", "importEvents a.csv"}, got); d != "" {
		t.Error(d)
	}
	if src := sourceNamed(t, c, control.ImportSource); src.DisabledAt.IsZero() || src.Provider != "ses" {
		t.Errorf("%+v", src)
	}
}
