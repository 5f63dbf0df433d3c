package control_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/provider"
)

// ids makes the JSON of an event its id alone.
func ids(_ string, e *event.Event) ([]byte, error) { return json.Marshal(e.ID.String()) }

func listed(t testing.TB, c *control.Control, f control.EventFilter) (found []string) {
	t.Helper()
	f.Limit = 1000
	page, err := c.ListEvents(t.Context(), operator, f)
	must(t, err)
	for i := range page.Events {
		found = append(found, page.Events[i].ID.String())
	}
	slices.Sort(found)
	return found
}

func TestAWatchMatchesWhatAListFinds(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	c.Feed = control.NewFeed(c.Store, ids, 10, nil)
	defer c.Feed.Close()
	w, err := c.WatchEvents(t.Context(), operator, control.EventFilter{}, "")
	must(t, err)
	begin := w.ID()
	w.Close()
	made, err := c.CreateSource(t.Context(), operator, control.NewSource{
		Name: "main", Provider: "ses", Settings: source.Settings{Topics: []string{topic}},
	})
	must(t, err)
	src := made.Source
	const facts = 120
	var drafts []event.Draft
	for i := range facts {
		at := now.Add(-time.Duration(i%7) * time.Hour)
		d := event.Draft{IdentityAt: at, Element: i, Key: []string{fmt.Sprint(i)}}
		d.Name = []event.Name{event.EmailSent, event.EmailOpen, event.EmailBounce, "order.paid"}[i%4]
		d.Recipient, d.OccurredAt = fmt.Sprintf("P%d@B.test", i%3), at
		if i%4 != 3 {
			d.Message = &event.Message{
				ID: fmt.Sprintf("m%d", i%5), Template: []string{"", "a/b", "c"}[i%3], Workflow: []string{"", "w"}[i%2],
				Tags: []string{"t", "u"}[:i%3], SenderDomain: []string{"", "send.test"}[i%2], Account: []string{"", "1"}[i%2],
			}
		}
		if i%8 == 3 {
			d.Bus = &event.Bus{Name: []string{"default", "orders"}[i%16/8], App: []string{"shop", "blog"}[i%3%2]}
		}
		drafts = append(drafts, d)
	}
	must(t, c.Store.Commit(t.Context(), []*receipt.Entry{c.Builder.Build(src, provider.Result{
		Transport: provider.Transport{ID: "x", At: now}, Drafts: drafts, Keep: []byte("x"), Kind: "notification",
	}, []byte("x"), now)}))
	some := listed(t, c, control.EventFilter{Contact: "p1@b.test"})
	first, err := c.Event(t.Context(), operator, some[0])
	must(t, err)
	rapid.Check(t, func(rt *rapid.T) {
		pick := func(label string, values ...string) string {
			return rapid.SampledFrom(append(values, "")).Draw(rt, label)
		}
		f := control.EventFilter{
			Contact:  pick("contact", "p1@b.test", "P2@b.TEST", first.ContactID, "nobody@b.test", "", "", ""),
			Message:  pick("message", "m1", "<m2>", first.EmailID, "none", "", "", "", ""),
			Template: pick("template", "a/b", "c", "", "", ""), Workflow: pick("workflow", "w", "", "", ""),
			Tag: pick("tag", "t", "u", "", "", ""), SenderDomain: pick("sender", "send.test", "", "", ""),
			Bus: pick("bus", "orders", "", "", ""), App: pick("app", "shop", "", "", ""),
			Account: pick("account", "1", "", "", ""), Source: pick("source", src.ID, "", ""), Provider: pick("provider", "ses", "sendgrid", "", ""),
			From: pick("from", "2026-05-05T08:00:00Z", "2026-05-05", "", ""), To: pick("to", "2026-05-05T10:00:00Z", "", ""),
		}
		if n := rapid.IntRange(0, 2).Draw(rt, "names"); n > 0 {
			f.Names = []string{"opened", "bounce", "order.paid", "email.sent"}[n-1 : n+1]
		}
		want := listed(t, c, f)
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		w, err := c.WatchEvents(context.Background(), operator, f, begin)
		if err != nil {
			rt.Fatal(err)
		}
		defer w.Close()
		var got []string
		for ctx.Err() == nil || len(got) < len(want) {
			next := ctx
			if len(got) < len(want) {
				next = context.Background()
			}
			list, err := w.Next(next)
			if err != nil {
				break
			}
			for _, x := range list {
				var id string
				if err := json.Unmarshal(x.Text, &id); err != nil {
					rt.Fatal(err)
				}
				got = append(got, id)
			}
		}
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			rt.Fatalf("%+v (-list +watch):\n%s", f, d)
		}
	})
}
