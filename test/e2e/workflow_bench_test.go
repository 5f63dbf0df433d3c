package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// waitingWorkflow keeps everybody waiting for a month, soonWorkflow mails after two seconds.
const (
	waitingWorkflow = `{"workflow":"waiting","enabled":true,"trigger":{"event":"signed.up"},"from":"news@send.test",
		"steps":[{"wait":"30d"},{"send":"hello"}]}`
	soonWorkflow = `{"workflow":"soon","enabled":true,"trigger":{"event":"order.paid"},"from":"news@send.test","reentry":"parallel",
		"steps":[{"wait":"2s"},{"send":"bye"}]}`
)

// BenchmarkDueRunAmongWaitingOnes measures how late the email of a run is whose wait has ended (from when the wait should end until the
// mail server has the email), and what the program holds in memory, while TIDINGS_E2E_RUNS other runs wait for a month. SQLite.
//
//	TIDINGS_E2E_RUNS=1000000 go test ./test/e2e -run '^$' -bench DueRun -benchtime 100x -timeout 1h
func BenchmarkDueRunAmongWaitingOnes(b *testing.B) {
	size := setting(b, runsVariable, 10*defaultRuns)
	f := newFlows(b, "sqlite", 1)
	s := f.nodes[0]
	s.api(http.MethodPost, "/workflows/welcome/disable", "", nil)
	s.api(http.MethodPost, "/workflows", waitingWorkflow, nil)
	s.api(http.MethodPost, "/workflows", soonWorkflow, nil)
	const step = 500
	began := time.Now()
	for i := 0; i < size; i += step {
		if answer, err := f.track(i, min(i+step, size)); err != nil || answer.status != http.StatusOK {
			b.Fatalf("track: %v, %d %s", err, answer.status, answer.body)
		}
		if (i/step+1)%max(size/step/5, 1) == 0 {
			b.Logf("%d entered after %.0f s, %d MB", i+step, time.Since(began).Seconds(), f.resident()>>20)
		}
	}
	var x runFigures
	f.slowly("everybody waits", func() bool {
		s.get("/workflows/waiting/figures", &x)
		return x.Open == size
	})
	before := f.resident()
	var late []time.Duration
	for n := 0; b.Loop(); n++ {
		s.api(http.MethodPost, "/v1/track", fmt.Sprintf(`{"email":%q,"event":"order.paid"}`, reader(n%size)), nil)
		due := time.Now().Add(2 * time.Second)
		for len(f.peer.Mails()) <= n {
			<-time.After(5 * time.Millisecond)
		}
		late = append(late, time.Since(due))
	}
	slices.Sort(late)
	b.ReportMetric(late[len(late)/2].Seconds(), "s-late-p50")
	b.ReportMetric(late[len(late)-1].Seconds(), "s-late-max")
	b.ReportMetric(float64(before>>20), "MB-before")
	b.ReportMetric(float64(f.resident()>>20), "MB-after")
}

// resident is what the first node holds in memory, in bytes. 0 where the system does not tell.
func (f *flows) resident() int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.nodes[0].cmd.Process.Pid))
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	if fields := strings.Fields(rest); len(fields) > 0 {
		n, _ := strconv.ParseInt(fields[0], 10, 64)
		return n << 10
	}
	return 0
}
