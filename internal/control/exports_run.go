package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"

	"tidings/event"
	"tidings/internal/export"
	"tidings/internal/fault"
	"tidings/internal/rule"
	"tidings/internal/store"
)

// RunExport writes what an export is due to write. Where that fails it stays due, with its problem. It may be run again, also
// after a crash: a run has the same files of the same events each time.
func (c *Control) RunExport(ctx context.Context, id string, log *slog.Logger) error {
	for {
		x, run, err := c.Store.BeginExportRun(ctx, id)
		if err != nil {
			return fmt.Errorf("begin a run of export %s: %w", id, err)
		}
		if run.Label == "" {
			return nil
		}
		sum, err := c.writeRun(ctx, &x, &run)
		if ctx.Err() != nil {
			return ctx.Err() // the server stops: the next one writes it
		}
		if err != nil {
			log.WarnContext(ctx, "a run of an export failed, and will be tried again", "export", x.ID, "run", run.Label,
				"failures", x.Failures+1, "error", err)
			if err := c.Store.FailExportRun(ctx, &x, &run, problemText(err)); err != nil {
				return fmt.Errorf("note how a run of export %s failed: %w", id, err)
			}
			return nil
		}
		if err := c.Store.EndExportRun(ctx, &x, &run, sum); err != nil {
			return fmt.Errorf("end a run of export %s: %w", id, err)
		}
	}
}

// problemText is what a person is told of an error.
func problemText(err error) string {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Hint == "" {
		return err.Error()
	}
	return err.Error() + ": " + f.Hint
}

// writeRun writes the files of a run and the manifest that lists them.
func (c *Control) writeRun(ctx context.Context, x *store.Export, run *store.ExportRun) (sum store.ExportSum, err error) {
	compiled, wrong := export.Compile(x.Definition, c.Archive.Limits())
	if len(wrong) > 0 {
		return sum, fault.New(fault.Invalid, "definition", "the export can't be written as it stands: %s: %s",
			wrong[0].At, wrong[0].Says)
	}
	place, err := c.Archive.Open(ctx, &compiled.Definition)
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	files := export.NewFiles(place, compiled.Options, run.Label)
	defer files.Abort()
	if sum.Events, err = c.writeLog(ctx, x, run, compiled, files); err != nil {
		return sum, err
	}
	list, err := files.Close()
	if err != nil {
		return sum, err
	}
	for _, f := range list {
		sum.Rows, sum.Bytes = sum.Rows+f.Rows, sum.Bytes+f.Bytes
	}
	sum.Files, sum.Manifest = int64(len(list)), export.ManifestName(run.Label)
	m := export.Manifest{
		ExportID: x.ID, Export: x.Name, ProjectID: x.Project, Run: run.Label, ByHand: run.ByHand,
		From: run.PeriodFrom, To: run.PeriodTo, After: placeText(run.From), UpTo: placeText(run.To),
		Events: sum.Events, Rows: sum.Rows, Files: list,
	}
	return sum, writeManifest(ctx, place, &m)
}

// writeLog writes the events of a run, and counts them.
func (c *Control) writeLog(
	ctx context.Context, x *store.Export, run *store.ExportRun, compiled *export.Export, files *export.Files,
) (events int64, err error) {
	names, err := c.sourceNames(ctx, x.Project)
	if err != nil {
		return 0, err
	}
	next, err := c.pagesBySeq(ctx, x.Project, run.From, &run.To)
	if err != nil {
		return 0, err
	}
	wanted := func(p *eventPage) (err error) {
		if p.events, err = p.rows.Events(); err != nil {
			return err
		}
		p.events = slices.DeleteFunc(p.events, func(e event.Event) bool {
			return !compiled.Tells(withSource(&e, names))
		})
		return nil
	}
	err = eachEventPage(ctx, next, wanted, func(p *eventPage) error {
		events += int64(len(p.events))
		return files.Write(ctx, p.events)
	})
	return events, err
}

// withSource is an event as it is matched, with names of sourceNames.
func withSource(e *event.Event, names map[string]string) *rule.Event {
	r := &rule.Event{Event: *e}
	if e.Source != nil {
		r.SourceName = names[e.Source.ID]
	}
	return r
}

// sourceNames are the names of a project's sources by their ids.
func (c *Control) sourceNames(ctx context.Context, project string) (map[string]string, error) {
	sources, err := c.Store.Sources(ctx, project)
	if err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	names := make(map[string]string, len(sources))
	for _, s := range sources {
		names[s.ID] = s.Name
	}
	return names, nil
}

// placeText writes a place in the log for people who compare manifests.
func placeText(p store.Position) string {
	return strconv.FormatUint(p.Transaction, 10) + "/" + strconv.FormatInt(p.Seq, 10)
}

func writeManifest(ctx context.Context, place export.Place, m *export.Manifest) error {
	text, err := m.Encode()
	if err != nil {
		return err
	}
	out, err := place.Create(ctx, export.ManifestName(m.Run))
	if err != nil {
		return fmt.Errorf("begin the manifest: %w", err)
	}
	defer out.Abort()
	if _, err := out.Write(text); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	if err := out.Commit(); err != nil {
		return fmt.Errorf("end the manifest: %w", err)
	}
	return nil
}

// WakeExports lets jobs write what is due.
func (c *Control) WakeExports(ctx context.Context) error {
	if err := c.Store.WakeExports(ctx); err != nil {
		return fmt.Errorf("wake exports: %w", err)
	}
	return nil
}
