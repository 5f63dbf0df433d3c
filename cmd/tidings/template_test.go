package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidings/internal/api"
)

func TestAFileIsPushedAsATemplateAndAsItsNextVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, file := filepath.Join(dir, "tidings.db"), filepath.Join(dir, "welcome.html")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	push := func() api.Template {
		return must[api.Template](t, "template", "push", file, "--key", "a/b", "--db", db)
	}
	write("---\nsubject: Hi {{ firstName | default: 'you' }}\ntype: transactional\nopens: false\n---\n<p>1</p>\n")
	first := push()
	if first.Key != "a/b" || first.Name != "a/b" || first.Version != 1 || first.Type != "TRANSACTIONAL" || *first.Opens || first.Text != nil {
		t.Errorf("pushed %+v", first)
	}
	if again := push(); again.Version != 1 || again.ID != first.ID {
		t.Errorf("the same file is version %d", again.Version)
	}
	write("---\nsubject: Hi\n---\n<p>2</p>\n")
	if second := push(); second.Version != 2 || second.Body != "<p>2</p>\n" || second.Opens != nil || second.Type != "MARKETING" {
		t.Errorf("changed to %+v", second)
	}
	if old := must[api.Template](t, "template", "show", "a/b", "--version", "1", "--db", db); old.Body != "<p>1</p>\n" {
		t.Errorf("version 1 is %+v", old)
	}
	acts := must[api.ActPage](t, "audit", "--db", db).Acts
	if len(acts) != 2 || acts[0].Operation != "updateTemplate" || acts[1].Operation != "createTemplate" || acts[0].By != "cli" {
		t.Errorf("acts %+v", acts)
	}
	tested := must[api.TestedTemplate](t, "template", "test", "a/b", "--to", "Lea <lea@acme.test>", "--data", `{"a":1}`, "--db", db)
	acts = must[api.ActPage](t, "audit", "--db", db).Acts
	if tested.Status != "queued" || tested.Send == "" || acts[0].Operation != "testTemplate" {
		t.Errorf("tested %+v, %+v", tested, acts[0])
	}
	if r := tidings(t, "template", "test", "a/b", "--to", "nobody", "--db", db); r.code != 2 || !strings.Contains(r.err, "to") {
		t.Errorf("testing with a wrong address: %d %s", r.code, r.err)
	}
	write("---\nsubject: Hi\n---\n\n{{ a | upcas }}\n")
	for _, args := range [][]string{{"preview", file}, {"validate", file}, {"validate", dir}} {
		r := tidings(t, append([]string{"template", args[0], args[1]}, "--db", db)...)
		if r.code != 6 || !strings.Contains(r.out, "welcome.html:5:8: problem: There is no filter") {
			t.Errorf("%s %s: %d %s %s", args[0], args[1], r.code, r.out, r.err)
		}
	}
	if r := tidings(t, "template", "push", file, "--db", db); r.code != 2 || !strings.Contains(r.err, `line 2, column 8: There is no filter "upcas"`) {
		t.Errorf("pushing a broken file: %d %s", r.code, r.err)
	}
	if r := tidings(t, "template", "validate", "--db", db); r.code != 0 || !strings.Contains(r.out, "1 templates, 0 broken.") {
		t.Errorf("validating what is stored: %d %s", r.code, r.out)
	}
	if r := tidings(t, "template", "show", "none", "--db", db); r.code != 3 {
		t.Errorf("showing what is not there: %d", r.code)
	}
}
