package mcp_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/internal/control"
)

// ghost suffered a hard bounce: con_2 of life.
const ghost = "ghost@acme.test"

// state is what matters of ghost.
func (w *world) state() (attributes string, unsubscribed, suppressed, gone bool) {
	w.t.Helper()
	k, err := w.store.Contact(w.t.Context(), operator.Project, ghost)
	if err != nil {
		return "", false, false, true
	}
	page, err := w.control.ListContacts(w.t.Context(), operator, control.ContactFilter{})
	must(w.t, err)
	gone = true
	for i := range page.Contacts {
		gone = gone && page.Contacts[i].ID != k.ID
	}
	return string(k.Attributes), k.State.Unsubscribed, control.IsSuppressed(&k, now()), gone
}

// approved calls a tool, approves what it asks for, and calls it again.
func (w *world) approved(s *sdk.ClientSession, tool string, args map[string]any) string {
	w.t.Helper()
	first, _ := call(w.t, s, tool, args)
	var asked struct {
		Waiting struct{ Confirmation, Would string }
	}
	must(w.t, json.Unmarshal([]byte(first), &asked))
	code := asked.Waiting.Confirmation
	if len(code) != 8 {
		w.t.Fatalf("%s did not ask for a person: %s", tool, first)
	}
	golden(w.t, "answers/"+tool+"_waits.json", []byte(strings.ReplaceAll(first, code, "K7QD93XM")))
	args["confirmation"] = code
	if text, res := call(w.t, s, tool, args); !res.IsError {
		w.t.Errorf("%s was done before a person approved it: %s", tool, text)
	}
	a, err := w.control.Approve(w.t.Context(), operator, code, "asked by phone")
	must(w.t, err)
	if a.Operation != tool || !strings.Contains(a.Would, ghost) {
		w.t.Errorf("the person was told %q of %s", a.Would, a.Operation)
	}
	text, res := call(w.t, s, tool, args)
	if res.IsError {
		w.t.Errorf("%s after the approval: %s", tool, text)
	}
	if again, res := call(w.t, s, tool, args); !res.IsError {
		w.t.Errorf("%s took a code twice: %s", tool, again)
	}
	return text
}

func TestAnAssistantChangesContactsOnlyWithAPersonButForStoppingMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.life()
	s := w.client(w.key("contacts:write"), nil)

	got := w.approved(s, "update_subscriber", map[string]any{
		"email": ghost, "attributes": map[string]any{"plan": "team", "seats": 3},
	})
	if got != `{"updated":true,"contactId":"con_2"}` {
		t.Errorf("update: %s", got)
	}
	if attributes, _, _, _ := w.state(); attributes != `{"plan":"team","seats":3}` {
		t.Errorf("attributes %s", attributes)
	}

	text, _ := call(t, s, "unsubscribe_subscriber", map[string]any{"email": ghost})
	if _, unsubscribed, _, _ := w.state(); text != `{"unsubscribed":true,"executionsStopped":0,"contactId":"con_2"}` || !unsubscribed {
		t.Errorf("unsubscribe: %s, unsubscribed %t", text, unsubscribed)
	}

	w.control.Now = func() time.Time { return now().Add(time.Minute) } // of two words at one time, no is the one that counts
	got = w.approved(s, "resubscribe_subscriber", map[string]any{"email": ghost})
	if _, unsubscribed, suppressed, _ := w.state(); unsubscribed || !suppressed ||
		!strings.HasPrefix(got, `{"resubscribed":true,"contactId":"con_2","suppressed":true,"note":"it is suppressed and stays so`) {
		t.Errorf("resubscribe: %s, unsubscribed %t, suppressed %t", got, unsubscribed, suppressed)
	}

	got = w.approved(s, "delete_subscriber", map[string]any{"email": ghost})
	if _, _, _, gone := w.state(); !gone || got != `{"deleted":true,"itemCount":1}` {
		t.Errorf("delete: %s, gone %t", got, gone)
	}
	said, err := w.store.Consents(t.Context(), operator.Project, "con_2", 10)
	must(t, err)
	if len(said) != 2 || said[0].Origin != "mcp" || !strings.HasPrefix(said[0].By, "key_") {
		t.Errorf("the history of consent: %+v", said)
	}
	page, err := w.control.ListActs(t.Context(), operator, control.AuditFilter{Operation: "deleteContact"})
	must(t, err)
	if len(page.Acts) != 1 || page.Acts[0].Note != "approved by cli: asked by phone" || page.Acts[0].Door != control.DoorMCP {
		t.Errorf("acts %+v", page.Acts)
	}
}

