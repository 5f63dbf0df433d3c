package mcp_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"flag"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/internal/alert"
	"tidings/internal/auth"
	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/mcp"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/internal/stats"
	"tidings/internal/store"
	"tidings/provider/all"
	"tidings/provider/ses"
)

var update = flag.Bool("update", false, "write the golden files anew")

const topic = "arn:aws:sns:eu-west-1:111122223333:ses"

var operator = control.Actor{Project: store.DefaultProject, By: "cli", Door: "cli"}

// now stands still.
func now() time.Time { return time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC) }

// world is the door over a real database, on loopback.
type world struct {
	t       *testing.T
	control *control.Control
	store   *store.Store
	source  *source.Source
	segment string // its id
	welcome string // the id of a template
	base    string
	counted counted
}

// counted gathers calls.
type counted struct {
	mu    sync.Mutex
	calls []string
}

// Called implements mcp.Meter.
func (c *counted) Called(tool, outcome string, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, tool+" "+outcome)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	var err error
	w.store, err = store.Open(t.Context(), store.Options{
		URL: filepath.Join(t.TempDir(), "tidings.db"), Soft: contact.DefaultSoftPolicy, Now: now,
	})
	must(t, err)
	t.Cleanup(func() { _ = w.store.Close() })
	codec, err := receipt.NewCodec()
	must(t, err)
	w.control = &control.Control{
		Store: w.store, Adapters: all.Adapters(), Now: now, PublicURL: "https://tidings.test", BasePath: "/in",
		Builder: receipt.Builder{Codec: codec}, Commit: w.store.Commit, Workflowbook: control.NewWorkflowBook(w.store),
	}
	created, err := w.control.CreateSource(t.Context(), operator, control.NewSource{
		Name: "main", Provider: "ses", Settings: source.Settings{Topics: []string{topic}},
	})
	must(t, err)
	w.source = created.Source
	friends, err := w.control.CreateSegment(t.Context(), operator, control.NewSegment{Name: "Whoever bounced", Condition: []byte(bounced)})
	must(t, err)
	w.segment = friends.ID
	sealer, err := auth.NewSealer(auth.NewSealKey())
	must(t, err)
	w.control.Outlets.Sealer = func() (*auth.Sealer, error) { return sealer, nil }
	name, url := "crm", "https://acme.test/hooks?token=canary"
	_, err = w.control.CreateEndpoint(t.Context(), operator, control.EndpointEdit{Name: &name, URL: &url})
	must(t, err)
	w.welcome = w.template("onboarding/welcome", "Welcome", `Welcome, {{ firstName | default: "there" }}`, welcome)
	logger := slog.New(slog.DiscardHandler)
	server := httptest.NewServer(mcp.New(mcp.Options{
		Control: w.control, Auth: auth.NewAuthenticator(w.store, "mcp", now, logger), Logger: logger, Version: "1.2.3",
		Meter: &w.counted,
	}))
	t.Cleanup(server.Close)
	w.base = server.URL + mcp.Path
	return w
}

// bounced selects whoever bounced.
const bounced = `{"logic":"AND","groups":[{"filters":[{"field":"email.bounced","operator":"triggered"}]}]}`

// args are the arguments of a call, with the id of the segment where it takes one.
func (w *world) args(of map[string]any) map[string]any {
	out := maps.Clone(of)
	if _, takes := out["segment"]; takes {
		out["segment"] = w.segment
	}
	return out
}

// take stores SES records as ingest does once they are proved.
func (w *world) take(records ...string) {
	w.t.Helper()
	adapter := ses.Adapter
	for _, r := range records {
		sum := auth.Hash(r)
		h := hex.EncodeToString(sum[:16])
		envelope, err := json.Marshal(map[string]string{
			"Type": "Notification", "MessageId": h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], "TopicArn": topic,
			"Message": r, "Timestamp": now().Format("2006-01-02T15:04:05.000Z"), "SignatureVersion": "2",
			"Signature": "c4nary-signature", "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Token=c4nary-token",
		})
		must(w.t, err)
		res, err := adapter.Reparse(envelope, w.source.ForProvider(true, 0))
		must(w.t, err)
		must(w.t, w.store.Commit(w.t.Context(), []*receipt.Entry{w.control.Builder.Build(w.source, res, envelope, now())}))
	}
}

