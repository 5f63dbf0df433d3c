package e2e_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tidings/test/bucket"
)

// packedText is text as Firehose may write it: one record after the other without a line end, compressed.
func packedText(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(strings.ReplaceAll(text, "\n", "")))
	must(t, err)
	must(t, z.Close())
	return b.String()
}

// importing is an import of a bucket's objects, whose output goes to these.
func importing(s *bucket.Server, dir, db string, out, errOut *bytes.Buffer) *exec.Cmd {
	cmd := exec.Command(os.Getenv(binaryVariable), "import", "s3://"+bucket.Name+"/ses/", "--db", db, "--json")
	cmd.Env = append(append(environment(), s.Environment()...), "HOME="+dir)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, errOut
	return cmd
}

func TestAnImportFromS3ThatIsKilledOrBrokenOffLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	const perObject, objects = 500, 12
	s := bucket.Serve(t)
	lines := strings.SplitAfter(sends(perObject*objects), "\n")
	for i := range objects {
		text := strings.Join(lines[i*perObject:(i+1)*perObject], "")
		key := fmt.Sprintf("ses/2026/05/04/%02d/mail-1-2026-05-04-%02d-00-00-%d", i, i, i)
		if i%2 == 0 {
			s.Put(t, key+".gz", packedText(t, text), nil)
		} else {
			s.Put(t, key, strings.ReplaceAll(text, "\n", ""), nil)
		}
	}
	db := filepath.Join(t.TempDir(), "tidings.db")
	run := func(killAt int) (report struct{ Files, Records, Skipped, New, Known, Bad int }) {
		t.Helper()
		var out, errOut bytes.Buffer
		cmd := importing(s, t.TempDir(), db, &out, &errOut)
		begun, started := len(s.Gets()), make(chan struct{})
		if killAt > 0 {
			var once sync.Once
			s.Break(func(_ string, get int) int64 {
				if get-begun >= killAt {
					once.Do(func() {
						<-started
						_ = cmd.Process.Kill()
					})
				}
				return 100 + int64(get%7)*1500 // every stream breaks, and goes on
			})
		}
		must(t, cmd.Start())
		close(started)
		err := cmd.Wait()
		s.Break(nil)
		if killAt > 0 {
			if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != -1 {
				t.Fatalf("it was not killed: %v\n%s", err, &errOut)
			}
			return report
		}
		if err != nil {
			t.Fatalf("import: %v\n%s", err, &errOut)
		}
		must(t, json.Unmarshal(out.Bytes(), &report))
		return report
	}
	run(20)
	run(60)
	const all = perObject * objects
	if r := run(0); r.Files != objects || r.Records != all || r.New+r.Known+r.Skipped != all || r.Bad != 0 {
		t.Errorf("after two kills: %+v", r)
	}
	if r := run(0); r.Records != all || r.Skipped != all || r.New != 0 {
		t.Errorf("once more: %+v", r)
	}
	var v struct{ Events, Messages, Contacts int }
	ask(t, &v, "verify", "--db", db)
	if v.Events != all || v.Messages != all || v.Contacts != 100 {
		t.Errorf("%+v", v)
	}
}

func TestAnImportFromS3SaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := bucket.Serve(t)
	dir := t.TempDir()
	for _, c := range []struct {
		name, path string
		without    string // of the environment
		code       int
		says       string
	}{
		{"no credentials", "s3://" + bucket.Name + "/ses/", "AWS_ACCESS_KEY_ID", 1, "AWS_PROFILE"},
		{"no bucket", "s3://other/ses/", "", 3, "there is no bucket other"},
		{"no objects", "s3://" + bucket.Name + "/none/", "", 3, "no object in the bucket " + bucket.Name},
		{"no URL", "s3://", "", 2, "s3://bucket/prefix"},
	} {
		var out bytes.Buffer
		cmd := exec.CommandContext(t.Context(), os.Getenv(binaryVariable), "import", c.path, "--db", filepath.Join(dir, "tidings.db"))
		for _, pair := range append(append(environment(), s.Environment()...), "HOME="+dir) {
			if c.without == "" || !strings.HasPrefix(pair, c.without) {
				cmd.Env = append(cmd.Env, pair)
			}
		}
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
		_ = cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != c.code || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: code %d, want %d and %q:\n%s", c.name, code, c.code, c.says, &out)
		}
	}
}
