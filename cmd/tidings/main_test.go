package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"

	"tidings/event"
	"tidings/internal/simulate"
)

// result is what one run of the program came to.
type result struct {
	code     int
	out, err string
}

func tidings(t *testing.T, args ...string) result {
	t.Helper()
	var out, errOut bytes.Buffer
	code := run(t.Context(), args, &out, &errOut, nil)
	return result{code, out.String(), errOut.String()}
}

// must runs the program and reads what it prints as JSON.
func must[T any](t *testing.T, args ...string) T {
	t.Helper()
	r := tidings(t, append(args, "--json")...)
	if r.code != 0 {
		t.Fatalf("tidings %s: code %d\n%s", strings.Join(args, " "), r.code, r.err)
	}
	var v T
	if err := json.Unmarshal([]byte(r.out), &v); err != nil {
		t.Fatalf("tidings %s: %v\n%s", strings.Join(args, " "), err, r.out)
	}
	return v
}

// serve runs a server on a database until the test ends, and returns its address.
func serve(t *testing.T, db string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	logs, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--db", db, "--listen", "127.0.0.1:0", "--retention-events", "0"}, io.Discard, w, nil)
		w.Close()
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("the server ended with %d", code)
		}
	})
	lines := bufio.NewScanner(logs)
	address := regexp.MustCompile(`msg=serving address=(\S+)`)
	for lines.Scan() {
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			go io.Copy(io.Discard, logs)
			return m[1]
		}
	}
	t.Fatal("the server did not start")
	return ""
}

func TestAnImaginedWorldEndsInTheServerAsTheSimulationSays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := filepath.Join(dir, "tidings.db")
	address := serve(t, db)
	certificate, key := filepath.Join(dir, "demo.pem"), filepath.Join(dir, "key.pem")
	if r := tidings(t, "simulate", "--key-file", key, "--certificate-out", certificate); r.code != 0 {
		t.Fatalf("code %d\n%s", r.code, r.err)
	}
	source := must[sourceView](t, "source", "create", "--db", db, "--listen", address, "--provider", "ses",
		"--name", "test", "--topic", "arn:aws:sns:eu-west-1:123456789012:simulated-mail", "--signing-certificate", certificate)
	if want := "http://" + address + "/in/ses/" + source.Token; source.URL != want {
		t.Fatalf("the source's URL is %s, want %s", source.URL, want)
	}
	sum := must[simulate.Summary](t, "simulate", "--key-file", key, "--url", source.URL, "--events", "600", "--recipients", "100", "--seed", "3")

	if v := must[verifyView](t, "verify", "--db", db); v.Events != sum.Events || len(v.Differences) > 0 {
		t.Errorf("the server has %d events and differences %v, want %d and none", v.Events, v.Differences, sum.Events)
	}
	for name, want := range sum.ByName {
		page := must[struct {
			Events []event.Event `json:"events"`
		}](t, "events", "--db", db, "--name", string(name), "--limit", "1000")
		if int64(len(page.Events)) != want {
			t.Errorf("%d events %s, want %d", len(page.Events), name, want)
		}
	}
	if len(sum.Suppressed) == 0 {
		t.Error("the simulation suppressed nobody: the test proves nothing about that")
	}
	for reason, want := range sum.Suppressed {
		page := must[struct {
			Suppressions []suppressionView `json:"suppressions"`
		}](t, "suppressions", "--db", db, "--reason", reason, "--limit", "1000")
		if int64(len(page.Suppressions)) != want {
			t.Errorf("%d contacts suppressed for %s, want %d", len(page.Suppressions), reason, want)
		}
	}
	if again := must[replayView](t, "replay", "--db", db, "--retention-events", "0"); again.New != 0 || again.Known == 0 {
		t.Errorf("a replay found %d new events and %d known ones, want none and some", again.New, again.Known)
	}
}

func TestAKeyIsShownOnceListedAndRevoked(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "new", "folder", "tidings.db")
	made := must[keyView](t, "key", "create", "--db", db, "--kind", "secret", "--name", "script")
	if !strings.HasPrefix(made.Key, "sk_") || !strings.HasPrefix(made.Key, made.Prefix) {
		t.Errorf("key %q with prefix %q", made.Key, made.Prefix)
	}
	listed := must[[]keyView](t, "key", "list", "--db", db)
	if len(listed) != 1 || listed[0].ID != made.ID || listed[0].Key != "" || !listed[0].RevokedAt.IsZero() {
		t.Errorf("listed %+v, want the one key without the key itself", listed)
	}
	must[keyView](t, "key", "revoke", "--db", db, made.ID)
	if listed = must[[]keyView](t, "key", "list", "--db", db); listed[0].RevokedAt.IsZero() {
		t.Error("the revoked key is listed as in force")
	}
}

