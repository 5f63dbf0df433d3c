package control

import (
	"context"
	"fmt"
	"net/http"

	"tidings/internal/fault"
	"tidings/internal/receipt"
	"tidings/provider"
)

// reportProvider is the adapter of reports that come by mail.
const reportProvider = "dsn"

// TakeReport stores a report that came by mail and was handed over on this machine, as if it had been posted to the
// source's URL: whoever may write to the database needs no token. It returns when the report is on disk; the same report
// again adds nothing. What is no message at all is a *provider.Refusal.
func (c *Control) TakeReport(ctx context.Context, who Actor, sourceID string, message []byte) (receipt.Outcome, error) {
	s, err := c.Source(ctx, who, sourceID)
	if err != nil {
		return receipt.Outcome{}, err
	}
	if s.Provider != reportProvider {
		return receipt.Outcome{}, fault.BadField("source", "%s is a source of %s: a report by mail goes to one of %s",
			s.ID, s.Provider, reportProvider)
	}
	if !s.DisabledAt.IsZero() {
		return receipt.Outcome{}, fault.New(fault.Conflict, "source_disabled", "source %q is disabled", s.Name).
			WithHint("tidings source enable %s", s.ID)
	}
	adapter, ok := c.adapter(s.Provider)
	if !ok {
		return receipt.Outcome{}, fault.New(fault.Internal, "no_adapter", "there is no adapter of %s", s.Provider)
	}
	now := c.Now()
	src := s.ForProvider(true, 0)
	src.BasicAuth = nil
	res, err := adapter.Open(provider.Request{Method: http.MethodPost, Header: http.Header{}, Body: message}, src, now)
	if err != nil {
		return receipt.Outcome{}, err
	}
	entry := c.Builder.Build(s, res, message, now)
	if err := c.Commit(ctx, []*receipt.Entry{entry}); err != nil {
		return receipt.Outcome{}, fmt.Errorf("commit the report: %w", err)
	}
	return entry.Outcome, nil
}
