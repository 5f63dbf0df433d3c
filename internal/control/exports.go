package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tidings/internal/export"
	"tidings/internal/fault"
	"tidings/internal/rule"
	"tidings/internal/store"
)

// The names of operations on exports that change something.
const (
	opCreateExport  = "createExport"
	opUpdateExport  = "updateExport"
	opDeleteExport  = "deleteExport"
	opEnableExport  = "enableExport"
	opDisableExport = "disableExport"
	opRunExport     = "runExport"
)

const (
	maxExports    = 100 // of a project
	defExportRuns = 50
	maxExportRuns = 200
)

// ExportText is an export as somebody asks for it.
type ExportText struct {
	Definition export.Definition // without On
	On         json.RawMessage   // a rule.Match; empty: every event
	Version    int64             // that a change was made of; 0: whichever is there
	All        bool              // of a new one: what is stored already is written, too
	Disabled   bool              // of a new one
}

// ExportView is an export for people.
type ExportView struct {
	store.Export
	Problems []export.Problem // why it can't be written as it stands, where the operator changed what is allowed
	Stuck    bool             // it has failed for a day; it is tried on
}

// Exports lists a project's exports by name.
func (c *Control) Exports(ctx context.Context, who Actor) ([]ExportView, error) {
	list, err := c.Store.Exports(ctx, who.Project)
	if err != nil {
		return nil, fmt.Errorf("list exports: %w", err)
	}
	out := make([]ExportView, len(list))
	for i := range list {
		out[i] = c.exportView(&list[i])
	}
	return out, nil
}

func (c *Control) exportView(x *store.Export) ExportView {
	_, problems := export.Compile(x.Definition, c.Archive.Limits())
	stuck := !x.FailingAt.IsZero() && c.Now().Sub(x.FailingAt) >= export.StuckAfter
	return ExportView{Export: *x, Problems: problems, Stuck: stuck}
}

// Export finds an export by its id or name.
func (c *Control) Export(ctx context.Context, who Actor, idOrName string) (ExportView, error) {
	x, err := c.Store.Export(ctx, who.Project, idOrName)
	if err != nil {
		return ExportView{}, fmt.Errorf("find export: %w", err)
	}
	return c.exportView(&x), nil
}

// readExport checks an export that somebody asks for.
func (c *Control) readExport(ctx context.Context, who Actor, in ExportText) (*export.Export, error) {
	var p problems
	d := in.Definition
	if on := bytes.TrimSpace(in.On); len(on) > 0 {
		r := json.NewDecoder(bytes.NewReader(on))
		r.DisallowUnknownFields()
		if err := r.Decode(&d.On); err != nil {
			p.add("on", "%s", strings.TrimPrefix(err.Error(), "json: "))
			return nil, p.err()
		}
		if _, err := r.Token(); !errors.Is(err, io.EOF) {
			p.add("on", "must be one object")
			return nil, p.err()
		}
	}
	x, wrong := export.Compile(d, c.Archive.Limits())
	for _, w := range wrong {
		p.add(w.At, "%s", w.Says)
	}
	if err := c.knownSources(ctx, who, d.On.Source, &p); err != nil {
		return nil, err
	}
	return x, p.err()
}

// knownSources tells of sources that are not there.
func (c *Control) knownSources(ctx context.Context, who Actor, words rule.Words, p *problems) error {
	if len(words) == 0 {
		return nil
	}
	sources, err := c.Store.Sources(ctx, who.Project)
	if err != nil {
		return fmt.Errorf("list sources: %w", err)
	}
	known := make(map[string]bool)
	for _, s := range sources {
		known[s.ID], known[s.Name] = true, true
	}
	for i, word := range words {
		if !strings.HasSuffix(word, "*") && !known[word] {
			p.add(indexed("on.source", i), "there is no source %.100q", word)
		}
	}
	return nil
}

// CreateExport makes an export. It is due when the hour, or the day, is over.
func (c *Control) CreateExport(ctx context.Context, who Actor, in ExportText) (ExportView, error) {
	x, err := c.readExport(ctx, who, in)
	if err != nil {
		return ExportView{}, err
	}
	have, err := c.Store.Exports(ctx, who.Project)
	if err != nil {
		return ExportView{}, fmt.Errorf("list exports: %w", err)
	}
	if len(have) >= maxExports {
		return ExportView{}, fault.New(fault.Conflict, "too_many_exports", "a project may have %d exports", maxExports).
			WithHint("delete those that nobody needs")
	}
	act := c.act(who, opCreateExport, "", "")
	act.Changes = exportChanges(&export.Definition{}, &x.Definition)
	made := store.Export{Definition: x.Definition}
	if in.Disabled {
		made.DisabledAt = act.At
	}
	made, err = c.Store.CreateExport(ctx, who.Project, made, in.All, act)
	if err != nil {
		return ExportView{}, fmt.Errorf("create export: %w", err)
	}
	return c.exportView(&made), nil
}

