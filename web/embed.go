// Package web provides the pages of the web UI as they were built, for the program to hold within itself. The sources are
// beside it; make web builds dist.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Dist is what was built: index.html, and assets/ with a hash in every name.
func Dist() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // dist is no valid path: it is
	}
	return files
}
