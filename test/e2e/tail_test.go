package e2e_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/provider/ses/snssign"
)

// tailed is one line of tidings tail --json.
type tailed struct {
	ID    string
	Event struct{ Message struct{ ID string } }
}

// tailing starts tidings tail on a server, with a key of its own, and returns how to wait for what it prints.
func (s *server) tailing(flags ...string) (ended <-chan error, printed func() []tailed) {
	s.t.Helper()
	_, key := s.apiKey("secret")
	var out, errOut bytes.Buffer
	cmd := exec.Command(os.Getenv(binaryVariable), append([]string{"tail", "--json", "--url", s.base, "--key", key}, flags...)...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = environment(), s.t.TempDir(), &out, &errOut
	must(s.t, cmd.Start())
	end := make(chan error, 1)
	go func() { end <- cmd.Wait() }()
	return end, func() (list []tailed) {
		s.t.Helper()
		for line := range strings.Lines(out.String()) {
			var x tailed
			if err := json.Unmarshal([]byte(line), &x); err != nil {
				s.t.Fatalf("tail printed %q: %v\n%s", line, err, &errOut)
			}
			list = append(list, x)
		}
		return list
	}
}

func TestTailPrintsWhatComesInAndGoesOnAfterAnIDWithoutALossOrARepeat(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db string) {
		signer, err := snssign.NewSigner(snssign.Config{})
		must(t, err)
		s := serve(t, db)
		path := s.source("tail", signer.PEM()).path
		list := notices(t, signer, "tail", 2000)
		const first = 3
		ended, printed := s.tailing("--provider", "ses", "--count", strconv.Itoa(first))
		posted := 0
		for over := false; !over; {
			s.insist(path, list[posted])
			posted++
			select {
			case err := <-ended:
				must(t, err)
				over = true
			default:
			}
		}
		begun := printed()
		if len(begun) != first {
			t.Fatalf("%d lines, want %d", len(begun), first)
		}
		at := slices.IndexFunc(list, func(n notice) bool { return n.message == begun[0].Event.Message.ID })
		for range 5 {
			s.insist(path, list[posted])
			posted++
		}
		ended, printed = s.tailing("--provider", "ses", "--after", begun[first-1].ID, "--count", strconv.Itoa(posted-at-first))
		must(t, <-ended)
		var want, got []string
		for _, n := range list[at:posted] {
			want = append(want, n.message)
		}
		for _, x := range append(begun, printed()...) {
			got = append(got, x.Event.Message.ID)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("messages (-posted +printed):\n%s", d)
		}
	})
}

func TestTailSaysWhatIsWrongAndEnds(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir()+"/tidings.db")
	if r := command(t, "tail", "--url", s.base, "--key", "sk_none"); r.code != 1 || !strings.Contains(r.errOut, "this API key is not known here") {
		t.Errorf("%d %s", r.code, r.errOut)
	}
	_, key := s.apiKey("secret")
	if r := command(t, "tail", "--url", s.base, "--key", key, "--name", "email.bouncing"); r.code != 2 || !strings.Contains(r.errOut, "email.bouncing") {
		t.Errorf("%d %s", r.code, r.errOut)
	}
}
