package main

import (
	"errors"
	"fmt"
	"io"

	"tidings/internal/api"
	"tidings/internal/config"
	"tidings/internal/control"
)

type sourceTest struct {
	database       `embed:""`
	printing       `embed:""`
	config.Address `embed:""`
	ID             string `arg:"" help:"The source's id (src_…)."`
}

// errTestFailed is the answer of a self-test that found something wrong. It was told already.
var errTestFailed = errors.New("the test failed")

// Help is the long help.
func (*sourceTest) Help() string {
	return `Posts a signed sample to the source's real URL, through whatever is in front of the server, and tells of each step
whether it worked and what to do where it did not. The sample is proved like a request of the provider and then forgotten:
nothing is stored or counted. The server must run, with the same database, and --public-url must be what the provider
calls. Exit code 1 where a step failed.

  tidings source test src_01jq7z9f3v8k2m5n --public-url https://tidings.example.com
  tidings source test src_01jq7z9f3v8k2m5n --json`
}

// Run tests a source.
func (s *sourceTest) Run(c *console) error {
	return s.with(c, config.Config{Address: s.Address}, func(ops *control.Control, who control.Actor) error {
		r, err := ops.SelfTest(c.ctx, who, s.ID)
		if err != nil {
			return err
		}
		if err := s.print(c, api.SourceTestOf(&r), func(w io.Writer) { printTest(w, &r) }); err != nil {
			return err
		}
		if !r.OK {
			return errTestFailed
		}
		return nil
	})
}

func printTest(w io.Writer, r *control.TestReport) {
	verdict := map[bool]string{true: "OK", false: "FAILED"}
	fmt.Fprintf(w, "%s\nPOST %s, signed as %s\n", verdict[r.OK], r.URL, plain(r.Signed))
	for _, step := range r.Steps {
		if step.State == control.StepSkipped && step.Detail == "" {
			continue
		}
		text := fmt.Sprintf("%-11s%s", step.Name, plain(step.Detail))
		if step.Took > 0 {
			text += fmt.Sprintf(" (%.1f ms)", float64(step.Took.Microseconds())/1000)
		}
		printLine(w, string(step.State), text, step.Remedy)
	}
	fmt.Fprintln(w, "\nNot tested:")
	for _, what := range r.Untested {
		fmt.Fprintf(w, "  %s\n", plain(what))
	}
}
