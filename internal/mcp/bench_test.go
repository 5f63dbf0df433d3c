package mcp_test

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/internal/auth"
	"tidings/internal/control"
	"tidings/internal/mcp"
	"tidings/internal/store"
	"tidings/test/imagined"
)

// BenchmarkTools calls every tool over HTTP as an assistant's program does, each time about somebody or something else, and
// reports how long a call took in the middle and at worst.
func BenchmarkTools(b *testing.B) {
	c := imagined.Control(b)
	logger := slog.New(slog.DiscardHandler)
	server := httptest.NewServer(mcp.New(mcp.Options{
		Control: c, Auth: auth.NewAuthenticator(c.Store, "mcp", c.Now, logger), Logger: logger, Version: "1.2.3",
	}))
	b.Cleanup(server.Close)
	_, key, err := c.CreateLimitedKey(b.Context(), operator, control.NewKey{
		Name: "bench", Kind: store.SecretKey, Scopes: []string{"read", "suppressions:write"},
	})
	must(b, err)
	s, err := sdk.NewClient(&sdk.Implementation{Name: "bench", Version: "1"}, nil).Connect(b.Context(), &sdk.StreamableClientTransport{
		Endpoint: server.URL + mcp.Path, HTTPClient: &http.Client{Transport: bearer{key}}, DisableStandaloneSSE: true,
	}, nil)
	must(b, err)
	b.Cleanup(func() { _ = s.Close() })
	messages := imagined.Wanted(b) * 2 / 5
	type args = map[string]any
	day := func(n int) string { return time.Now().AddDate(0, 0, -n%50).Format(time.DateOnly) }
	for _, x := range []struct {
		tool string
		args func(n int) args
	}{
		{"get_subscriber", func(n int) args { return args{"email": imagined.Recipient(n)} }},
		{"list_subscribers", func(n int) args { return args{"status": []string{"all", "active", "suppressed", "unsubscribed"}[n%4]} }},
		{"list_suppressed", func(int) args { return args{"limit": 100} }},
		{"remove_suppression", func(int) args { return args{"email": imagined.Recipient(1)} }},
		{"get_subscriber_events", func(n int) args { return args{"email": imagined.Recipient(n)} }},
		{"get_template_events", func(n int) args {
			return args{"templateKey": imagined.Template(n), "eventType": "bounce", "limit": 100}
		}},
		{"get_sequence_events", func(n int) args { return args{"sequenceId": imagined.Workflow(n), "eventType": "click", "limit": 100} }},
		{"get_delivery_stats", func(n int) args { return args{"endDate": day(n)} }},
		{"search_events", func(n int) args {
			return []args{
				{"messageId": imagined.MessageID(n)},
				{"eventType": "bounce", "senderDomain": "send1.test", "limit": 100},
				{"tag": "tag-3", "startDate": day(n)},
				{"email": imagined.Recipient(n), "eventType": "open"},
			}[n%4]
		}},
		{"explain_message", func(n int) args { return args{"email": imagined.Recipient(n)} }},
		{"source_health", func(int) args { return args{} }},
		{"alerts", func(int) args { return args{} }},
		{"deliverability_report", func(n int) args { return args{"endDate": day(n)} }},
	} {
		b.Run(x.tool, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				res, err := s.CallTool(b.Context(), &sdk.CallToolParams{Name: x.tool, Arguments: x.args(1 + rng.IntN(messages))})
				took = append(took, time.Since(began))
				must(b, err)
				if res.IsError {
					b.Fatal(res.Content[0].(*sdk.TextContent).Text)
				}
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2].Seconds()*1000, "p50-ms")
			b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}
