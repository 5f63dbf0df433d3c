package config

import (
	"errors"
	"os"
	"regexp"
)

// Exports say where scheduled exports may write.
type Exports struct {
	ExportFolder  string   `placeholder:"DIR" type:"path" help:"Folder below which scheduled exports may write; empty: they may write to none."`
	ExportBuckets []string `placeholder:"BUCKET" help:"Buckets of S3 that scheduled exports may write to; of another server than Amazon's with its URL: https://s3.acme.test/BUCKET."`
}

var exportBucket = regexp.MustCompile(`^(https?://[^/?#@]+/)?[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// Validate reports every problem, each with its flag.
func (e Exports) Validate() error {
	var problems []error
	for _, b := range e.ExportBuckets {
		if !exportBucket.MatchString(b) {
			problems = append(problems, problem("export-buckets", "%q is no bucket such as archive or https://s3.acme.test/archive", b))
		}
	}
	if e.ExportFolder == "" {
		return errors.Join(problems...)
	}
	switch info, err := os.Stat(e.ExportFolder); {
	case errors.Is(err, os.ErrNotExist):
		problems = append(problems, problem("export-folder", "there is no folder %s: make it, or leave the flag out", e.ExportFolder))
	case err != nil:
		problems = append(problems, problem("export-folder", "%w", err))
	case !info.IsDir():
		problems = append(problems, problem("export-folder", "%s is no folder", e.ExportFolder))
	}
	return errors.Join(problems...)
}