// life stores what became of two emails.
func (w *world) life() {
	w.t.Helper()
	b, err := os.ReadFile("../api/testdata/ses/life.jsonl")
	must(w.t, err)
	w.take(strings.Split(strings.TrimSpace(string(b)), "\n")...)
	w.raise("onboarding/welcome", "it is known")
}

// raise raises an alert about a template.
func (w *world) raise(template, note string) {
	w.t.Helper()
	now := w.control.Now()
	noted, err := w.control.Store.NoteAlerts(w.t.Context(), &store.AlertPass{
		Project: store.DefaultProject, At: now, Alerts: []store.Alert{{
			Rule: "alr_template_bounces", RuleName: "Bounces of a template", Kind: alert.BounceRate, By: alert.ByTemplate,
			Window: 24 * time.Hour, Subject: alert.Subject{Key: template},
			State:   alert.State{Level: stats.Warn, Since: now, SeenAt: now},
			Figures: alert.RateFigures(stats.NewRate("bounce", 382, 5310), 100),
		}},
	})
	must(w.t, err)
	page, err := w.control.Alerts(w.t.Context(), operator, control.AlertFilter{})
	must(w.t, err)
	_, err = w.control.AcknowledgeAlert(w.t.Context(), operator, page.Alerts[0].ID, note)
	must(w.t, err)
	if !noted {
		w.t.Error("the alert was not stored")
	}
}

// sequences makes a workflow that a contact is in, and one that it failed in. The answer names their ids, for a replacer.
func (w *world) sequences(contact string) (ids []string) {
	w.t.Helper()
	on := true
	for _, x := range [...]struct{ key, text string }{
		{"clicked", "name: Whoever clicked\ntrigger: {event: email.click}\nsteps:\n- wait: 1d\n- send: onboarding/welcome\n"},
		{"boss", "trigger: manual\nsteps:\n- send: {template: onboarding/welcome, to: '{{ data.boss }}', from: app@acme.test}\n"},
	} {
		v, err := w.control.CreateWorkflow(w.t.Context(), operator, control.WorkflowText{
			Text: "workflow: " + x.key + "\n" + x.text, Enabled: &on,
		})
		must(w.t, err)
		_, _, err = w.control.StartRun(w.t.Context(), operator, x.key, control.NewRun{Contact: contact})
		must(w.t, err)
		ids = append(ids, v.ID, "wfl_"+x.key)
	}
	for shard := range int64(store.WorkflowShards) {
		must(w.t, w.control.RunWorkflows(w.t.Context(), shard))
	}
	return ids
}

// key makes an API key; no scopes mean everything.
func (w *world) key(scopes ...string) string {
	w.t.Helper()
	_, plain, err := w.control.CreateLimitedKey(w.t.Context(), operator, control.NewKey{Name: "test", Kind: store.SecretKey, Scopes: scopes})
	must(w.t, err)
	return plain
}

// bearer adds a key to requests.
type bearer struct{ key string }

// RoundTrip implements http.RoundTripper.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.key)
	return http.DefaultTransport.RoundTrip(r)
}

// client connects as an assistant's program does. answer is how its user answers questions; nil: it can't ask.
func (w *world) client(
	key string, answer func(context.Context, *sdk.ElicitRequest) (*sdk.ElicitResult, error),
) *sdk.ClientSession {
	w.t.Helper()
	c := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, &sdk.ClientOptions{ElicitationHandler: answer})
	s, err := c.Connect(w.t.Context(), &sdk.StreamableClientTransport{
		Endpoint: w.base, HTTPClient: &http.Client{Transport: bearer{key}}, DisableStandaloneSSE: true,
	}, nil)
	must(w.t, err)
	w.t.Cleanup(func() { _ = s.Close() })
	return s
}

// call calls a tool and returns the first text of the answer.
func call(t *testing.T, s *sdk.ClientSession, tool string, args map[string]any) (text string, res *sdk.CallToolResult) {
	t.Helper()
	res, err := s.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: args})
	must(t, err)
	if len(res.Content) == 0 {
		t.Fatalf("%s answered nothing", tool)
	}
	return res.Content[0].(*sdk.TextContent).Text, res
}

// golden compares JSON with a file.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	b, ok := v.([]byte)
	if !ok {
		var err error
		b, err = json.Marshal(v)
		must(t, err)
	}
	var pretty bytes.Buffer
	must(t, json.Indent(&pretty, b, "", "  "))
	pretty.WriteByte('\n')
	file := filepath.Join("testdata", name)
	if *update {
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, pretty.Bytes(), 0o600))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if diff := cmp.Diff(string(want), pretty.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
