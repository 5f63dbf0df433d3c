package main

import (
	"fmt"
	"io"
	"runtime"
)

// version is set by the Makefile.
var version = "dev"

type versionCommand struct{ printing }

// Help is the long help.
func (*versionCommand) Help() string {
	return `  tidings version
  tidings version --json`
}

// Run prints the version.
func (v *versionCommand) Run(c *console) error {
	about := struct {
		Version string `json:"version"`
		Go      string `json:"go"`
		System  string `json:"system"`
	}{version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	return v.print(c, about, func(w io.Writer) {
		fmt.Fprintf(w, "tidings %s (%s, %s)\n", about.Version, about.Go, about.System)
	})
}
