package api

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tidings/internal/control"
	"tidings/internal/export"
	"tidings/internal/store"
)

// Export is an export that is due by itself.
type Export struct {
	ID string `json:"id" example:"exp_4f"`
	ExportDefinition
	Enabled   bool            `json:"enabled" doc:"Whether it runs"`
	Version   int64           `json:"version" doc:"Grows with every change" example:"3"`
	DoneTo    time.Time       `json:"doneTo" doc:"The end of the time that runs were for"`
	DueAt     time.Time       `json:"dueAt" doc:"When it runs next"`
	Failures  int             `json:"failures" doc:"How often in a row its run failed" example:"0"`
	FailingAt time.Time       `json:"failingAt,omitzero" doc:"Since when; absent: it does not fail"`
	Stuck     bool            `json:"stuck" doc:"It has failed for a day; it is tried on, every hour"`
	Problem   string          `json:"problem,omitempty" doc:"How the last try failed" example:"the folder for exports can't be written"`
	Problems  []ExportProblem `json:"problems" nullable:"false" doc:"Why it can't run as it stands: what the operator allows has changed"`
	LastRun   *ExportRun      `json:"lastRun,omitempty" doc:"The newest run; absent: there is none"`
	CreatedAt time.Time       `json:"createdAt"`
	UpdatedAt time.Time       `json:"updatedAt"`
}

// ExportDefinition is what an export says.
type ExportDefinition struct {
	Name        string     `json:"name" maxLength:"100" doc:"Unique in the project" example:"Warehouse"`
	Description string     `json:"description,omitempty" maxLength:"1000" doc:"What it is for" example:"For the data team"`
	Every       string     `json:"every,omitempty" enum:"hour,day" doc:"How often, in UTC; absent: hour" example:"hour"`
	On          attributes `json:"on,omitempty" doc:"Which events, in the words of rules: event, source, template, …; absent: all"`
	Format      string     `json:"format,omitempty" enum:"jsonl,csv,parquet" doc:"Of its files; absent: jsonl" example:"parquet"`
	Columns     string     `json:"columns,omitempty" enum:"engage" doc:"Of CSV: Engage's columns in place of ours"`
	Raw         bool       `json:"raw,omitempty" doc:"Of CSV: cells that look like formulas stay as they are"`
	Gzip        bool       `json:"gzip,omitempty" doc:"JSONL and CSV are compressed"`
	Folder      string     `json:"folder,omitempty" maxLength:"200" doc:"Where its files go, below the server's folder for exports; or s3" example:"warehouse/mail"`
	S3          *ExportS3  `json:"s3,omitempty" doc:"Where its files go, in place of a folder"`
}

// ExportS3 is a place in S3.
type ExportS3 struct {
	Bucket   string `json:"bucket" maxLength:"63" doc:"One that the operator allows" example:"archive"`
	Prefix   string `json:"prefix,omitempty" maxLength:"500" doc:"What the names of objects begin with" example:"tidings/mail"`
	Region   string `json:"region,omitempty" maxLength:"40" doc:"Of the bucket; absent: that of the server's AWS settings" example:"eu-west-1"`
	Endpoint string `json:"endpoint,omitempty" maxLength:"300" doc:"Of another server than Amazon's, one that the operator allows" example:"https://s3.acme.test"`
}

// ExportProblem is one thing that is wrong with an export.
type ExportProblem struct {
	At      string `json:"at" doc:"Where in the definition" example:"s3.bucket"`
	Message string `json:"message" doc:"What is wrong there" example:"exports may not be written to archive"`
}

// text is what somebody asks for with a definition.
func (d *ExportDefinition) text() (x control.ExportText, err error) {
	x.Definition = export.Definition{
		Name: d.Name, Description: d.Description, Every: export.Every(d.Every), Folder: d.Folder,
		Options: export.Options{Format: d.Format, Columns: d.Columns, Raw: d.Raw, Gzip: d.Gzip},
	}
	if d.S3 != nil {
		s3 := export.S3(*d.S3)
		x.Definition.S3 = &s3
	}
	if len(d.On) > 0 {
		if x.On, err = json.Marshal(d.On.raw()); err != nil {
			return x, fmt.Errorf("encode which events an export is for: %w", err)
		}
	}
	return x, nil
}

// ExportOf makes the public form of an export.
func ExportOf(v *control.ExportView) Export {
	d := &v.Definition
	out := Export{
		ID: v.ID, Enabled: v.DisabledAt.IsZero(), Version: v.Rev, DoneTo: v.DoneTo, DueAt: v.DueAt, Failures: v.Failures,
		FailingAt: v.FailingAt, Stuck: v.Stuck, Problem: v.Problem, Problems: make([]ExportProblem, len(v.Problems)),
		CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt,
		ExportDefinition: ExportDefinition{
			Name: d.Name, Description: d.Description, Every: string(d.Every), Format: d.Format, Columns: d.Columns, Raw: d.Raw,
			Gzip: d.Gzip, Folder: d.Folder,
		},
	}
	for i, p := range v.Problems {
		out.Problems[i] = ExportProblem{p.At, p.Says}
	}
	if d.S3 != nil {
		s3 := ExportS3(*d.S3)
		out.S3 = &s3
	}
	if raw, err := json.Marshal(d.On); err == nil {
		_ = json.Unmarshal(raw, &out.On) // it was an object a moment ago
	}
	if v.Last.Label != "" {
		last := exportRunOf(&v.Last)
		out.LastRun = &last
	}
	return out
}

// ExportList is a project's exports.
type ExportList struct {
	Exports []Export `json:"exports" nullable:"false" doc:"By name"`
}

type exportListOut struct{ Body ExportList }

