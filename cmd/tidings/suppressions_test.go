package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidings/internal/api"
)

func TestAListIsImportedExportedAndImportedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, list := filepath.Join(dir, "tidings.db"), filepath.Join(dir, "list.csv")
	text := "address,reason,extra\nann@acme.test,complaint,\nghost\n*@bad.test,,\nann@acme.test,complaint,\n"
	if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dry := range []bool{true, false} {
		args := []string{"suppressions", "import", "--db", db, list}
		verb := "added"
		if dry {
			args, verb = append(args, "--dry-run"), "would be added"
		}
		r := tidings(t, args...)
		for _, want := range []string{"4 lines: 2 " + verb + ", 1 known before, 1 bad.", "extra", `"ghost" is not an address`} {
			if r.code != exitBadLines || !strings.Contains(r.out, want) {
				t.Errorf("dry %t: code %d, want %d and %q\n%s%s", dry, r.code, exitBadLines, want, r.out, r.err)
			}
		}
	}
	out := filepath.Join(dir, "out.csv")
	if r := tidings(t, "suppressions", "export", "--db", db, out); r.code != 0 {
		t.Fatalf("code %d\n%s", r.code, r.err)
	}
	printed := tidings(t, "suppressions", "export", "--db", db)
	if b, err := os.ReadFile(out); err != nil || string(b) != printed.out || strings.Count(printed.out, "\r\n") != 3 {
		t.Errorf("%v\n%s\n%s", err, b, printed.out)
	}
	report := must[api.ImportReport](t, "suppressions", "import", "--db", filepath.Join(dir, "other.db"), out)
	if report.Added != 2 || report.Bad != 0 || report.Patterns != 1 {
		t.Errorf("report %+v", report)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".tidings-export-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestWhatIsSuppressedByHandIsListedAndLifted(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "tidings.db")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"add", "Ann@acme.test", "--until", "2999-01-01"}, 0, "ann@acme.test, reason manual, is suppressed now."},
		{[]string{"add", "ann@acme.test"}, 0, "was suppressed before"},
		{[]string{"add", "*@bad.test", "--note", "traps"}, 0, "*@bad.test is suppressed now."},
		{[]string{"add", "*@bad.test", "--until", "2999-01-01"}, exitUsage, "until"},
		{[]string{"add", "ann"}, exitUsage, "address"},
		{[]string{"patterns"}, 0, "*@bad.test"},
		{[]string{"lift", "*@bad.test", "--note", "moved", "--reason", "manual"}, exitUsage, "--reason"},
		{[]string{"lift", "*@bad.test", "--note", "moved"}, 0, "moved"},
		{[]string{"lift", "*@bad.test", "--note", "moved"}, exitNotFound, "no pattern"},
		{[]string{"lift", "*@", "--note", "moved"}, exitUsage, "neither"},
		{[]string{"patterns", "--state", "lifted"}, 0, "moved"},
		{[]string{"import", "no-such-file.csv"}, exitUsage, "no-such-file.csv"},
		{[]string{"export", filepath.Join(db, "no", "folder.csv")}, exitUsage, "the file"},
	} {
		r := tidings(t, append(append([]string{"suppressions"}, c.args...), "--db", db)...)
		if r.code != c.code || !strings.Contains(r.out+r.err, c.want) {
			t.Errorf("%v: code %d, want %d and %q\n%s%s", c.args, r.code, c.code, c.want, r.out, r.err)
		}
	}
}
