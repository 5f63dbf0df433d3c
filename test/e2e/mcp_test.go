package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// toolCalls are one call of every tool.
var toolCalls = []struct {
	tool string
	args map[string]any
}{
	{"get_subscriber", map[string]any{"email": "con_1"}},
	{"list_subscribers", map[string]any{"limit": 2}},
	{"list_suppressed", map[string]any{}},
	{"remove_suppression", map[string]any{"email": "con_1"}},
	{"get_subscriber_events", map[string]any{"email": "con_1"}},
	{"get_template_events", map[string]any{"templateKey": "welcome"}},
	{"get_sequence_events", map[string]any{"sequenceId": "onboarding"}},
	{"get_delivery_stats", map[string]any{}},
	{"search_events", map[string]any{"limit": 2}},
	{"explain_message", map[string]any{"email": "con_1"}},
	{"source_health", map[string]any{}},
	{"deliverability_report", map[string]any{}},
	{"alerts", map[string]any{}},
	{"update_subscriber", map[string]any{"email": "con_1", "attributes": map[string]any{"plan": "team"}}},
	{"unsubscribe_subscriber", map[string]any{"email": "con_1"}},
	{"resubscribe_subscriber", map[string]any{"email": "con_1"}},
	{"delete_subscriber", map[string]any{"email": "con_1"}},
	{"segment_list", map[string]any{}},
	{"segment_preview", map[string]any{"condition": map[string]any{"logic": "AND", "groups": []any{map[string]any{
		"filters": []any{map[string]any{"field": "suppressed", "operator": "equals", "value": true}},
	}}}}},
	{"list_templates", map[string]any{}},
	{"preview_template", map[string]any{"templateKey": "welcome", "email": "con_1"}},
	{"validate_template", map[string]any{"templateKey": "welcome"}},
	{"segment_explain", nil}, // of the segment that assisted makes
	{"list_sequences", map[string]any{}},
	{"export_sequence", map[string]any{"sequenceId": "onboarding"}},
	{"list_sequence_subscribers", map[string]any{"sequenceId": "onboarding"}},
	{"get_failed_executions", map[string]any{}},
	{"workflow_dry_run", map[string]any{"sequenceId": "onboarding"}},
	{"list_broadcasts", map[string]any{}},
	{"send_broadcast", nil}, // of the broadcast that assisted makes
	{"get_broadcast", nil},
	{"list_endpoints", map[string]any{}},
	{"endpoint_health", map[string]any{"endpointId": "crm"}},
	{"replay_endpoint", map[string]any{"endpointId": "crm", "since": "2026-05-04"}},
}

// assisted is a running server that knows one contact, and a key for its assistant.
func assisted(t *testing.T) (s *server, segmentID string) {
	t.Helper()
	s = serve(t, t.TempDir()+"/tidings.db", func(cmd *exec.Cmd) { cmd.Args = append(cmd.Args, "--mcp-rate", "1000/1m") })
	if r := command(t, "suppressions", "add", "ghost@acme.test", "--note", "asked", "--db", s.db); r.code != 0 {
		t.Fatalf("suppress: %s%s", r.out, r.errOut)
	}
	_, s.key = s.apiKey("secret")
	made, err := s.do(http.MethodPost, "/segments", strings.NewReader(`{"name":"Friends","type":"STATIC"}`),
		http.Header{"Content-Type": {"application/json"}})
	must(t, err)
	var segment struct{ ID string }
	must(t, json.Unmarshal(made.body, &segment))
	_, err = s.do(http.MethodPost, "/templates", strings.NewReader(
		`{"key":"welcome","name":"Welcome","subject":"Hi","body":"<p>Hi {{ firstName }}</p>","type":"TRANSACTIONAL"}`),
		http.Header{"Content-Type": {"application/json"}})
	must(t, err)
	_, err = s.do(http.MethodPost, "/endpoints", strings.NewReader(`{"name":"crm","url":"https://nowhere.invalid/hooks"}`),
		http.Header{"Content-Type": {"application/json"}})
	must(t, err)
	_, err = s.do(http.MethodPost, "/workflows", strings.NewReader(
		`{"workflow":"onboarding","trigger":"account.created","steps":[{"wait":"1h"},{"send":"welcome"}]}`),
		http.Header{"Content-Type": {"application/json"}})
	must(t, err)
	_, err = s.do(http.MethodPost, "/campaigns", strings.NewReader(
		`{"name":"News","subject":"Hi","body":"<p>Hi</p>","from":"news@acme.test","audienceType":"ALL"}`),
		http.Header{"Content-Type": {"application/json"}})
	must(t, err)
	var key struct{ Key string }
	ask(t, &key, "key", "create", "--db", s.db, "--scope", "read", "--scope", "suppressions:write", "--scope", "contacts:write",
		"--scope", "broadcasts:write", "--scope", "endpoints:write")
	s.key = key.Key
	return s, segment.ID
}

// bridge is the command that an assistant's program starts.
func (s *server) bridge(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Getenv(binaryVariable), "mcp")
	cmd.Env = append(environment(), "TIDINGS_URL="+s.base, "TIDINGS_KEY="+s.key)
	return cmd
}

// keyed adds the key to requests.
type keyed string

// RoundTrip implements http.RoundTripper.
func (k keyed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(k))
	return http.DefaultTransport.RoundTrip(r)
}

