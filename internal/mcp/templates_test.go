package mcp_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"tidings/internal/control"
	"tidings/internal/receipt"
)

// template makes a template and returns its id.
func (w *world) template(key, name, subject, body string) string {
	w.t.Helper()
	kind := "MARKETING"
	t, err := w.control.CreateTemplate(w.t.Context(), operator, control.TemplateEdit{
		Key: &key, Name: &name, Subject: &subject, Body: &body, Type: &kind,
	})
	must(w.t, err)
	return t.ID
}

const welcome = `<html><head><style>p { color: #333 }</style></head><body>
<h1>Welcome, {{ firstName | default: "there" }}</h1>
<p>You chose {{ plan }}. <a href="https://app.test/start?token=1">Start</a></p>
<p><a href="{{ unsubscribeUrl }}">Unsubscribe</a></p></body></html>`

func TestATemplateIsSeenAndTriedByItsKeyOrId(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.life()
	bare := w.template("", "No key", "Hi", "<p>{{ plan }}</p>")
	w.template("a/"+strings.Repeat("x", 100), "Long", "Hi", strings.Repeat("<p>word</p>", 1000))
	w.template("loop", "Endless", "Hi", "{% for i in (1..10000) %}{% for j in (1..10000) %}x{% endfor %}{% endfor %}")
	_, err := w.control.UpdateContact(t.Context(), operator, ghost, control.ContactEdit{Data: map[string]json.RawMessage{
		"plan": json.RawMessage(`"<script>](https://evil.test) someone@else.test"`),
	}})
	must(t, err)
	s := w.client(w.key(), nil)
	for _, c := range []struct {
		tool       string
		args       map[string]any
		has, hasNo string
	}{
		{"list_templates", map[string]any{}, bare, "nextCursor"},
		{"list_templates", map[string]any{"prefix": "onb"}, "onboarding/welcome", bare},
		{"list_templates", map[string]any{"prefix": "%"}, "[]", "onboarding"},
		{"list_templates", map[string]any{"limit": 1}, `"key":"loop"`, "onboarding"},
		{"preview_template", map[string]any{"templateKey": bare, "email": ghost}, "s***@else.test", "someone@"},
		{"preview_template", map[string]any{"templateKey": bare, "email": "con_2"}, "›", "<script"},
		{"preview_template", map[string]any{"templateKey": bare}, `"html":{"untrusted":"‹p›‹/p›"}`, "error"},
		{"preview_template", map[string]any{"templateKey": "loop"}, `"error":{"untrusted":"`, `"html"`},
		{"preview_template", map[string]any{"templateKey": "a/" + strings.Repeat("x", 100)}, "…", strings.Repeat("word ", 900)},
		{"validate_template", map[string]any{"templateKey": bare}, `"valid":true,"templateKey":"` + bare, `"error"`},
		{"validate_template", map[string]any{"templateKey": bare}, "how to unsubscribe", `"error"`},
	} {
		text, res := call(t, s, c.tool, c.args)
		if res.IsError || !strings.Contains(text, c.has) || strings.Contains(text, c.hasNo) {
			t.Errorf("%s %v: %.600s, want %q and no %q", c.tool, c.args, text, c.has, c.hasNo)
		}
	}
	for _, c := range []struct {
		tool string
		args map[string]any
		want string
	}{
		{"list_templates", map[string]any{"limit": 101}, "between 1 and 100"},
		{"list_templates", map[string]any{"cursor": "x"}, "cursor"},
		{"preview_template", map[string]any{"templateKey": "none"}, "not_found"},
		{"preview_template", map[string]any{"templateKey": bare, "email": "nobody@acme.test"}, "not_found"},
		{"preview_template", map[string]any{"templateKey": bare, "email": "nobody"}, "neither a contact's id"},
		{"preview_template", map[string]any{"email": ghost}, "templateKey"},
		{"validate_template", map[string]any{"templateKey": "none"}, "not_found"},
	} {
		if text, res := call(t, s, c.tool, c.args); !res.IsError || !strings.Contains(text, c.want) {
			t.Errorf("%s %v: %.300s, want %q", c.tool, c.args, text, c.want)
		}
	}
}

func TestEventsOfABusAreFoundByItAndByTheirApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.life()
	w.control.Submit = func(ctx context.Context, e *receipt.Entry) error { return w.store.Commit(ctx, []*receipt.Entry{e}) }
	put, err := w.control.PutEvents(t.Context(), operator, control.BusRequest{Entries: []control.BusEntry{{
		Source: "com.acme.shop", DetailType: "order.paid", Detail: `{"email":"lea@acme.test"}`, EventBusName: "orders",
	}}})
	must(t, err)
	must(t, put[0].Problem)
	s := w.client(w.key("read"), nil)
	for _, c := range []struct {
		args map[string]any
		want int
	}{
		{map[string]any{"bus": "orders"}, 1},
		{map[string]any{"bus": "arn:aws:events:eu-west-1:111122223333:event-bus/orders"}, 1},
		{map[string]any{"app": "com.acme.shop"}, 1},
		{map[string]any{"bus": "orders", "app": "com.acme.other"}, 0},
		{map[string]any{"bus": "default"}, 0},
	} {
		text, res := call(t, s, "search_events", c.args)
		var rows []struct{ Bus, App struct{ Untrusted string } }
		if res.IsError {
			t.Fatalf("%v: %s", c.args, text)
		}
		must(t, json.Unmarshal([]byte(text), &rows))
		if len(rows) != c.want || c.want == 1 && (rows[0].Bus.Untrusted != "orders" || rows[0].App.Untrusted != "com.acme.shop") {
			t.Errorf("%v: %s, want %d", c.args, text, c.want)
		}
	}
}
