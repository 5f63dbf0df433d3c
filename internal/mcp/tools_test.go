package mcp_test

import (
	"slices"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/internal/control"
)

func TestTheListOfToolsIsWhatAssistantsRelyOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list, err := w.client(w.key(), nil).ListTools(t.Context(), nil)
	must(t, err)
	golden(t, "tools.json", list.Tools)
	if len(list.Tools) != 34 {
		t.Errorf("%d tools, want 34", len(list.Tools))
	}
}

func TestAKeyDoesNotSeeToolsThatItMayNotCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		scopes []string
		want   string
	}{
		{[]string{"stats:read"}, "deliverability_report get_delivery_stats"},
		{[]string{"suppressions:write"}, "remove_suppression"},
		{[]string{"contacts:write"}, "delete_subscriber resubscribe_subscriber unsubscribe_subscriber update_subscriber"},
		{[]string{"keys:read"}, ""},
		{[]string{"workflows:read"}, "list_sequences"},
		{[]string{"read"}, "alerts deliverability_report endpoint_health explain_message export_sequence get_broadcast get_delivery_stats " +
			"get_failed_executions get_sequence_events get_subscriber get_subscriber_events get_template_events list_broadcasts " +
			"list_endpoints list_sequence_subscribers " +
			"list_sequences list_subscribers list_suppressed list_templates preview_template search_events segment_explain segment_list " +
			"segment_preview source_health validate_template workflow_dry_run"},
	} {
		s := w.client(w.key(c.scopes...), nil)
		var names []string
		for tool, err := range s.Tools(t.Context(), nil) {
			if err != nil && c.want == "" {
				break
			}
			must(t, err)
			names = append(names, tool.Name)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("with %v: %s, want %s", c.scopes, got, c.want)
		}
		if _, err := s.CallTool(t.Context(), &sdk.CallToolParams{Name: "read_event", Arguments: map[string]any{}}); err == nil {
			t.Error("what is no tool was called")
		}
	}
	s := w.client(w.key("read"), nil)
	if _, err := s.CallTool(t.Context(), &sdk.CallToolParams{
		Name: "remove_suppression", Arguments: map[string]any{"email": "ghost@acme.test"},
	}); err == nil {
		t.Error("a key that only reads removed a suppression")
	}
}

// calls are one call of every tool that reads.
var calls = []struct {
	tool string
	args map[string]any
}{
	{"get_subscriber", map[string]any{"email": "ghost@acme.test"}},
	{"list_subscribers", map[string]any{"status": "suppressed"}},
	{"list_suppressed", map[string]any{"limit": 1}},
	{"get_subscriber_events", map[string]any{"email": "Lea@acme.test", "eventType": "click"}},
	{"get_template_events", map[string]any{"templateKey": "onboarding/welcome", "limit": 2}},
	{"get_sequence_events", map[string]any{"sequenceId": "onboarding", "startDate": "2026-05-04", "endDate": "2026-05-04"}},
	{"get_delivery_stats", map[string]any{"startDate": "2026-05-04", "endDate": "2026-05-05"}},
	{"search_events", map[string]any{"messageId": "0102019a-two-000000", "eventType": "bounce"}},
	{"explain_message", map[string]any{"email": "ghost@acme.test"}},
	{"segment_list", map[string]any{}},
	{"segment_preview", map[string]any{"condition": map[string]any{"logic": "AND", "groups": []any{map[string]any{
		"filters": []any{map[string]any{"field": "email.bounced", "operator": "triggered"}},
	}}}}},
	{"segment_explain", map[string]any{"segment": "", "email": "ghost@acme.test"}},
	{"list_templates", map[string]any{"prefix": "onboarding/"}},
	{"preview_template", map[string]any{"templateKey": "onboarding/welcome", "email": "ghost@acme.test"}},
	{"validate_template", map[string]any{"templateKey": "onboarding/welcome"}},
	{"source_health", map[string]any{}},
	{"deliverability_report", map[string]any{"startDate": "2026-05-04", "endDate": "2026-05-05"}},
	{"list_endpoints", map[string]any{}},
	{"endpoint_health", map[string]any{"endpointId": "crm"}},
	{"alerts", map[string]any{"state": "all"}},
	{"list_sequences", map[string]any{}},
	{"export_sequence", map[string]any{"sequenceId": "clicked"}},
	{"list_sequence_subscribers", map[string]any{"sequenceId": "clicked"}},
	{"get_failed_executions", map[string]any{"startDate": "2026-05-04"}},
	{"workflow_dry_run", map[string]any{"workflow": map[string]any{
		"workflow": "draft", "trigger": map[string]any{"event": "email.click"}, "steps": []any{
			map[string]any{"wait": "1h"},
			map[string]any{"send": "onboarding/welcome"},
		},
	}}},
}

func TestEveryToolAnswersInItsShape(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.life()
	s := w.client(w.key("read"), nil)
	names := []string{w.source.ID, "src_1", w.segment, "seg_1", w.welcome, "tpl_1"}
	for _, c := range calls {
		if c.tool == "list_sequences" { // what runs store is no part of the answers before
			names = append(names, w.sequences("ghost@acme.test")...)
		}
		text, res := call(t, s, c.tool, w.args(c.args))
		if res.IsError {
			t.Errorf("%s: %s", c.tool, text)
			continue
		}
		text = strings.NewReplacer(names...).Replace(text)
		golden(t, "answers/"+c.tool+".json", []byte(text))
		if _, ok := res.StructuredContent.(map[string]any); !ok {
			t.Errorf("%s has no structured answer", c.tool)
		}
	}
	w.counted.mu.Lock()
	defer w.counted.mu.Unlock()
	if len(w.counted.calls) != len(calls) || !slices.Contains(w.counted.calls, "get_subscriber ok") {
		t.Errorf("counted %v", w.counted.calls)
	}
}

func TestEveryCallIsInTheAuditLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.life()
	s := w.client(w.key("read"), nil)
	for _, c := range calls {
		call(t, s, c.tool, w.args(c.args))
	}
	_, err := s.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: "tidings://messages/0102019a-two-000000"})
	must(t, err)
	page, err := w.control.ListActs(t.Context(), operator, control.AuditFilter{Door: control.DoorMCP})
	must(t, err)
	var got []string
	for _, a := range page.Acts {
		got = append(got, a.Operation)
		if !strings.HasPrefix(a.By, "key_") {
			t.Errorf("%s was done by %q", a.Operation, a.By)
		}
	}
	slices.Reverse(got)
	want := []string{}
	for _, c := range calls {
		want = append(want, c.tool)
	}
	if want = append(want, "read_message"); !slices.Equal(got, want) {
		t.Errorf("acts %v, want %v", got, want)
	}
	acts, err := w.control.ListActs(t.Context(), operator, control.AuditFilter{Operation: "get_subscriber", Target: "ghost@acme.test"})
	must(t, err)
	if len(acts.Acts) != 1 {
		t.Errorf("%d acts name the target, want 1", len(acts.Acts))
	}
}
