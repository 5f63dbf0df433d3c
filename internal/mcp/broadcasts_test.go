package mcp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"tidings/internal/control"
	"tidings/internal/sender"
	"tidings/internal/store"
)

func TestAnAssistantSendsABroadcastOnlyAfterADryRunAndAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.life()
	s := w.client(w.key("broadcasts:read", "broadcasts:write"), nil)
	w.control.Outbox = &sender.Outbox{Folder: t.TempDir()}
	w.control.Ways = sender.Deps{Outbox: w.control.Outbox, Now: now}
	kind, subject, key := "MARKETING", "News for {{ email }}", "news/may"
	body := "<p>Hi</p>"
	_, err := w.control.CreateTemplate(t.Context(), operator, control.TemplateEdit{
		Name: &subject, Key: &key, Subject: &subject, Body: &body, Type: &kind,
	})
	must(t, err)

	if text, res := call(t, s, "send_broadcast", map[string]any{"templateKey": key, "dryRun": false}); !res.IsError ||
		!strings.Contains(text, "broadcastId") {
		t.Fatalf("sent without a dry run: %s", text)
	}
	if text, res := call(t, s, "send_broadcast", map[string]any{"templateKey": key, "listUnsubscribe": false}); !res.IsError ||
		!strings.Contains(text, "listUnsubscribe") {
		t.Fatalf("without a way to unsubscribe: %s", text)
	}
	text, res := call(t, s, "send_broadcast", map[string]any{
		"templateKey": key, "senderFromEmail": "news@send.test", "filterAttributes": map[string]any{"plan": "team"}, "name": "May",
	})
	var draft struct {
		BroadcastID, Status string
		AudienceSize        int64
		DryRun              bool
	}
	if res.IsError {
		t.Fatal(text)
	}
	must(t, json.Unmarshal([]byte(text), &draft))
	if !draft.DryRun || draft.Status != "DRAFT" || draft.BroadcastID == "" {
		t.Fatalf("%s", text)
	}
	args := map[string]any{"broadcastId": draft.BroadcastID, "dryRun": false}
	text, _ = call(t, s, "send_broadcast", args)
	var asked struct {
		Status  string
		Waiting struct{ Confirmation, Would string }
	}
	must(t, json.Unmarshal([]byte(text), &asked))
	if asked.Status != "DRAFT" || len(asked.Waiting.Confirmation) != 8 {
		t.Fatalf("it did not ask for a person: %s", text)
	}
	args["confirmation"] = asked.Waiting.Confirmation
	if text, res := call(t, s, "send_broadcast", args); !res.IsError {
		t.Fatalf("sent before a person approved it: %s", text)
	}
	a, err := w.control.Approve(t.Context(), operator, asked.Waiting.Confirmation, "looks good")
	must(t, err)
	if !strings.Contains(a.Would, draft.BroadcastID) || !strings.Contains(a.Would, "It would go to") {
		t.Errorf("the person was told %q", a.Would)
	}
	if text, res = call(t, s, "send_broadcast", args); res.IsError || !strings.Contains(text, `"status":"SENDING"`) {
		t.Fatalf("after the approval: %s", text)
	}
	must(t, w.control.AdvanceBroadcast(t.Context(), draft.BroadcastID))
	if text, res = call(t, s, "get_broadcast", map[string]any{"broadcastId": draft.BroadcastID}); res.IsError {
		t.Fatal(text)
	}
	var row struct{ Status string }
	must(t, json.Unmarshal([]byte(text), &row))
	if row.Status != string(store.BroadcastSending) && row.Status != string(store.BroadcastSent) {
		t.Errorf("%s", text)
	}
	if text, res = call(t, s, "list_broadcasts", map[string]any{}); res.IsError || !strings.HasPrefix(text, "[{") {
		t.Errorf("%s", text)
	}
	page, err := w.control.ListActs(t.Context(), operator, control.AuditFilter{Operation: "sendBroadcast", Limit: 10})
	must(t, err)
	if len(page.Acts) != 1 || page.Acts[0].Note != "approved by cli: looks good" || page.Acts[0].Door != control.DoorMCP {
		t.Errorf("acts %+v", page.Acts)
	}
}
