package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything may take that should take no time, on a busy machine: longer than a queue hides what it
// handed out where the connection broke before that was read.
const patience = 2 * time.Minute

// environment is ours without the settings of the program, and without any credentials of AWS.
func environment() []string {
	out := []string{"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null"}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "TIDINGS_") && !strings.HasPrefix(pair, "AWS_") {
			out = append(out, pair)
		}
	}
	return out
}

// result is how a command ended.
type result struct {
	code        int
	out, errOut string
}

// command runs a command of the program to its end.
func command(t testing.TB, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(ctx, os.Getenv(binaryVariable), args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = environment(), t.TempDir(), &out, &errOut
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("tidings %q: %v, %s", args, err, &errOut)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errOut.String()}
}

// ask runs a command that must succeed and reads its JSON.
func ask(t testing.TB, into any, args ...string) {
	t.Helper()
	r := command(t, append(args, "--json")...)
	if r.code != 0 {
		t.Fatalf("tidings %q: exit code %d\n%s%s", args, r.code, r.out, r.errOut)
	}
	if err := json.Unmarshal([]byte(r.out), into); err != nil {
		t.Fatalf("tidings %q: %v in %s", args, err, r.out)
	}
}

// server is a running server, its database and what it logs.
type server struct {
	t     testing.TB
	db    string
	base  string // http://127.0.0.1:PORT
	key   string // a secret key
	http  *http.Client
	cmd   *exec.Cmd
	ended chan struct{}

	mu    sync.Mutex
	lines []string
	news  chan struct{} // closed and made anew at each line
}

func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: patience}
}

// serve starts a server and waits until it is ready. change may give it further flags and variables.
func serve(t testing.TB, db string, change ...func(*exec.Cmd)) *server {
	t.Helper()
	s := launch(t, db, change...)
	line := s.await("serving")
	var started struct{ Address string }
	must(t, json.Unmarshal([]byte(line), &started))
	s.base = "http://" + started.Address
	s.ready()
	return s
}

// launch starts a server and does not wait.
func launch(t testing.TB, db string, change ...func(*exec.Cmd)) *server {
	t.Helper()
	s := &server{
		t: t, db: db, ended: make(chan struct{}), news: make(chan struct{}),
		http: newClient(),
	}
	s.cmd = exec.Command(os.Getenv(binaryVariable), "serve", "--db", db, "--listen", "127.0.0.1:0", "--log-format", "json")
	s.cmd.Env, s.cmd.Dir = environment(), t.TempDir()
	for _, c := range change {
		c(s.cmd)
	}
	log, err := s.cmd.StderrPipe()
	must(t, err)
	must(t, s.cmd.Start())
	go s.follow(log)
	t.Cleanup(s.kill)
	return s
}

// follow reads the log to its end, which is the process's.
func (s *server) follow(log io.Reader) {
	defer close(s.ended)
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		s.mu.Lock()
		s.lines = append(s.lines, lines.Text())
		close(s.news)
		s.news = make(chan struct{})
		s.mu.Unlock()
	}
}

// await waits for a line of log with this message.
func (s *server) await(message string) string {
	s.t.Helper()
	deadline := time.After(patience)
	for {
		line, news := s.find(message)
		if line != "" {
			return line
		}
		select {
		case <-news:
		case <-s.ended:
			if line, _ = s.find(message); line != "" {
				return line
			}
			s.t.Fatalf("the server ended before it said %q:\n%s", message, s.log())
		case <-deadline:
			s.t.Fatalf("the server did not say %q:\n%s", message, s.log())
		}
	}
}

func (s *server) find(message string) (line string, news <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lines {
		if strings.Contains(l, `"msg":"`+message) {
			return l, nil
		}
	}
	return "", s.news
}

func (s *server) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

// ready waits until the server says that it is.
func (s *server) ready() {
	s.t.Helper()
	s.until("/readyz says 200", func() bool { return s.status("/readyz") == http.StatusOK })
}

// status is the status of a GET, 0 where there is no answer.
func (s *server) status(path string) int {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.base+path, http.NoBody)
	must(s.t, err)
	res, err := s.http.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// until asks again and again, for as long as patience lasts.
func (s *server) until(what string, done func() bool) {
	s.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !done() {
		select {
		case <-tick.C:
		case <-s.ended:
			s.t.Fatalf("the server ended before %s:\n%s", what, s.log())
		case <-deadline:
			s.t.Fatalf("it did not come to this: %s\n%s", what, s.log())
		}
	}
}

// signal sends a signal to the process.
func (s *server) signal(which os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(which); err != nil {
		s.t.Errorf("signal %v: %v\n%s", which, err, s.log())
	}
}

// kill is kill -9, and waits for the end. A process that ended already is left alone.
func (s *server) kill() {
	s.http.CloseIdleConnections()
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill()
		<-s.ended
		_ = s.cmd.Wait()
	}
}

// stop asks for a clean end and returns the exit code.
func (s *server) stop() int {
	s.t.Helper()
	s.signal(syscall.SIGTERM)
	return s.exit()
}

// exit waits for the end and returns the exit code, -1 after a signal.
func (s *server) exit() int {
	s.t.Helper()
	s.http.CloseIdleConnections()
	select {
	case <-s.ended:
	case <-time.After(2 * patience):
		s.t.Fatalf("the server does not end:\n%s", s.log())
	}
	_ = s.cmd.Wait()
	return s.cmd.ProcessState.ExitCode()
}
