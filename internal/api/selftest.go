package api

import (
	"context"
	"time"

	"tidings/internal/control"
)

// SourceTest is what a self-test of a source found.
type SourceTest struct {
	SourceID  string     `json:"sourceId"`
	OK        bool       `json:"ok" doc:"Every step that was gone worked"`
	URL       string     `json:"url" doc:"Where the sample was posted, without the test's token" example:"https://tidings.test/in/ses/test.…"`
	Signed    string     `json:"signed" doc:"As whom it was signed" example:"SNS topic arn:aws:sns:eu-west-1:123456789012:ses-events"`
	StartedAt time.Time  `json:"startedAt" doc:"When it began"`
	TookMs    int64      `json:"tookMs" doc:"Milliseconds in all" example:"84"`
	Steps     []TestStep `json:"steps" nullable:"false" doc:"All of them, in their order"`
	Untested  []string   `json:"untested" nullable:"false" doc:"What can't be told from inside" example:"[\"whether Amazon SES reaches this URL from where it is\"]"`
}

// TestStep is one step of a self-test.
type TestStep struct {
	Step   string  `json:"step" enum:"resolve,connect,tls,answer,arrive,unchanged,prove,read,store" doc:"Which one"`
	State  string  `json:"state" enum:"ok,failed,skipped" doc:"skipped: not reached, or there is nothing to do"`
	Detail string  `json:"detail,omitempty" doc:"What was found" example:"tidings.test is 203.0.113.7"`
	Remedy string  `json:"remedy,omitempty" doc:"What to do where it failed" example:"make a DNS record for tidings.test"`
	TookMs float64 `json:"tookMs,omitzero" doc:"Milliseconds; absent: not measured" example:"1.5"`
}

// SourceTestOf makes the public form of a report.
func SourceTestOf(r *control.TestReport) SourceTest {
	out := SourceTest{
		SourceID: r.SourceID, OK: r.OK, URL: r.URL, Signed: r.Signed, StartedAt: r.StartedAt,
		TookMs: r.Took.Milliseconds(), Steps: make([]TestStep, len(r.Steps)), Untested: r.Untested,
	}
	for i, s := range r.Steps {
		out.Steps[i] = TestStep{
			Step: s.Name, State: string(s.State), Detail: s.Detail, Remedy: s.Remedy,
			TookMs: float64(s.Took.Microseconds()) / 1000,
		}
	}
	return out
}

type sourceTestOut struct{ Body SourceTest }

func (a *api) testSource(ctx context.Context, in *SourcePath) (*sourceTestOut, error) {
	r, err := a.Control.SelfTest(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &sourceTestOut{SourceTestOf(&r)}, nil
}
