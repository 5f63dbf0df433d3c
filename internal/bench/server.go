package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
)

// server is the program under measurement, as a process of its own.
type server struct {
	binary  string
	db      string
	dir     string
	address string
	process *exec.Cmd
	ended   chan error
	log     *os.File
}

// startServer serves a database that is empty and waits until it is ready.
func startServer(ctx context.Context, binary, db, dir, profile string, more ...string) (*server, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		return nil, fmt.Errorf("create the server's log: %w", err)
	}
	s := &server{binary: binary, db: db, dir: dir, address: address, log: log, ended: make(chan error, 1)}
	// The load is older than some retentions, and a benchmark does not measure retention.
	args := append([]string{"serve", "--db", db, "--listen", address, "--retention-events", "0"}, more...)
	if profile != "" {
		args = append(args, "--cpu-profile", profile)
	}
	s.process = exec.Command(binary, args...) //nolint:gosec,noctx // our own program; it is stopped by signal
	s.process.Stdout, s.process.Stderr = log, log
	s.process.Env = plainEnvironment()
	if err := s.process.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	go func() { s.ended <- s.process.Wait() }()
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// plainEnvironment is ours without settings of a server: a benchmark measures the defaults.
func plainEnvironment() []string {
	var plain []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "TIDINGS_") {
			plain = append(plain, pair)
		}
	}
	return plain
}

func freeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// readyWithin bounds the start of a server.
const readyWithin = 30 * time.Second

func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := s.get(ctx, "/readyz", ""); err == nil {
			return nil
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			return fmt.Errorf("the server ended before it was ready: see %s", s.log.Name())
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready: see %s", s.log.Name())
		case <-tick.C:
		}
	}
}

// stop ends the server as an operator would, and waits.
func (s *server) stop() error {
	defer s.log.Close()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the server: %w", err)
	}
	if err := <-s.ended; err != nil {
		return fmt.Errorf("the server ended with %w: see %s", err, s.log.Name())
	}
	return nil
}

// command runs the program beside the server and reads what it prints as JSON.
func (s *server) command(ctx context.Context, into any, args ...string) error {
	args = append(args, "--db", s.db, "--json")
	cmd := exec.CommandContext(ctx, s.binary, args...) //nolint:gosec // our own program
	cmd.Env = plainEnvironment()
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("tidings %s: %w: %s", args[0], err, strings.TrimSpace(problem.String()))
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		return fmt.Errorf("tidings %s: %w", args[0], err)
	}
	return nil
}

// createSource makes a source with the settings and returns the path of its URL.
func (s *server) createSource(ctx context.Context, settings ...string) (string, error) {
	var made struct {
		URL string `json:"url"`
	}
	args := append([]string{"source", "create", "--name", "bench"}, settings...)
	if err := s.command(ctx, &made, args...); err != nil {
		return "", err
	}
	u, err := url.Parse(made.URL)
	if err != nil {
		return "", errors.New("tidings source create: unreadable url")
	}
	return u.Path, nil
}

func (s *server) createKey(ctx context.Context) (string, error) {
	var made struct {
		Key string `json:"key"`
	}
	err := s.command(ctx, &made, "key", "create", "--kind", "secret")
	return made.Key, err
}

func (s *server) get(ctx context.Context, path, key string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+path, nil)
	if err != nil {
		return nil, err
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s: %s", path, res.Status, bytes.TrimSpace(b))
	}
	return b, nil
}