func TestAnAssistantCallsEveryToolOverBothTransports(t *testing.T) {
	t.Parallel()
	s, segment := assisted(t)
	var broadcasts struct{ Data []struct{ ID string } }
	s.get("/campaigns", &broadcasts)
	for name, transport := range map[string]func() mcp.Transport{
		"http": func() mcp.Transport {
			return &mcp.StreamableClientTransport{
				Endpoint: s.base + "/mcp", HTTPClient: &http.Client{Transport: keyed(s.key)}, DisableStandaloneSSE: true,
			}
		},
		"stdio": func() mcp.Transport { return &mcp.CommandTransport{Command: s.bridge(t.Context())} },
	} {
		for _, version := range []string{"2025-06-18", "2025-11-25", "2026-07-28"} {
			c, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).
				Connect(t.Context(), transport(), &mcp.ClientSessionOptions{ProtocolVersion: version})
			must(t, err)
			list, err := c.ListTools(t.Context(), nil)
			must(t, err)
			if len(list.Tools) != len(toolCalls) {
				t.Errorf("%s %s: %d tools, want %d", name, version, len(list.Tools), len(toolCalls))
			}
			for _, call := range toolCalls {
				if call.tool == "segment_explain" {
					call.args = map[string]any{"email": "con_1", "segment": segment}
				}
				if strings.HasSuffix(call.tool, "_broadcast") {
					call.args = map[string]any{"broadcastId": broadcasts.Data[0].ID}
				}
				res, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: call.tool, Arguments: call.args})
				must(t, err)
				if res.IsError {
					t.Errorf("%s %s: %s: %v", name, version, call.tool, res.Content[0])
				}
			}
			prompt, err := c.GetPrompt(t.Context(), &mcp.GetPromptParams{Name: "weekly_report"})
			must(t, err)
			read, err := c.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "tidings://contacts/con_1"})
			must(t, err)
			if len(prompt.Messages) != 1 || !strings.Contains(read.Contents[0].Text, "g***@acme.test") {
				t.Errorf("%s %s: %v, %v", name, version, prompt, read.Contents[0])
			}
			must(t, c.Close())
		}
	}
}

func TestAPersonApprovesWithTheCommandWhatAnAssistantAskedFor(t *testing.T) {
	t.Parallel()
	s, _ := assisted(t)
	c, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).
		Connect(t.Context(), &mcp.CommandTransport{Command: s.bridge(t.Context())}, nil)
	must(t, err)
	defer c.Close()
	remove := func(code string) (answer struct {
		Removed bool
		Waiting struct{ Confirmation string }
	},
	) {
		args := map[string]any{"email": "ghost@acme.test"}
		if code != "" {
			args["confirmation"] = code
		}
		res, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: "remove_suppression", Arguments: args})
		must(t, err)
		must(t, json.Unmarshal([]byte(res.Content[0].(*mcp.TextContent).Text), &answer))
		return answer
	}
	code := remove("").Waiting.Confirmation
	if r := command(t, "mcp", "pending", "--db", s.db); r.code != 0 || !strings.Contains(r.out, code) || !strings.Contains(r.out, "ghost@acme.test") {
		t.Errorf("what waits: %d %s%s", r.code, r.out, r.errOut)
	}
	if r := command(t, "mcp", "approve", code, "--db", s.db); r.code != 0 || !strings.Contains(r.out, "Nothing was approved") {
		t.Errorf("a look at the code: %d %s%s", r.code, r.out, r.errOut)
	}
	if r := command(t, "mcp", "approve", code, "--db", s.db, "--note", "phoned"); r.code != 0 || !strings.Contains(r.out, "Approved") {
		t.Errorf("the approval: %d %s%s", r.code, r.out, r.errOut)
	}
	if !remove(code).Removed {
		t.Error("it was not removed after the approval")
	}
	if r := command(t, "mcp", "refuse", remove("").Waiting.Confirmation, "--db", s.db); r.code != 0 || !strings.Contains(r.out, "Refused") {
		t.Errorf("the refusal: %d %s%s", r.code, r.out, r.errOut)
	}
	if r := command(t, "mcp", "approve", code, "--db", s.db, "--note", "again"); r.code != 3 {
		t.Errorf("a used code: exit code %d", r.code)
	}
}

func TestTheBridgeTellsWhatIsWrongWithTheWayToTheServer(t *testing.T) {
	t.Parallel()
	s, _ := assisted(t)
	const call = `{"jsonrpc":"2.0","id":7,"method":"tools/list"}` + "\n" + `{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n"
	for _, c := range []struct{ name, url, key, want string }{
		{"an unknown key", s.base, "sk_nobody", "not known here"},
		{"no server", "http://127.0.0.1:1", s.key, "can't be reached"},
		{"not this server's path", s.base + "/docs", s.key, "there is nothing at this path"},
	} {
		cmd := s.bridge(t.Context())
		cmd.Env = append(cmd.Env, "TIDINGS_URL="+c.url, "TIDINGS_KEY="+c.key)
		cmd.Stdin = strings.NewReader(call)
		out, err := cmd.Output()
		must(t, err)
		if !strings.Contains(string(out), c.want) || !strings.Contains(string(out), `"id":7`) || bytes.Count(out, []byte("\n")) != 1 {
			t.Errorf("%s: %s", c.name, out)
		}
	}
	for _, args := range [][]string{{"mcp"}, {"mcp", "--key", "sk_x", "--url", "http://tidings.test"}, {"mcp", "--key", "sk_x", "--url", "x"}} {
		if r := command(t, args...); r.code != 2 {
			t.Errorf("%v: exit code %d %s", args, r.code, r.errOut)
		}
	}
}