func (a *api) listExports(ctx context.Context, _ *nothingIn) (*exportListOut, error) {
	list, err := a.Control.Exports(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	out := &exportListOut{ExportList{Exports: make([]Export, len(list))}}
	for i := range list {
		out.Body.Exports[i] = ExportOf(&list[i])
	}
	return out, nil
}

type exportOut struct{ Body Export }

func exportAnswer(v control.ExportView, err error) (*exportOut, error) {
	if err != nil {
		return nil, err
	}
	return &exportOut{ExportOf(&v)}, nil
}

type createExportIn struct {
	Body struct {
		ExportDefinition
		All      bool `json:"all,omitempty" doc:"What is stored already is written, too, with the first run"`
		Disabled bool `json:"disabled,omitempty" doc:"It does not run until it is enabled"`
	}
}

func (a *api) createExport(ctx context.Context, in *createExportIn) (*exportOut, error) {
	x, err := in.Body.text()
	if err != nil {
		return nil, err
	}
	x.All, x.Disabled = in.Body.All, in.Body.Disabled
	return exportAnswer(a.Control.CreateExport(ctx, who(ctx), x))
}

// ExportPath names an export in a path.
type ExportPath struct {
	ID string `path:"id" doc:"The export's id or name" example:"exp_4f"`
}

func (a *api) getExport(ctx context.Context, in *ExportPath) (*exportOut, error) {
	return exportAnswer(a.Control.Export(ctx, who(ctx), in.ID))
}

type updateExportIn struct {
	ExportPath
	Body struct {
		ExportDefinition
		Version int64 `json:"version,omitempty" minimum:"0" doc:"That it was made of; absent: whichever is there" example:"3"`
	}
}

func (a *api) updateExport(ctx context.Context, in *updateExportIn) (*exportOut, error) {
	x, err := in.Body.text()
	if err != nil {
		return nil, err
	}
	x.Version = in.Body.Version
	return exportAnswer(a.Control.UpdateExport(ctx, who(ctx), in.ID, x))
}

func (a *api) deleteExport(ctx context.Context, in *ExportPath) (*nothingOut, error) {
	return &nothingOut{}, a.Control.DeleteExport(ctx, who(ctx), in.ID)
}

func (a *api) enableExport(ctx context.Context, in *ExportPath) (*exportOut, error) {
	return exportAnswer(a.Control.EnableExport(ctx, who(ctx), in.ID))
}

func (a *api) disableExport(ctx context.Context, in *ExportPath) (*exportOut, error) {
	return exportAnswer(a.Control.DisableExport(ctx, who(ctx), in.ID))
}

// ExportRun is one run of an export.
type ExportRun struct {
	Run      string    `json:"run" doc:"Its files are named by it: the begin of its hour or day, or the time that it was asked for" example:"2026-11-22_13-00"`
	ByHand   bool      `json:"byHand" doc:"Somebody asked for it"`
	From     time.Time `json:"from" doc:"Begin of the time that it is for"`
	To       time.Time `json:"to" doc:"Its end"`
	Done     bool      `json:"done" doc:"Its files and its manifest are written"`
	Tries    int       `json:"tries" doc:"How often it was begun" example:"1"`
	Problem  string    `json:"problem,omitempty" doc:"How the last try failed"`
	Events   int64     `json:"events" doc:"Events that the export is for" example:"8123"`
	Rows     int64     `json:"rows" doc:"Of all files" example:"8123"`
	Files    int64     `json:"files" doc:"How many; none where nothing happened" example:"1"`
	Bytes    int64     `json:"bytes" doc:"Of all files" example:"412033"`
	Manifest string    `json:"manifest,omitempty" doc:"The name of the file that lists them" example:"manifests/2026-11-22_13-00.json"`
	BegunAt  time.Time `json:"begunAt" doc:"When it was first begun"`
	DoneAt   time.Time `json:"doneAt,omitzero" doc:"Absent: it is not done"`
}

func exportRunOf(r *store.ExportRun) ExportRun {
	return ExportRun{
		Run: r.Label, ByHand: r.ByHand, From: r.PeriodFrom, To: r.PeriodTo, Done: r.Done, Tries: r.Tries, Problem: r.Problem,
		Events: r.Events, Rows: r.Rows, Files: r.Files, Bytes: r.Bytes, Manifest: r.Manifest, BegunAt: r.BegunAt, DoneAt: r.DoneAt,
	}
}

type exportRunOut struct{ Body ExportRun }

func (a *api) runExport(ctx context.Context, in *ExportPath) (*exportRunOut, error) {
	run, err := a.Control.AskExport(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &exportRunOut{exportRunOf(&run)}, nil
}

type exportRunsIn struct {
	ExportPath
	Cursor string `query:"cursor" doc:"nextCursor of the page before"`
	Limit  int    `query:"limit" default:"50" doc:"1 to 200"`
}

// ExportRunList is a page of runs.
type ExportRunList struct {
	Runs       []ExportRun `json:"runs" nullable:"false" doc:"Newest first"`
	NextCursor string      `json:"nextCursor,omitempty" doc:"For the next page; absent: there is none"`
}

type exportRunsOut struct{ Body ExportRunList }

func (a *api) listExportRuns(ctx context.Context, in *exportRunsIn) (*exportRunsOut, error) {
	page, err := a.Control.ExportRuns(ctx, who(ctx), in.ID, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &exportRunsOut{ExportRunList{Runs: make([]ExportRun, len(page.Runs)), NextCursor: page.NextCursor}}
	for i := range page.Runs {
		out.Body.Runs[i] = exportRunOf(&page.Runs[i])
	}
	return out, nil
}