// UpdateExport replaces what an export says. It goes on in the log where it was.
func (c *Control) UpdateExport(ctx context.Context, who Actor, idOrName string, in ExportText) (ExportView, error) {
	next, err := c.readExport(ctx, who, in)
	if err != nil {
		return ExportView{}, err
	}
	return c.changeExport(ctx, who, idOrName, opUpdateExport, func(x *store.Export, a *store.Act) error {
		if in.Version != 0 && in.Version != x.Rev {
			return fault.New(fault.Conflict, CodeRuleChanged, "the export was changed in between: it is version %d now, not %d",
				x.Rev, in.Version).WithHint("read it again and repeat the change")
		}
		a.Changes = exportChanges(&x.Definition, &next.Definition)
		x.Definition = next.Definition
		if x.Failures == 0 {
			x.DueAt = x.Every.Next(a.At)
		}
		return nil
	})
}

// EnableExport lets an export go on where it was, DisableExport stops it.
func (c *Control) EnableExport(ctx context.Context, who Actor, idOrName string) (ExportView, error) {
	return c.changeExport(ctx, who, idOrName, opEnableExport, func(x *store.Export, a *store.Act) error {
		a.Changes = []store.Change{{Field: "enabled", To: "true"}}
		x.DisabledAt, x.DueAt = time.Time{}, a.At
		return nil
	})
}

// DisableExport stops an export. What is under way ends.
func (c *Control) DisableExport(ctx context.Context, who Actor, idOrName string) (ExportView, error) {
	return c.changeExport(ctx, who, idOrName, opDisableExport, func(x *store.Export, a *store.Act) error {
		a.Changes = []store.Change{{Field: "enabled", To: "false"}}
		if x.DisabledAt.IsZero() {
			x.DisabledAt = a.At
		}
		return nil
	})
}

func (c *Control) changeExport(
	ctx context.Context, who Actor, idOrName, operation string, change func(*store.Export, *store.Act) error,
) (ExportView, error) {
	x, err := c.Store.ChangeExport(ctx, who.Project, idOrName, c.act(who, operation, "", ""), change)
	if err != nil {
		return ExportView{}, fmt.Errorf("change export: %w", err)
	}
	return c.exportView(&x), nil
}

// DeleteExport removes an export and what is known of its runs. Its files stay.
func (c *Control) DeleteExport(ctx context.Context, who Actor, idOrName string) error {
	if err := c.Store.DeleteExport(ctx, who.Project, idOrName, c.act(who, opDeleteExport, "", "")); err != nil {
		return fmt.Errorf("delete export: %w", err)
	}
	return nil
}

// exportChanges tells the audit log what differs between two definitions; of most of it only that it does.
func exportChanges(a, b *export.Definition) (list []store.Change) {
	x, y := *a, *b
	for _, f := range [...]struct {
		field    string
		from, to *string
	}{
		{"name", &x.Name, &y.Name},
		{"folder", &x.Folder, &y.Folder},
		{"format", &x.Format, &y.Format},
		{"every", (*string)(&x.Every), (*string)(&y.Every)},
	} {
		if *f.from != *f.to {
			list = append(list, store.Change{Field: f.field, From: *f.from, To: *f.to})
		}
		*f.from, *f.to = "", ""
	}
	if !sameJSON(&x, &y) {
		list = append(list, store.Change{Field: "definition"})
	}
	return list
}

// AskExport begins a run of an export at once, for what was committed since the last one.
func (c *Control) AskExport(ctx context.Context, who Actor, idOrName string) (store.ExportRun, error) {
	run, err := c.Store.AskExportRun(ctx, who.Project, idOrName, c.act(who, opRunExport, "", ""))
	if err != nil {
		return run, fmt.Errorf("run export: %w", err)
	}
	return run, nil
}

// ExportRunPage is a page of runs, newest first.
type ExportRunPage struct {
	Runs       []store.ExportRun
	NextCursor string // empty: there is no more
}

// ExportRuns lists the runs of an export.
func (c *Control) ExportRuns(ctx context.Context, who Actor, idOrName, cursor string, limit int) (page ExportRunPage, err error) {
	var p problems
	before := p.refCursor(exportRunCursor, cursor)
	if limit == 0 {
		limit = defExportRuns
	}
	if limit < 1 || limit > maxExportRuns {
		p.add("limit", "must be between 1 and %d", maxExportRuns)
	}
	if err := p.err(); err != nil {
		return page, err
	}
	x, err := c.Export(ctx, who, idOrName)
	if err != nil {
		return page, err
	}
	list, err := c.Store.ExportRuns(ctx, x.Ref, before, limit+1)
	if err != nil {
		return page, fmt.Errorf("list runs of an export: %w", err)
	}
	page.Runs, page.NextCursor = cutList(exportRunCursor, list, limit, func(r *store.ExportRun) int64 { return r.Ref })
	return page, nil
}
