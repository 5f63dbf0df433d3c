package export

import (
	"encoding/json"
	"fmt"
	"time"
)

// Manifest says which files a run wrote. It is written after all of them: a file that no manifest names is not whole, or of
// a try that was given up.
type Manifest struct {
	Version   int       `json:"version"` // of this form: 1
	ExportID  string    `json:"exportId"`
	Export    string    `json:"export"` // its name
	ProjectID string    `json:"projectId"`
	Run       string    `json:"run"` // its label: "2026-11-22_13-00"
	ByHand    bool      `json:"byHand"`
	From      time.Time `json:"from"` // begin of the time that the run is for
	To        time.Time `json:"to"`
	// After and UpTo are places in the log: each run goes on where the one before it ended.
	After  string `json:"after"`
	UpTo   string `json:"upTo"`
	Events int64  `json:"events"` // that the export is for, in that part of the log
	Rows   int64  `json:"rows"`   // of all files
	Files  []File `json:"files"`
}

// File is one file of a run.
type File struct {
	Name     string    `json:"name"` // beside the folder of manifests: "day=2026-11-22/2026-11-22_13-00.parquet"
	Rows     int64     `json:"rows"`
	Bytes    int64     `json:"bytes"`
	SHA256   string    `json:"sha256"`
	FirstID  string    `json:"firstId"` // of the first event in the file
	LastID   string    `json:"lastId"`
	Earliest time.Time `json:"earliest"` // occurredAt of the event that happened first
	Latest   time.Time `json:"latest"`
}

// ManifestName is where the manifest of a run stands.
func ManifestName(run string) string { return "manifests/" + run + ".json" }

// Encode makes the text of the manifest.
func (m *Manifest) Encode() ([]byte, error) {
	m.Version = 1
	if m.Files == nil {
		m.Files = []File{}
	}
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode a manifest: %w", err)
	}
	return append(b, '\n'), nil
}

// fileName is the name of a file of a run. Parquet files stand in folders by day; part counts from 1.
func (o Options) fileName(run, day string, part int) string {
	name := run
	if part > 1 {
		name += fmt.Sprintf("-%d", part)
	}
	name += o.Extension()
	if day != "" {
		return "day=" + day + "/" + name
	}
	return name
}
