package event_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/event"
)

func TestADraftTakesTheFirstTimeItHas(t *testing.T) {
	t.Parallel()
	identity, first, now := happened, happened.Add(time.Hour), happened.Add(2*time.Hour)
	for _, c := range []struct {
		name                   string
		identity, first, now   time.Time
		occurred               time.Time
		wantIdentity, wantThen time.Time
	}{
		{"its own", identity, first, now, identity, identity, identity},
		{"what happened is told apart", identity, first, now, identity.Add(-time.Minute), identity, identity.Add(-time.Minute)},
		{"the first receipt's", time.Time{}, first, now, time.Time{}, first, first},
		{"this receipt's", time.Time{}, time.Time{}, now, time.Time{}, now, now},
		{"an impossible one is none", time.Unix(-5, 0), first, now, time.Unix(-5, 0), first, first},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := event.Draft{Event: event.Event{Name: event.EmailOpen, OccurredAt: c.occurred}, IdentityAt: c.identity, Key: []string{"k"}}
			e, err := d.Finish(event.Origin{Project: "p", Provider: "ses", ReceivedAt: c.now, FirstReceivedAt: c.first})
			if err != nil {
				t.Fatal(err)
			}
			if want := event.NewID(c.wantIdentity, "p", "ses", "k"); e.ID != want || !e.OccurredAt.Equal(c.wantThen) || !e.ReceivedAt.Equal(c.now) {
				t.Errorf("id of %v, occurred %v, received %v", e.ID.Time(), e.OccurredAt, e.ReceivedAt)
			}
		})
	}
}

func TestADraftThatIsNoFactIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		draft  event.Draft
		origin event.Origin
		want   error
	}{
		{"without a key", event.Draft{Event: event.Event{Name: event.EmailOpen}}, origin(), event.ErrNoKey},
		{"without a name", event.Draft{Key: []string{"k"}}, origin(), event.ErrNoKey},
		{"without any time", event.Draft{Event: event.Event{Name: event.EmailOpen}, Key: []string{"k"}}, event.Origin{}, event.ErrNoTime},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := c.draft.Finish(c.origin); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestTheFormAsReceivedIsKeptWhereItDiffers(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][2]string{
		"ann@acme.test":             {"ann@acme.test", ""},
		"Ann Lee <Ann@Acme.test>":   {"ann@acme.test", "Ann@Acme.test"},
		"rfc822; ann@acme.test":     {"ann@acme.test", ""},
		"ann@b\u00fccher.test":      {"ann@xn--bcher-kva.test", "ann@b\u00fccher.test"},
		"":                          {"", ""},
		strings.Repeat("x", 1<<20):  {strings.Repeat("x", 512), ""},
		"undisclosed-recipients:;":  {"undisclosed-recipients:;", ""},
		"<Ann@acme.test> (comment)": {"ann@acme.test", "Ann@acme.test"},
	} {
		d := typical()
		d.Recipient = in
		e, err := d.Finish(origin())
		if err != nil || e.Recipient != want[0] || e.RecipientAs != want[1] {
			t.Errorf("%.40q: recipient %.40q, as %.40q, %v", in, e.Recipient, e.RecipientAs, err)
		}
	}
}

