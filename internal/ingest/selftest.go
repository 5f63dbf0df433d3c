package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"tidings/internal/fault"
	"tidings/internal/source"
	"tidings/provider"
)

// TestPrefix begins the token of a self-test in a URL. Neither the token of a source nor a fixed path has a dot, so a
// request is a test or real by its URL alone, whatever its headers and its body say.
const TestPrefix = "test."

// TestStore is where self-tests of sources wait for their request.
type TestStore interface {
	// TakeTest finds a test by the SHA-256 of its token, once; else it is a fault.NotFound.
	TakeTest(ctx context.Context, provider string, hash [32]byte, now time.Time) (source.Test, *source.Source, error)
	// FinishTest stores what became of the request.
	FinishTest(ctx context.Context, hash [32]byte, v source.Verdict) error
}

// trial is the request of a self-test on its way in.
type trial struct {
	test    source.Test
	verdict source.Verdict
}

// isTest tells whether a visit is to a self-test's URL.
func (v *visit) isTest() bool { return v.h.Tests != nil && strings.HasPrefix(v.segment, TestPrefix) }

// try takes the request of a self-test the whole way, but for the disk. Nothing of it is counted.
func (v *visit) try(ctx context.Context) error {
	hash := sha256.Sum256([]byte(v.segment))
	test, src, err := v.h.Tests.TakeTest(ctx, v.adapter.Slug, hash, v.h.Now())
	if fault.Is(err, fault.NotFound) {
		return provider.Refuse(provider.Forbidden, CodeUnknownSource, "no self-test has this URL, or not any more")
	}
	if err != nil {
		return err
	}
	v.trial, v.source = &trial{test: test}, src
	if err := v.checkHead(); err != nil {
		return err
	}
	return v.receive(func(body []byte) error { return v.judge(body) })
}

// judge opens the request of a self-test with the test's own certificate, which proves nothing else and beside which
// nothing else proves it.
func (v *visit) judge(body []byte) error {
	sum := sha256.Sum256(body)
	verdict := &v.trial.verdict
	verdict.SHA256, verdict.Bytes = hex.EncodeToString(sum[:]), len(body)
	now := v.h.Now()
	src := v.forAdapter(true)
	if v.trial.test.Certificate != nil {
		src.SigningCertificate = v.trial.test.Certificate
	}
	res, err := v.adapter.Open(provider.Request{Method: v.r.Method, Header: v.r.Header, Body: body}, src, now)
	if err != nil {
		return err
	}
	for _, w := range res.Wishes {
		if w.Kind == provider.FetchCertificate {
			return provider.Refuse(provider.Forbidden, CodeCertificate, "the sample is not signed with the key of this test")
		}
	}
	entry := v.h.Builder.Build(v.source, res, body, now)
	verdict.Problems = entry.Problems
	for i := range entry.Events {
		e := &entry.Events[i]
		verdict.Events = append(verdict.Events, source.VerdictEvent{Name: string(e.Name), Recipient: e.Recipient})
	}
	return nil
}

// answerTest notes the verdict, then answers as a request of the provider is answered.
func (h *Handler) answerTest(ctx context.Context, v *visit, err error) int {
	verdict := v.trial.verdict
	verdict.At, verdict.Status = h.Now().UTC(), v.adapter.StatusOn(v.road, provider.Stored)
	if err != nil {
		refusal := refusalOf(err)
		verdict.Status, verdict.Code, verdict.Message = h.statusOf(v, refusal), refusal.Code, refusal.Message
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupPeriod)
	defer cancel()
	if err := h.Tests.FinishTest(ctx, v.trial.test.TokenHash, verdict); err != nil {
		h.Log.ErrorContext(ctx, "verdict of a self-test not stored", "source", v.source.ID, "error", err)
		writeProblem(v.w, http.StatusServiceUnavailable, CodeInternal, "internal error")
		return http.StatusServiceUnavailable
	}
	if verdict.Code != "" {
		writeProblem(v.w, verdict.Status, verdict.Code, verdict.Message)
		return verdict.Status
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.WriteHeader(verdict.Status)
	_ = json.MarshalWrite(v.w, verdict) // who hangs up learns it from the store
	return verdict.Status
}