func TestTheExitCodeTellsWhatKindOfThingWentWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := filepath.Join(dir, "tidings.db")
	if r := tidings(t, "migrate", "--db", db); r.code != 0 {
		t.Fatal(r.err)
	}
	folder := filepath.Join(dir, "folder.db")
	if err := os.Mkdir(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"a good run", []string{"version"}, 0, ""},
		{"an unknown command", []string{"frobnicate"}, exitUsage, "frobnicate"},
		{"an unknown flag", []string{"events", "--db", db, "--frob", "x"}, exitUsage, "--frob"},
		{"a missing flag", []string{"source", "create", "--db", db, "--name", "a"}, exitUsage, "--provider"},
		{"a key of no kind", []string{"key", "create", "--db", db}, exitUsage, "kind: is required"},
		{"a wrong duration", []string{"serve", "--db", db, "--retention-events", "1y"}, exitUsage, "1y"},
		{"a wrong address", []string{"serve", "--db", db, "--listen", "here"}, exitUsage, "TIDINGS_LISTEN"},
		{"a wrong filter", []string{"events", "--db", db, "--name", "email.opend"}, exitUsage, "email.opend"},
		{"a wrong limit", []string{"events", "--db", db, "--limit", "1001"}, exitUsage, "limit"},
		{"a source without topics", []string{"source", "create", "--db", db, "--provider", "ses", "--name", "x"}, exitUsage, "topics"},
		{"an event that is not there", []string{"events", "get", "--db", db, "019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11"}, exitNotFound, "019a1f6e"},
		{"a source that is not there", []string{"source", "health", "--db", db, "src_0000000000000000"}, exitNotFound, "no such source"},
		{"a simulation of nothing", []string{"simulate", "--key-file", filepath.Join(dir, "k.pem")}, exitUsage, "--url"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := tidings(t, c.args...)
			if r.code != c.code || !strings.Contains(r.err, c.says) {
				t.Errorf("code %d, want %d; it says %q, want it to name %q", r.code, c.code, r.err, c.says)
			}
			if c.code != 0 && !strings.HasPrefix(r.err, "tidings: ") {
				t.Errorf("it says %q", r.err)
			}
		})
	}
	if r := tidings(t, "migrate", "--db", folder); r.code == 0 || !strings.Contains(r.err, folder) {
		t.Errorf("a folder as a database: code %d, %q", r.code, r.err)
	}
}

func TestASecondServerOnOneFileIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "tidings.db")
	serve(t, db)
	r := tidings(t, "serve", "--db", db, "--listen", "127.0.0.1:0")
	if r.code == 0 || !strings.Contains(r.err, "another tidings server") || !strings.Contains(r.err, "hint: ") {
		t.Errorf("code %d\n%s", r.code, r.err)
	}
}

func TestAnUnknownVariableStopsTheProgram(t *testing.T) {
	t.Parallel()
	var out, errOut bytes.Buffer
	code := run(t.Context(), []string{"version"}, &out, &errOut, []string{"TIDINGS_LISTN=:80"})
	if code != exitUsage || !strings.Contains(errOut.String(), "did you mean TIDINGS_LISTEN?") {
		t.Errorf("code %d, %q", code, errOut.String())
	}
}

func TestEveryFlagHasItsVariable(t *testing.T) {
	t.Parallel()
	parser, err := newParser(&console{ctx: t.Context(), out: io.Discard, err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	err = kong.Visit(parser.Model, func(n kong.Visitable, next kong.Next) error {
		if f, ok := n.(*kong.Flag); ok && f.Name != "help" {
			if want := "TIDINGS_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")); len(f.Envs) == 0 || f.Envs[0] != want {
				t.Errorf("--%s is read from %v, want %s", f.Name, f.Envs, want)
			}
			if f.Help == "" {
				t.Errorf("--%s has no help", f.Name)
			}
		}
		return next(nil)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryCommandHasHelp(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := &console{ctx: t.Context(), out: &out, err: &out}
	parser, err := newParser(c)
	if err != nil {
		t.Fatal(err)
	}
	commands := [][]string{{}}
	for _, leaf := range parser.Model.Leaves(false) {
		commands = append(commands, strings.Fields(leaf.FullPath())[1:])
	}
	if len(commands) < 20 {
		t.Fatalf("found only %d commands", len(commands))
	}
	for _, words := range commands {
		out.Reset()
		usage := strings.Join(append([]string{"Usage: tidings"}, words...), " ")
		if code := c.parseAndRun(afresh(parser), append(words, "--help"), nil); code != 0 || !strings.Contains(out.String(), usage) {
			t.Errorf("tidings %s --help: code %d, want 0 and %q in\n%s", strings.Join(words, " "), code, usage, &out)
		}
	}
}

func TestADatabasePasswordIsInNoMessage(t *testing.T) {
	t.Parallel()
	r := tidings(t, "migrate", "--db", "postgres://ann:hunter2@127.0.0.1:1/x?connect_timeout=2")
	if r.code == 0 || strings.Contains(r.err+r.out, "hunter2") {
		t.Errorf("code %d\n%s%s", r.code, r.out, r.err)
	}
}

func TestWhatStrangersWroteDoesNotControlTheTerminal(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                   "-",
		"Grüße":              "Grüße",
		"a\x1b[31mred":       "a\ufffd[31mred",
		"two\nlines\tand":    "two lines and",
		"right\u202eto left": "right\ufffdto left",
		"\u009b2J":           "\ufffd2J",
	} {
		if got := plain(in); got != want {
			t.Errorf("plain(%q) = %q, want %q", in, got, want)
		}
	}
}
