package main

import (
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the goldens anew")

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (go test ./cmd/tidings -update writes it anew):\n%s", file, d)
	}
}

func model(t *testing.T) *kong.Application {
	t.Helper()
	p, err := newParser(&console{ctx: t.Context(), out: io.Discard, err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	return p.Model
}

// smallGrammar has one of each thing that pages and completion know.
type smallGrammar struct {
	Fetch struct {
		List smallList `cmd:"" default:"withargs" help:"List what was fetched: all of it."`
		One  struct {
			ID string `arg:"" help:"Its id."`
		} `cmd:"" help:"Fetch one."`
	} `cmd:"" help:"Fetch things."`
	Shell struct {
		Shell string `arg:"" enum:"bash,fish" help:"Which one."`
	} `cmd:"" help:"It's about shells."`
}

type smallList struct {
	State string `default:"new" enum:"new,old" help:"new or old."`
	File  string `type:"path" placeholder:"FILE" help:"Where to write."`
	Name  string `required:"" placeholder:"NAME" help:"Whose."`
	All   bool   `help:"All of them."`
}

func (smallList) Help() string {
	return "Lists.\n.A dot begins this line, a backslash \\ is in it.\n\n  tidings fetch --name ann\n\nThat is all."
}

func small(t *testing.T) *kong.Application {
	t.Helper()
	p, err := kong.New(new(smallGrammar), kong.Name("tidings"), kong.DefaultEnvars("TIDINGS"),
		kong.Description("Fetch things.\n\nMore about that."))
	if err != nil {
		t.Fatal(err)
	}
	return p.Model
}

func TestTheFileOfSettingsIsCurrent(t *testing.T) {
	t.Parallel()
	golden(t, "../../docs/settings.env", settingsFile(model(t)))
}

func TestTheFileOfSettingsSaysTheDefaults(t *testing.T) {
	before := must[[]settingView](t, "config", "print")
	for line := range strings.Lines(settingsFile(model(t))) {
		name, value, isSetting := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "#")), "=")
		if value = strings.Trim(value, `"`); isSetting && value != "" && !strings.Contains(name, " ") {
			t.Setenv(name, value)
		}
	}
	after := must[[]settingView](t, "config", "print")
	for i, x := range before {
		if after[i].Value != x.Value {
			t.Errorf("--%s is %q by default and %q from the file", x.Name, x.Value, after[i].Value)
		}
	}
}

func TestPagesAndCompletionAreWrittenFromTheCommands(t *testing.T) {
	t.Parallel()
	app := small(t)
	all := completions(app.Node)
	golden(t, "testdata/completion.bash", bashCompletion(all))
	golden(t, "testdata/completion.zsh", zshCompletion(all))
	golden(t, "testdata/completion.fish", fishCompletion(all))
	pages := manPages(app, "v1")
	golden(t, "testdata/tidings.1", pages["tidings.1"])
	golden(t, "testdata/tidings-fetch-list.1", pages["tidings-fetch-list.1"])
}

func TestEveryCommandHasAPage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must[[]string](t, "man", dir)
	for _, leaf := range model(t).Leaves(true) {
		b, err := os.ReadFile(filepath.Join(dir, pageName(leaf)+".1"))
		if err != nil || !strings.Contains(string(b), "tidings ") || !strings.HasPrefix(string(b), ".TH") {
			t.Errorf("%s: %v\n%s", leaf.FullPath(), err, b)
		}
	}
}

func TestBashReadsItsCompletionAndCompletes(t *testing.T) {
	t.Parallel()
	script := bashCompletion(completions(model(t).Node)) + `
complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tidings; echo "${COMPREPLY[*]}"; }
complete_words tidings verif
complete_words tidings source cr
complete_words tidings suppressions --state en
complete_words tidings config check --public-u
complete_words tidings completion z
`
	out, err := exec.CommandContext(t.Context(), "bash", "-c", script).CombinedOutput()
	if want := "verify\ncreate\nended\n--public-url\nzsh\n"; err != nil || string(out) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, out, want)
	}
}