// anyDraft draws drafts with hostile texts in every place.
func anyDraft() *rapid.Generator[event.Draft] {
	long := strings.Repeat("\u00e9", 3000)
	s := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a\x00b", "\xff\xfe", long, "\x80" + long, "Ann@ACME.test", "\u0130"}))
	labels := rapid.OneOf(rapid.SliceOf(s), rapid.Just(manyLabels()))
	at := rapid.OneOf(anyTime(), rapid.SampledFrom([]time.Time{{}, time.Unix(-1, 0), time.Date(20000, 1, 1, 0, 0, 0, 5, time.UTC)}))
	data := rapid.OneOf(s, rapid.SampledFrom([]string{
		"{}", " { } ", `{"a":1}`, `{"a":"\u0000"}`, `{"a":"\\u0000"}`, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}", `{"a":1,"a":2}`, `[1]`, `null`,
		`{"\u0000":1,"\ufffd":2}`, `{"a":"` + strings.Repeat("x", 1<<16) + `"}`, "{\"a\":\"" + strings.Repeat("\xff", 40000) + "\"}",
	}))
	return rapid.Custom(func(t *rapid.T) event.Draft {
		text := func(label string) string { return s.Draw(t, label) }
		return event.Draft{
			IdentityAt: at.Draw(t, "identityAt"),
			Key:        []string{"k"},
			Event: event.Event{
				Name: event.EmailUnknown, OccurredAt: at.Draw(t, "occurredAt"), Recipient: anyAddress().Draw(t, "recipient"),
				Message: &event.Message{
					ID: text("id"), Subject: text("subject"), From: text("from"), SenderDomain: text("domain"), Template: text("template"),
					Tags: labels.Draw(t, "tags"), Metadata: rapid.MapOf(s, s).Draw(t, "metadata"), SentAt: at.Draw(t, "sentAt"),
				},
				Bounce:       &event.Bounce{Reason: text("reason"), EnhancedCode: text("code"), Diagnostic: text("diagnostic")},
				Complaint:    &event.Complaint{FeedbackType: text("feedback")},
				Delay:        &event.Delay{Reason: text("delay"), Until: at.Draw(t, "until"), Diagnostic: text("diagnostic")},
				Delivery:     &event.Delivery{SMTPResponse: text("response"), ReportingMTA: text("mta")},
				Subscription: &event.Subscription{List: text("list"), Topics: labels.Draw(t, "topics"), Origin: text("origin")},
				Reject:       &event.Refusal{Reason: text("reject"), Detail: text("detail")},
				Failure:      &event.Refusal{Detail: text("failure")},
				Open:         &event.Engagement{},
				Click: &event.Engagement{
					URL: text("url"), LinkTags: rapid.MapOfN(s, rapid.SliceOfN(s, -1, 3), -1, 3).Draw(t, "linkTags"),
				},
				Client: &event.Client{IP: text("ip"), UserAgent: text("agent"), Device: text("device"), OS: text("os"), App: text("app")},
				Data:   json.RawMessage(data.Draw(t, "data")),
			},
		}
	})
}

func manyLabels() []string {
	var out []string
	for i := range 120 {
		out = append(out, fmt.Sprint("label-", i%70))
	}
	return out
}

func TestNormalisingTwiceIsNormalisingOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDraft().Draw(t, "draft")
		once, err := d.Finish(origin())
		if err != nil {
			t.Fatal(err)
		}
		twice, err := event.Draft{Event: once, IdentityAt: d.IdentityAt, Key: d.Key}.Finish(origin())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(once, twice); diff != "" {
			t.Fatalf("(-once +twice)\n%s", diff)
		}
		b, err := once.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var read event.Event
		if err := read.UnmarshalJSON(b); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		again, err := read.MarshalJSON()
		if err != nil || !bytes.Equal(b, again) {
			t.Fatalf("%s became %s: %v", b, again, err)
		}
	})
}

func TestFinishingDoesNotChangeTheDraft(t *testing.T) {
	t.Parallel()
	shared := &event.Message{Subject: "a\x00b", SenderDomain: "ACME.test", Tags: []string{"b", "a"}, Metadata: map[string]string{"k": "\xff"}}
	d := event.Draft{Event: event.Event{Name: event.EmailSent, Message: shared}, IdentityAt: happened, Key: []string{"k"}}
	e, err := d.Finish(origin())
	if err != nil {
		t.Fatal(err)
	}
	want := &event.Message{Subject: "a\ufffdb", SenderDomain: "acme.test", Tags: []string{"a", "b"}, Metadata: map[string]string{"k": "\ufffd"}}
	if diff := cmp.Diff(want, e.Message); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	before := &event.Message{Subject: "a\x00b", SenderDomain: "ACME.test", Tags: []string{"b", "a"}, Metadata: map[string]string{"k": "\xff"}}
	if diff := cmp.Diff(before, shared); diff != "" {
		t.Errorf("the draft changed: (-before +after)\n%s", diff)
	}
}

func TestATypicalDraftCostsOneAllocation(t *testing.T) {
	d, o := typical(), origin()
	d.Data = nil // it is read with a pooled decoder, of which the race detector throws some away
	n := testing.AllocsPerRun(100, func() {
		if _, err := d.Finish(o); err != nil {
			t.Error(err)
		}
	})
	if n > 1 { // its Source
		t.Errorf("%v allocations", n)
	}
}
