package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func written(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFilesAreFoundInTheirOrderAndOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"b/2.gz", "b/1.gz", "b/.hidden", "b/.git/x", "b/c/3.gz", "a.ndjson"} {
		written(t, filepath.Join(dir, name), "{}")
	}
	for _, c := range []struct {
		paths []string
		want  []string
		fails string
	}{
		{paths: []string{"b", "a.ndjson"}, want: []string{"b/1.gz", "b/2.gz", "b/c/3.gz", "a.ndjson"}},
		{paths: []string{"b/*.gz", "b/1.gz"}, want: []string{"b/1.gz", "b/2.gz"}},
		{paths: []string{"none"}, fails: "no such file"},
		{paths: []string{"*.none"}, fails: "no file is named like"},
		{paths: []string{"[a"}, fails: "syntax error in pattern"},
	} {
		paths := make([]string, len(c.paths))
		for i, p := range c.paths {
			paths[i] = filepath.Join(dir, p)
			if p == "[a" {
				paths[i] = p
			}
		}
		files, _, err := filesOf(t.Context(), paths)
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%v: %v, want %q", c.paths, err, c.fails)
			}
			continue
		}
		var got []string
		for _, f := range files {
			name, _ := strings.CutPrefix(f.Name, dir+"/")
			got = append(got, name)
		}
		if d := cmp.Diff(c.want, got); d != "" || err != nil {
			t.Errorf("%v: %v %s", c.paths, err, d)
		}
	}
}

func TestAnImportTellsWhatIsBadAndEndsWithItsCode(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := filepath.Join(dir, "tidings.db")
	good, err := os.ReadFile("testdata/import.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	path := written(t, filepath.Join(dir, "a.ndjson"), string(good)+strings.Repeat("rubbish\n", 25))
	r := tidings(t, "import", "--db", db, path, "--dry-run")
	for _, want := range []string{"events that would be added     2", "not_json  25", "and 5 more: --json tells the first 100"} {
		if r.code != exitBadLines || !strings.Contains(r.out, want) {
			t.Errorf("code %d, want %d and %q\n%s%s", r.code, exitBadLines, want, r.out, r.err)
		}
	}
	if r := tidings(t, "import", "--db", db, filepath.Join(dir, "none")); r.code != exitUsage {
		t.Errorf("a file that is not there: code %d\n%s", r.code, r.err)
	}
	if r := tidings(t, "import", "--db", db, path, "--source", "src_none"); r.code != exitUsage || !strings.Contains(r.err, "there is no source") {
		t.Errorf("a source that is not there: code %d\n%s", r.code, r.err)
	}
	view := must[importView](t, "import", "--db", db, "testdata/import.ndjson")
	if view.New != 2 || view.Files != 1 || len(view.First) != 0 {
		t.Errorf("%+v", view)
	}
}
