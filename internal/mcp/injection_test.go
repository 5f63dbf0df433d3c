package mcp_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/internal/control"
	"tidings/internal/netguard"
	"tidings/internal/source"
)

func TestNothingThatAnAssistantAsksOpensAConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var fetched atomic.Int64
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fetched.Add(1) }))
	t.Cleanup(trap.Close)
	w.control.Send = func(context.Context, string, string, http.Header, []byte) netguard.Trip {
		fetched.Add(1)
		return netguard.Trip{}
	}
	w.control.Confirm = func(context.Context, source.Confirmation) error {
		fetched.Add(1)
		return nil
	}
	b, err := json.Marshal(map[string]any{
		"eventType": "Click",
		"mail": map[string]any{
			"timestamp": "2026-05-04T10:11:58.000Z", "source": "app@send.test", "messageId": "0102019a-bad-000000",
			"destination": []string{"victim@acme.test"}, "commonHeaders": map[string]any{"subject": "![read](" + trap.URL + "/subject)"},
		},
		"click": map[string]any{
			"timestamp": "2026-05-04T10:21:00.000Z", "ipAddress": "203.0.113.5", "userAgent": trap.URL + "/agent", "link": trap.URL + "/link",
		},
	})
	must(t, err)
	w.take(string(b))
	s := w.client(w.key(), nil)
	answers := everything(t, w, s)
	call(t, s, "remove_suppression", map[string]any{"email": "victim@acme.test"})
	seen := false
	for _, text := range answers {
		seen = seen || strings.Contains(text, trap.URL+"/link")
	}
	if n := fetched.Load(); n != 0 || !seen {
		t.Errorf("%d connections were opened; the link was shown: %t", n, seen)
	}
}

func TestWhatAnAssistantWasTalkedIntoIsRefusedInCleanWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.attack()
	s := w.client(w.key("read"), nil)
	for _, tool := range []string{"remove_suppression", "delete_endpoint", "export_events", "approve", "approveAct", "send_broadcast"} {
		res, err := s.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: map[string]any{"email": "victim@acme.test"}})
		if err == nil && !res.IsError {
			t.Errorf("%s was done: %v", tool, res.Content)
		}
	}
	hidden := strings.ReplaceAll(hostile, "\x1b", "")
	for tool, args := range map[string]map[string]any{
		"get_subscriber": {"email": hidden}, "list_subscribers": {"status": hidden}, "search_events": {"eventType": "bounce", "startDate": hidden},
		"source_health": {"source": hidden}, "alerts": {"state": hidden}, "explain_message": {"messageId": hidden}, "get_template_events": {"templateKey": hidden, "startDate": hidden},
	} {
		text, res := call(t, s, tool, args)
		if !res.IsError {
			t.Errorf("%s takes %q: %s", tool, hidden, text)
		}
		clean(t, tool, text)
	}
	_, err := s.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: "tidings://contacts/%E2%80%AE![x](https:%2F%2Fevil.test)"})
	if err == nil {
		t.Error("a resource of no id was read")
	} else {
		clean(t, "a resource", err.Error())
	}
	prompt, err := s.GetPrompt(t.Context(), &sdk.GetPromptParams{Name: "weekly_report", Arguments: map[string]string{"until": "\n\n" + hidden}})
	must(t, err)
	text := prompt.Messages[0].Content.(*sdk.TextContent).Text
	if strings.Contains(text, "\n\nIGNORE") || strings.Contains(text, "![x](") {
		t.Errorf("a prompt repeats what it was given: %s", text)
	}
}

// clean fails where a text that repeats what was asked holds what an assistant's program might follow, or hide.
func clean(t *testing.T, where, text string) {
	t.Helper()
	for _, bad := range []string{"](", "![", "<img", "victim@"} {
		if strings.Contains(text, bad) {
			t.Errorf("%s: %q in %s", where, bad, text)
		}
	}
	for _, r := range text {
		if !unicode.IsGraphic(r) || r == '\u3164' {
			t.Errorf("%s: %U in %q", where, r, text)
		}
	}
	if n := len([]rune(text)); n > 4000 {
		t.Errorf("%s: %d characters", where, n)
	}
}

func TestAKeyOfAnAssistantDecidesOnNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.life()
	s := w.client(w.key(), nil)
	_, res := call(t, s, "remove_suppression", map[string]any{"email": "ghost@acme.test"})
	var asked struct{ Waiting struct{ Confirmation string } }
	b, err := json.Marshal(res.StructuredContent)
	must(t, err)
	must(t, json.Unmarshal(b, &asked))
	keys, err := w.control.Keys(t.Context(), operator)
	must(t, err)
	own := control.Actor{Project: operator.Project, By: keys[len(keys)-1].ID, Door: "api"}
	if _, err := w.control.Approve(t.Context(), own, asked.Waiting.Confirmation, "it is fine"); err == nil {
		t.Error("the key that asked approved it, through another door")
	}
	text, again := call(t, s, "remove_suppression", map[string]any{"email": "ghost@acme.test", "confirmation": asked.Waiting.Confirmation})
	if !again.IsError {
		t.Errorf("it was done: %s", text)
	}
	for range 25 {
		call(t, s, "remove_suppression", map[string]any{"email": "ghost@acme.test"})
	}
	list, err := w.control.Approvals(t.Context(), operator)
	must(t, err)
	if len(list) != 1 {
		t.Errorf("%d requests stand before the person, want 1 however often it was asked for", len(list))
	}
}
