package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestPeopleAreMadeListedResetAndDisabled(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "tidings.db")
	made := must[personView](t, "person", "create", "--db", db, "--public-url", "https://tidings.test", "Lea")
	if !strings.HasPrefix(made.ID, "per_") || made.Password || !strings.HasPrefix(made.Link, "https://tidings.test/ui/welcome#") {
		t.Errorf("made %+v", made)
	}
	again := must[personView](t, "person", "reset", "--db", db, "LEA")
	if again.ID != made.ID || !strings.HasPrefix(again.Link, "http://127.0.0.1:8080/ui/welcome#") {
		t.Errorf("reset %+v", again)
	}
	must[personView](t, "person", "disable", "--db", db, made.ID)
	list := must[[]personView](t, "person", "list", "--db", db)
	if len(list) != 1 || list[0].Link != "" || list[0].DisabledAt.IsZero() {
		t.Errorf("people %+v", list)
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"create lea", exitFailed, "there is a person \"lea\" already"},
		{"create two words", exitUsage, "unexpected argument words"},
		{"create \u202elea", exitUsage, "name: may hold"},
		{"reset Lea", exitFailed, "hint: first: tidings person enable Lea"},
		{"reset nobody", exitNotFound, "hint: see: tidings person list"},
		{"enable nobody", exitNotFound, "there is no person \"nobody\""},
	} {
		r := tidings(t, append(append([]string{"person"}, strings.Fields(c.args)...), "--db", db)...)
		if r.code != c.code || !strings.Contains(r.err, c.says) {
			t.Errorf("%s: %d %s", c.args, r.code, r.err)
		}
	}
	if r := tidings(t, "person", "list", "--db", db); !strings.Contains(r.out, "disabled 20") {
		t.Errorf("the list:\n%s", r.out)
	}
	if r := tidings(t, "person", "enable", "--db", db, "lea"); r.out != "Lea may sign in.\n" {
		t.Errorf("%s%s", r.out, r.err)
	}
	if r := tidings(t, "person", "create", "--db", db, "max"); !strings.Contains(r.out, "This link sets the password of max, once, until ") {
		t.Errorf("%s%s", r.out, r.err)
	}
}
