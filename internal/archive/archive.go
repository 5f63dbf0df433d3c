// Package archive provides the places that files of exports go to: a folder of the operator's and buckets of S3. A file is there
// whole or not at all.
package archive

import (
	"context"

	"tidings/internal/export"
	"tidings/internal/fault"
)

// Places are where the operator lets exports write. The zero value lets them write nowhere. It is safe for concurrent use.
type Places struct {
	Folder  string   // below it alone; empty: there is none
	Buckets []string // as export.Limits has them
}

// Limits are what definitions may ask for.
func (p *Places) Limits() export.Limits {
	if p == nil {
		return export.Limits{}
	}
	return export.Limits{Folder: p.Folder != "", Buckets: p.Buckets}
}

// Open opens the place of a definition that was checked with Limits.
func (p *Places) Open(ctx context.Context, d *export.Definition) (export.Place, error) {
	switch {
	case d.S3 != nil:
		return openBucket(ctx, d.S3)
	case p == nil || p.Folder == "":
		return nil, fault.New(fault.Unavailable, "no_folder", "there is no folder for exports").
			WithHint("the operator sets one with --export-folder")
	}
	return openFolder(p.Folder, d.Folder)
}
