package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/netguard"
	"tidings/internal/source"
	"tidings/provider"
)

const (
	// testPrefix begins the tokens of self-tests: see ingest.TestPrefix.
	testPrefix = "test."
	// testLifetime is how long a test's URL leads to it.
	testLifetime = time.Minute
)

// TestReport is what a self-test of a source found.
type TestReport struct {
	SourceID  string
	OK        bool   // every step that was gone worked
	URL       string // where it was posted, without the test's token
	Signed    string // as whom the sample was signed
	StartedAt time.Time
	Took      time.Duration
	Steps     []TestStep // all of them, in their order
	Untested  []string   // what can't be told from inside
}

// SelfTest posts a signed sample to a source's real URL, and tells of each step whether it worked. Nothing is stored or
// counted. What does not work is a report that is not OK, with what to do, never an error.
func (c *Control) SelfTest(ctx context.Context, who Actor, id string) (TestReport, error) {
	s, err := c.Source(ctx, who, id)
	if err != nil {
		return TestReport{}, err
	}
	adapter, ok := c.adapter(s.Provider)
	if !ok || adapter.Sample == nil {
		return TestReport{}, fault.New(fault.Conflict, "no_sample",
			"sources of %s can't be tested: there is no sample of what it sends", s.Provider).
			WithHint("send a real email, then look at the source's health")
	}
	if err := c.SelfTests.take(s.ID, c.Now(), "too_many_tests", "this source was tested too often"); err != nil {
		return TestReport{}, err
	}
	start := c.Now().UTC()
	token := testPrefix + auth.Token()
	src := s.ForProvider(true, 0)
	if len(src.URLs) == 0 {
		src.URLs = []string{c.sourceURL(s.Provider, token)}
	}
	sample, err := adapter.Sample(src, start)
	if err != nil {
		return TestReport{}, fmt.Errorf("make a sample: %w", err)
	}
	trip, verdict, err := c.travel(ctx, who, s, sample, token, start)
	if err != nil {
		return TestReport{}, err
	}
	sum := sha256.Sum256(sample.Body)
	j := journey{
		base: c.PublicURL, trip: trip, verdict: verdict, source: s, adapter: adapter,
		sent: source.Verdict{SHA256: hex.EncodeToString(sum[:]), Bytes: len(sample.Body)}, sample: sample,
	}
	r := TestReport{
		SourceID: s.ID, URL: c.sourceURL(s.Provider, testPrefix+"…"), Signed: sample.Note, StartedAt: start,
		Took: c.Now().Sub(start), Steps: j.steps(), Untested: j.untested(),
	}
	r.OK = worked(r.Steps)
	return r, nil
}

// travel sends the sample and fetches what became of it.
func (c *Control) travel(
	ctx context.Context, who Actor, s *source.Source, sample provider.Sample, token string, start time.Time,
) (netguard.Trip, *source.Verdict, error) {
	test := source.Test{
		TokenHash: auth.Hash(token), SourceRef: s.Ref, Certificate: sample.Certificate, ExpiresAt: start.Add(testLifetime),
	}
	if err := c.Store.BeginTest(ctx, test, c.act(who, opTestSource, s.ID, "")); err != nil {
		return netguard.Trip{}, nil, fmt.Errorf("store the test: %w", err)
	}
	method := sample.Method
	if method == "" {
		method = http.MethodPost
	}
	trip := c.Send(ctx, method, c.sourceURL(s.Provider, token), sample.Header, sample.Body)
	trip.Location = strings.ReplaceAll(trip.Location, token, testPrefix+"…")
	// Whoever asked may have gone: the test's URL must end all the same.
	verdict, err := c.Store.EndTest(context.WithoutCancel(ctx), test.TokenHash)
	if err != nil {
		return trip, nil, fmt.Errorf("read the verdict: %w", err)
	}
	return trip, verdict, nil
}