func TestAnApprovalIsForTheseAttributesAndThisTool(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.life()
	s := w.client(w.key("contacts:write"), nil)
	first, _ := call(t, s, "update_subscriber", map[string]any{"email": ghost, "attributes": map[string]any{"plan": "team"}})
	var asked struct{ Waiting struct{ Confirmation string } }
	must(t, json.Unmarshal([]byte(first), &asked))
	code := asked.Waiting.Confirmation
	_, err := w.control.Approve(t.Context(), operator, code, "fine")
	must(t, err)
	for tool, args := range map[string]map[string]any{
		"update_subscriber": {"attributes": map[string]any{"plan": "free"}}, "delete_subscriber": {}, "resubscribe_subscriber": {},
	} {
		args["email"], args["confirmation"] = ghost, code
		if text, res := call(t, s, tool, args); !res.IsError {
			t.Errorf("%s used an approval of something else: %s", tool, text)
		}
	}
	text, res := call(t, s, "update_subscriber", map[string]any{
		"email": ghost, "attributes": map[string]any{"plan": "team"}, "confirmation": code,
	})
	if res.IsError {
		t.Errorf("what was approved: %s", text)
	}
}

func TestAnAssistantUnsubscribesAFewAndNotEverybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.life()
	w.control.AssistantStops = control.NewRates(1, time.Hour)
	s := w.client(w.key("contacts:write"), nil)
	if text, res := call(t, s, "unsubscribe_subscriber", map[string]any{"email": "con_1"}); res.IsError {
		t.Error(text)
	}
	if text, res := call(t, s, "unsubscribe_subscriber", map[string]any{"email": ghost}); !res.IsError || !strings.Contains(text, "rate_limited") {
		t.Errorf("the second: %s", text)
	}
}

func TestWrongChangesAndSegmentsAreRefusedWithARemedy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.life()
	s := w.client(w.key(), nil)
	for _, c := range []struct {
		tool string
		args map[string]any
		want string
	}{
		{"update_subscriber", map[string]any{"email": ghost, "attributes": map[string]any{}}, "at least one attribute"},
		{"update_subscriber", map[string]any{"email": "nobody@acme.test", "attributes": map[string]any{"a": 1}}, "not_found"},
		{"update_subscriber", map[string]any{"email": ghost, "attributes": map[string]any{"a": strings.Repeat("x", 70<<10)}}, "64 KiB"},
		{"unsubscribe_subscriber", map[string]any{"email": "nobody@acme.test"}, "not_found"},
		{"resubscribe_subscriber", map[string]any{"email": "x"}, "neither a contact's id"},
		{"delete_subscriber", map[string]any{"email": "con_99"}, "not_found"},
		{"segment_preview", map[string]any{}, "give one of the two"},
		{"segment_preview", map[string]any{"segment": "seg_none"}, "not_found"},
		{"segment_preview", map[string]any{"condition": map[string]any{"logic": "XOR"}}, "condition"},
		{"segment_explain", map[string]any{"segment": "seg_none", "email": ghost}, "not_found"},
		{"segment_list", map[string]any{"limit": 101}, "between 1 and 100"},
	} {
		if text, res := call(t, s, c.tool, c.args); !res.IsError || !strings.Contains(text, c.want) {
			t.Errorf("%s %v: %.300s, want %q", c.tool, c.args, text, c.want)
		}
	}
	static, err := w.control.CreateSegment(t.Context(), operator, control.NewSegment{Name: "By hand", Type: "STATIC"})
	must(t, err)
	_, _, err = w.control.AddMembers(t.Context(), operator, static.ID, []string{ghost})
	must(t, err)
	for _, c := range []struct {
		tool string
		args map[string]any
		want string
	}{
		{"segment_preview", map[string]any{"segment": static.ID}, `"count":1`},
		{"segment_preview", map[string]any{"segment": w.segment}, `"count":2`},
		{"segment_explain", map[string]any{"segment": static.ID, "email": "con_2"}, `"in":true,"static":true`},
	} {
		if text, res := call(t, s, c.tool, c.args); res.IsError || !strings.Contains(text, c.want) {
			t.Errorf("%s: %s, want %s", c.tool, text, c.want)
		}
	}
}
