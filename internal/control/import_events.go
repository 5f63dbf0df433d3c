package control

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/job"
	"tidings/internal/pull"
	"tidings/internal/receipt"
	"tidings/internal/source"
)

// EventImport says how files of events are imported.
type EventImport struct {
	Source string // src_…; empty: a source named ImportSource, which is made where there is none
	Format string // one of pull.Formats; empty: told by what a file holds
	DryRun bool   // say what would happen and change nothing
}

// ImportSource is the name of the source that imported events are stored under where none is given. It is disabled:
// nobody can post to it.
const ImportSource = "import"

// ImportEvents takes the records of files in, as one act in the audit log. A record is nothing new the second time, so
// an import may be stopped and begun again. Imports never change consent. Where it fails, what it returns tells how far
// it came. progress may be nil.
func (c *Control) ImportEvents(
	ctx context.Context, who Actor, in EventImport, files []pull.File, progress pull.Progress,
) (pull.Report, error) {
	var p problems
	p.source(in.Source)
	p.oneOf("format", in.Format, pull.Formats())
	if len(files) == 0 {
		p.add("files", "there is nothing to import")
	}
	if err := p.err(); err != nil {
		return pull.Report{}, err
	}
	im := &pull.Importer{
		Builder: c.Builder, Adapter: c.adapter, Known: c.Store.KnownReceipts, Commit: c.Commit,
		Format: pull.Format(in.Format), Now: c.Now(),
	}
	if c.Store.Engine() == "sqlite" {
		im.Commit = c.commitAndRest
	}
	sources := &importSources{control: c, who: who, dry: in.DryRun, made: map[string]*source.Source{}}
	im.Source = sources.find
	if in.Source != "" {
		src, err := c.Source(ctx, who, in.Source)
		if fault.Is(err, fault.NotFound) {
			err = fault.BadField("source", "there is no source %.100q", in.Source)
		}
		if err != nil {
			return pull.Report{}, err
		}
		im.Provider, sources.made[src.Provider] = src.Provider, src
	}
	if in.DryRun {
		im.Commit = func(ctx context.Context, list []*receipt.Entry) error { return c.Store.Try(ctx, list) }
	} else if err := c.Store.Note(ctx, who.Project, c.act(who, opImportEvents, in.Source, noteOf(files))); err != nil {
		return pull.Report{}, fmt.Errorf("note the import: %w", err)
	}
	report, err := im.Run(ctx, files, progress)
	if err != nil {
		return report, fmt.Errorf("import: %w", err)
	}
	return report, nil
}

// importRest is the share of a transaction's time for which the database is left to others after it. SQLite has no queue:
// without a rest, a server beside an import would get no turn before its end.
const importRest = 4

func (c *Control) commitAndRest(ctx context.Context, list []*receipt.Entry) error {
	began := time.Now()
	if err := c.Commit(ctx, list); err != nil {
		return err
	}
	_ = job.Breathe(ctx, time.Since(began)/importRest) // what was stored counts: the next step sees the end of ctx
	return nil
}

// maxImportNote bounds what the audit log says of an import, in bytes.
const maxImportNote = 500

func noteOf(files []pull.File) string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Name
	}
	note := strings.Join(names, ", ")
	if len(note) > maxImportNote {
		note = fmt.Sprintf("%d files, the first %.300s", len(files), names[0])
	}
	return strings.ToValidUTF8(note, "\ufffd")
}

// importSources finds the sources that imported events are stored under.
type importSources struct {
	control *Control
	who     Actor
	dry     bool

	mu   sync.Mutex
	made map[string]*source.Source // by provider
}

// find returns the source for a provider, and makes it where there is none. It is safe for concurrent use.
func (s *importSources) find(ctx context.Context, slug string) (*source.Source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if src := s.made[slug]; src != nil {
		return src, nil
	}
	list, err := s.control.Sources(ctx, s.who)
	if err != nil {
		return nil, err
	}
	// The oldest, so that everybody finds the same one.
	at := slices.IndexFunc(list, func(x *source.Source) bool { return x.Name == ImportSource && x.Provider == slug })
	if at >= 0 {
		s.made[slug] = list[at]
		return list[at], nil
	}
	now := s.control.Now().UTC()
	src := &source.Source{
		ID: auth.NewID("src_"), Project: s.who.Project, Name: ImportSource, Provider: slug,
		TokenHash: auth.Hash(auth.Token()), CreatedAt: now, DisabledAt: now,
	}
	if s.dry {
		if len(list) > 0 {
			src.ProjectRef = list[0].ProjectRef
		}
	} else if err := s.make(ctx, src); err != nil {
		return nil, err
	}
	s.made[slug] = src
	return src, nil
}

func (s *importSources) make(ctx context.Context, src *source.Source) error {
	act := s.control.act(s.who, opCreateSource, src.ID, "for imports")
	if err := s.control.Store.CreateSource(ctx, src, act); err != nil {
		return fmt.Errorf("make the source of imports: %w", err)
	}
	return nil
}
