package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// usage is what a process has used, as Linux tells it.
type usage struct {
	cpu time.Duration // user and system
	rss int64         // bytes, now
	max int64         // bytes, at its highest
}

// clockTick is the unit of times in /proc/PID/stat; it is 100 a second on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

func usageOf(pid int) (usage, error) {
	var u usage
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, fmt.Errorf("read the server's usage: %w", err)
	}
	// The name, field 2, may hold anything but ends at the last bracket; utime and stime are fields 14 and 15.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return u, fmt.Errorf("read the server's usage: unreadable /proc/%d/stat", pid)
	}
	for _, f := range fields[11:13] {
		ticks, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return u, fmt.Errorf("read the server's usage: %w", err)
		}
		u.cpu += time.Duration(ticks) * clockTick
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, fmt.Errorf("read the server's usage: %w", err)
	}
	u.rss, u.max = kilobytes(status, "VmRSS:"), kilobytes(status, "VmHWM:")
	return u, nil
}

func kilobytes(status []byte, key string) int64 {
	_, after, found := bytes.Cut(status, []byte("\n"+key))
	fields := bytes.Fields(after)
	if !found || len(fields) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return n * 1024
}

// spent is what a stretch of work cost both sides.
type spent struct{ server, generator usage }

// measure does something and returns what it cost the server and this process; memory is as it is at the end.
func (s *server) measure(do func() error) (spent, error) {
	before, err := s.usages()
	if err != nil {
		return spent{}, err
	}
	if err := do(); err != nil {
		return spent{}, err
	}
	after, err := s.usages()
	after.server.cpu -= before.server.cpu
	after.generator.cpu -= before.generator.cpu
	return after, err
}

func (s *server) usages() (u spent, err error) {
	if u.server, err = usageOf(s.process.Process.Pid); err != nil {
		return u, err
	}
	u.generator, err = usageOf(os.Getpid())
	return u, err
}
