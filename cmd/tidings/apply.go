package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tidings/internal/api"
	"tidings/internal/control"
)

type applyCommand struct {
	database `embed:""`
	printing `embed:""`
	Dir      string `arg:"" help:"The folder: it has rules/*.yaml, workflows/*.yaml or both."`
	Plan     bool   `help:"Only tell what would change."`
	Keep     bool   `help:"Leave what came of files that are not in the folder any more."`
}

// Help is the long help.
func (*applyCommand) Help() string {
	return `The folder is the truth about the rules and workflows that came from it: what it has is made or changed, what it has no
more is deleted, workflows with their runs. What was made by the API stays. A new workflow is enabled; runs stay on the version
that they began on. Where a file has a problem nothing is changed. A server that runs takes it up within a second.

  tidings apply ./mail --plan
  tidings apply ./mail`
}

// Run applies a folder.
func (s *applyCommand) Run(c *console) error {
	files, err := readFolder(s.Dir)
	if err != nil {
		return err
	}
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		p, err := ops.Apply(c.ctx, who, control.ApplyRequest{Files: files, DryRun: s.Plan, Keep: s.Keep})
		if err != nil {
			return err
		}
		view := api.PlanOf(&p)
		if err := s.printAPI(c, view, func(w io.Writer) { printApplied(w, &view, s.Plan) }); err != nil {
			return err
		}
		if n := len(p.Problems); n > 0 {
			return fmt.Errorf("nothing was changed: the files have problems (%d)", n)
		}
		return nil
	})
}

func printApplied(w io.Writer, p *api.Plan, dry bool) {
	for _, x := range p.Problems {
		fmt.Fprintf(w, "%s: %s\n", plain(placeOf(&x)), plain(x.Message))
	}
	if len(p.Problems) > 0 {
		return
	}
	for _, x := range p.Warnings {
		fmt.Fprintf(w, "note: %s: %s\n", plain(placeOf(&x)), plain(x.Message))
	}
	n := map[string]int{}
	for _, x := range p.Items {
		n[x.Action]++
		if x.Action == control.PlanSame {
			continue
		}
		fmt.Fprintf(w, "%s %s %q", x.Action, x.Kind, x.Name)
		if x.Path != "" {
			fmt.Fprintf(w, " (%s)", plain(x.Path))
		}
		fmt.Fprintf(w, "\n%s", plainLines(x.Diff))
	}
	for _, path := range p.Ignored {
		fmt.Fprintf(w, "%s is not read: want rules/*.yaml or workflows/*.yaml\n", plain(path))
	}
	word := "Applied"
	if dry {
		word = "Plan"
	}
	fmt.Fprintf(w, "%s: %d to create, %d to change, %d to delete, %d as they are.\n", word, n[control.PlanCreate],
		n[control.PlanUpdate], n[control.PlanDelete], n[control.PlanSame])
}

// placeOf is where a problem is: rules/a.yaml:7: rules[0].on.event.
func placeOf(x *api.PlanProblem) string {
	place := x.Path
	if x.Line > 0 {
		place += fmt.Sprintf(":%d", x.Line)
	}
	if x.At != "" {
		place += ": " + x.At
	}
	return place
}

// maxFolderFile bounds a file that is read of a folder.
const maxFolderFile = 1 << 20

// readFolder reads the files of a folder. What begins with a dot is nobody's definition.
func readFolder(dir string) (files []control.ApplyFile, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	err = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != "." && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		f := control.ApplyFile{Path: filepath.ToSlash(path)}
		if definesSomething(f.Path) {
			b, err := fs.ReadFile(root.FS(), path)
			if err != nil {
				return err
			}
			if len(b) > maxFolderFile {
				return fmt.Errorf("%s has %d bytes, at most %d are read", path, len(b), maxFolderFile)
			}
			f.Text = string(b)
		}
		files = append(files, f)
		return nil
	})
	return files, err
}

// definesSomething reports whether a file's text is of use to those who apply it; of others the name alone is.
func definesSomething(path string) bool {
	switch filepath.Ext(path) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}
