package mcp_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestAnAssistantSendsAnEndpointEventsAgainOnlyAfterAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.life()
	s := w.client(w.key("endpoints:read", "endpoints:write"), nil)
	if text, _ := call(t, s, "list_endpoints", map[string]any{}); strings.Contains(text, "canary") || !strings.Contains(text, `"host":"acme.test"`) {
		t.Errorf("endpoints: %s", text)
	}
	for _, args := range []map[string]any{
		{"endpointId": "crm"}, {"endpointId": "crm", "since": "soon"}, {"endpointId": "none", "since": "2026-05-04"},
	} {
		if text, res := call(t, s, "replay_endpoint", args); !res.IsError {
			t.Errorf("%v: %s", args, text)
		}
	}
	args := map[string]any{"endpointId": "crm", "since": "2026-05-04"}
	text, res := call(t, s, "replay_endpoint", args)
	var asked struct {
		Waiting struct{ Confirmation, Would string }
	}
	must(t, json.Unmarshal([]byte(text), &asked))
	if res.IsError || !strings.Contains(asked.Waiting.Would, "send endpoint end_1 events again") {
		t.Fatalf("asked: %s", text)
	}
	list, err := w.control.EndpointReplays(t.Context(), operator, "crm")
	if err != nil || len(list) != 0 {
		t.Fatalf("replayed before anybody agreed: %v %v", list, err)
	}
	_, err = w.control.Approve(t.Context(), operator, asked.Waiting.Confirmation, "the CRM was down")
	must(t, err)
	args["confirmation"] = asked.Waiting.Confirmation
	args["since"] = "2026-05-03"
	if text, res := call(t, s, "replay_endpoint", args); !res.IsError {
		t.Errorf("another span than the one that was approved: %s", text)
	}
	args["since"] = "2026-05-04"
	if text, res = call(t, s, "replay_endpoint", args); res.IsError || !strings.Contains(text, `"replayId":"erp_1"`) {
		t.Errorf("approved: %s", text)
	}
}
