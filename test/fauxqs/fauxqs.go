// Package fauxqs gives tests an emulator of SNS and SQS as a process of its own. It keeps nothing on disk, and delivers
// nothing over HTTP: a test that wants that posts itself.
package fauxqs

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// patience is how long the emulator may take to start, on a busy machine that has to fetch it first.
const patience = 2 * time.Minute

// Account is the one that everything belongs to.
const Account = "000000000000"

// Emulator is one that runs. Any credentials will do. One goroutine uses it.
type Emulator struct {
	URL string

	t    testing.TB
	port int
	cmd  *exec.Cmd
}

// Start runs an emulator until the test has ended.
func Start(t testing.TB) *Emulator {
	t.Helper()
	e := &Emulator{t: t, port: freePort(t)}
	e.URL = "http://127.0.0.1:" + strconv.Itoa(e.port)
	e.Again()
	t.Cleanup(e.Kill)
	return e
}

// script is scripts/fauxqs.sh, wherever the test runs.
func script() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "..", "scripts", "fauxqs.sh")
}

// Again starts it after Kill, at the same URL and empty, and waits until it answers.
func (e *Emulator) Again() {
	e.t.Helper()
	var log bytes.Buffer
	e.cmd = exec.CommandContext(context.WithoutCancel(e.t.Context()), script(), strconv.Itoa(e.port)) //nolint:gosec // ours
	e.cmd.Dir, e.cmd.Stdout, e.cmd.Stderr = e.t.TempDir(), &log, &log
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // npx starts processes, and all have to end
	if err := e.cmd.Start(); err != nil {
		e.t.Fatalf("start the emulator: %v", err)
	}
	ctx, cancel := context.WithTimeout(e.t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !healthy(ctx, e.URL) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			e.Kill()
			e.t.Fatalf("the emulator does not answer; it needs Node's npx, and the network the first time:\n%s", &log)
		}
	}
}

// Signal sends a signal to the emulator's processes.
func (e *Emulator) Signal(s syscall.Signal) { _ = syscall.Kill(-e.cmd.Process.Pid, s) }

// Kill ends it at once; what it held is gone.
func (e *Emulator) Kill() {
	e.Signal(syscall.SIGKILL)
	_ = e.cmd.Wait()
}

func freePort(t testing.TB) int {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	defer listener.Close()
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatalf("the address %v is not one of TCP", listener.Addr())
	}
	return address.Port
}

func healthy(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/health", http.NoBody)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK
}
