// Package fauxqs gives tests an emulator of SNS and SQS as a process of its own. It delivers nothing over HTTP: a test
// that wants that posts itself.
package fauxqs

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"
)

const (
	program = "fauxqs@1.9.2"
	// patience is how long the emulator may take to start, on a busy machine that has to fetch it first.
	patience = 2 * time.Minute
)

// Account is the one that everything belongs to.
const Account = "000000000000"

// Start runs an emulator until the test has ended, and returns its URL. Any credentials will do.
func Start(t testing.TB) string {
	t.Helper()
	port := freePort(t)
	var log bytes.Buffer
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "npx", "--yes", program)
	cmd.Env = append(os.Environ(), "FAUXQS_HOST=127.0.0.1", "FAUXQS_LOGGER=false", "FAUXQS_PORT="+strconv.Itoa(port))
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // npx runs it as a child, and both have to end
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
	})
	url := "http://127.0.0.1:" + strconv.Itoa(port)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !healthy(ctx, url) {
		select {
		case <-tick.C:
		case <-ended:
			t.Fatalf("%s ended before it was ready:\n%s", program, &log)
		case <-ctx.Done():
			t.Fatalf("%s is not ready after %s", program, patience)
		}
	}
	return url
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
