package receipt_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/event"
	"tidings/internal/receipt"
)

var (
	// Tests that draw from these do not run in parallel: a generator writes down what it is when it is first asked.
	text  = rapid.StringN(0, 30, -1)
	words = rapid.SliceOfN(rapid.StringN(1, 8, -1), 0, 3)
	times = rapid.Map(rapid.Int64Range(1, 4e12), func(ms int64) time.Time { return time.UnixMilli(ms).UTC() })
	// fewTexts has few values, so that two messages often agree and often say nothing.
	fewTexts = rapid.SampledFrom([]string{"", "a", "b", "ä"})
)

func maybe[T any](g *rapid.Generator[T]) *rapid.Generator[*T] { return rapid.Ptr(g, true) }

func nonEmpty(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}

var engagements = rapid.Custom(func(t *rapid.T) event.Engagement {
	e := event.Engagement{First: rapid.Bool().Draw(t, "first"), URL: text.Draw(t, "url")}
	for _, k := range words.Draw(t, "linkTags") {
		if e.LinkTags == nil {
			e.LinkTags = map[string][]string{}
		}
		e.LinkTags[k] = []string{text.Draw(t, "value")}
	}
	return e
})

var details = rapid.Custom(func(t *rapid.T) event.Event {
	refusals := maybe(rapid.Custom(func(t *rapid.T) event.Refusal {
		return event.Refusal{Reason: text.Draw(t, "reason"), Detail: text.Draw(t, "detail")}
	}))
	return event.Event{
		Bounce: maybe(rapid.Custom(func(t *rapid.T) event.Bounce {
			return event.Bounce{
				Class: event.Hard, Final: rapid.Bool().Draw(t, "final"), Reason: text.Draw(t, "reason"),
				SMTPCode: rapid.IntRange(0, 599).Draw(t, "code"), EnhancedCode: text.Draw(t, "enhanced"), Diagnostic: text.Draw(t, "diagnostic"),
			}
		})).Draw(t, "bounce"),
		Complaint: maybe(rapid.Custom(func(t *rapid.T) event.Complaint {
			return event.Complaint{FeedbackType: text.Draw(t, "type"), Echo: rapid.Bool().Draw(t, "echo")}
		})).Draw(t, "complaint"),
		Delay: maybe(rapid.Custom(func(t *rapid.T) event.Delay {
			return event.Delay{Reason: text.Draw(t, "reason"), Until: times.Draw(t, "until"), Diagnostic: text.Draw(t, "diagnostic")}
		})).Draw(t, "delay"),
		Delivery: maybe(rapid.Custom(func(t *rapid.T) event.Delivery {
			return event.Delivery{SMTPResponse: text.Draw(t, "response"), ProcessingMs: rapid.Int64().Draw(t, "ms")}
		})).Draw(t, "delivery"),
		Subscription: maybe(rapid.Custom(func(t *rapid.T) event.Subscription {
			return event.Subscription{List: text.Draw(t, "list"), Topics: nonEmpty(words.Draw(t, "topics")), Origin: text.Draw(t, "origin")}
		})).Draw(t, "subscription"),
		Reject: refusals.Draw(t, "reject"), Failure: refusals.Draw(t, "failure"),
		Open: maybe(engagements).Draw(t, "open"), Click: maybe(engagements).Draw(t, "click"),
		Client: maybe(rapid.Custom(func(t *rapid.T) event.Client {
			return event.Client{IP: text.Draw(t, "ip"), UserAgent: text.Draw(t, "userAgent"), Device: text.Draw(t, "device")}
		})).Draw(t, "client"),
		Automation: maybe(rapid.Custom(func(t *rapid.T) event.Automation {
			return event.Automation{Verdict: event.Machine, Signals: nonEmpty(words.Draw(t, "signals"))}
		})).Draw(t, "automation"),
		Data: []byte(rapid.SampledFrom([]string{"{}", `{"a":1}`, `{"feedbackId":"0102","n":[1e400,null]}`, `{"a":1,"a":2}`}).Draw(t, "data")),
	}
})

func TestADetailComesBackAsItWas(t *testing.T) {
	c := newCodec(t)
	rapid.Check(t, func(t *rapid.T) {
		e := details.Draw(t, "event")
		stored, err := c.EncodeDetail(&e)
		if err != nil {
			t.Fatal(err)
		}
		again, err := c.EncodeDetail(&e)
		if err != nil || !bytes.Equal(stored, again) {
			t.Fatalf("the same event has other bytes, %v:\n%q\n%q", err, stored, again)
		}
		got := event.Event{Open: firstOnly(e.Open), Click: firstOnly(e.Click)}
		if err := c.DecodeDetail(stored, &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(e, got); d != "" {
			t.Fatal(d)
		}
	})
}

// firstOnly is what the columns of an event tell of an open or click.
func firstOnly(e *event.Engagement) *event.Engagement {
	if e == nil {
		return nil
	}
	return &event.Engagement{First: e.First}
}

func TestWhichOpenWasFirstIsNotPartOfTheDetail(t *testing.T) {
	t.Parallel()
	c := newCodec(t)
	first, err1 := c.EncodeDetail(&event.Event{Open: &event.Engagement{First: true}})
	later, err2 := c.EncodeDetail(&event.Event{Open: &event.Engagement{}})
	if err1 != nil || err2 != nil || !bytes.Equal(first, later) {
		t.Errorf("%q and %q, %v, %v", first, later, err1, err2)
	}
}

func TestAnEventWithNothingMoreToSayHasNoDetail(t *testing.T) {
	t.Parallel()
	c := newCodec(t)
	for _, data := range []string{"", "{}"} {
		stored, err := c.EncodeDetail(&event.Event{Name: event.EmailSent, Recipient: "ann@acme.test", Data: []byte(data)})
		if err != nil || stored != nil {
			t.Errorf("data %q: detail %q, %v", data, stored, err)
		}
	}
	got := event.Event{}
	if err := c.DecodeDetail(nil, &got); err != nil || string(got.Data) != "{}" {
		t.Errorf("no detail reads as %+v, %v", got, err)
	}
}

func TestDataThatIsNotJSONIsAnError(t *testing.T) {
	t.Parallel()
	c := newCodec(t)
	if stored, err := c.EncodeDetail(&event.Event{Data: []byte("{")}); err == nil {
		t.Errorf("encoded as %q", stored)
	}
}

func FuzzDecodeDetail(f *testing.F) {
	c := newCodec(f)
	f.Add([]byte(`{"o":{},"a":{"verdict":"human"}}`))
	long, err := c.EncodeDetail(&event.Event{Reject: &event.Refusal{Reason: string(bytes.Repeat([]byte("no "), 40))}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(long)
	f.Fuzz(func(t *testing.T, stored []byte) {
		var e event.Event
		if c.DecodeDetail(stored, &e) != nil {
			return
		}
		again, err := c.EncodeDetail(&e)
		if err != nil {
			t.Fatalf("read but can't be written: %v", err)
		}
		var same event.Event
		if err := c.DecodeDetail(again, &same); err != nil || !cmp.Equal(e, same) {
			t.Fatalf("%+v came back as %+v, %v", e, same, err)
		}
	})
}

var messages = rapid.Custom(func(t *rapid.T) event.Message {
	m := event.Message{
		Subject: fewTexts.Draw(t, "subject"), From: fewTexts.Draw(t, "from"),
		Tags:     nonEmpty(slices.Compact(slices.Sorted(slices.Values(rapid.SliceOfN(fewTexts, 0, 3).Draw(t, "tags"))))),
		Metadata: rapid.MapOfN(fewTexts, fewTexts, 0, 3).Draw(t, "metadata"),
		SentAt:   rapid.SampledFrom([]time.Time{{}, time.Unix(1e9, 0).UTC(), time.Unix(2e9, 0).UTC()}).Draw(t, "sentAt"),
	}
	if len(m.Metadata) == 0 {
		m.Metadata = nil
	}
	return m
})

func TestAMessageComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := messages.Draw(t, "message")
		got := event.Message{ID: "m1"}
		if err := receipt.DecodeInfo(receipt.EncodeInfo(&m), &got); err != nil {
			t.Fatal(err)
		}
		m.ID = "m1"
		if d := cmp.Diff(m, got); d != "" {
			t.Fatal(d)
		}
	})
	if got := receipt.EncodeInfo(nil); got != nil {
		t.Errorf("no message is stored as %q", got)
	}
}

func merge(a, b []byte) []byte {
	m, _ := receipt.MergeInfo(a, b)
	return m
}

func TestTheOrderOfMessageFactsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e [3][]byte
		for i := range e {
			m := messages.Draw(t, "message")
			e[i] = receipt.EncodeInfo(&m)
		}
		a, b, c := e[0], e[1], e[2]
		ab := merge(a, b)
		if !bytes.Equal(ab, merge(b, a)) {
			t.Fatalf("%q and %q: %q one way, %q the other", a, b, ab, merge(b, a))
		}
		if !bytes.Equal(merge(ab, c), merge(a, merge(b, c))) {
			t.Fatalf("%q, %q and %q join in two ways", a, b, c)
		}
		for _, part := range [][]byte{a, b, ab} {
			if m, changed := receipt.MergeInfo(ab, part); changed || !bytes.Equal(m, ab) {
				t.Fatalf("%q says nothing new to %q, changed %v: %q", part, ab, changed, m)
			}
		}
		if _, changed := receipt.MergeInfo(a, b); changed != !bytes.Equal(a, ab) {
			t.Fatalf("changed %v for %q and %q", changed, a, b)
		}
	})
}

func TestALaterFactFillsWhatAMessageLacks(t *testing.T) {
	t.Parallel()
	identity := receipt.EncodeInfo(&event.Message{Subject: "Hi", SentAt: time.Unix(2e9, 0)})
	published := receipt.EncodeInfo(&event.Message{Subject: "Hi", From: "app@send.test", Tags: []string{"may"}, Metadata: map[string]string{"order": "17"}})
	merged, changed := receipt.MergeInfo(identity, published)
	if !changed {
		t.Error("it says nothing new")
	}
	if got, want := string(merged), `{"s":"Hi","f":"app@send.test","g":["may"],"m":{"order":"17"},"t":2000000000000}`; got != want {
		t.Errorf("merged %s\nwant   %s", got, want)
	}
}

func TestUnreadableInfoSaysNothing(t *testing.T) {
	t.Parallel()
	good, bad := []byte(`{"s":"Hi"}`), []byte(`{"s":`)
	if m, changed := receipt.MergeInfo(good, bad); changed || !bytes.Equal(m, good) {
		t.Errorf("%q, %v", m, changed)
	}
	if m, changed := receipt.MergeInfo(bad, good); !changed || !bytes.Equal(m, good) {
		t.Errorf("%q, %v", m, changed)
	}
	if err := receipt.DecodeInfo(bad, &event.Message{}); err == nil {
		t.Error("unreadable bytes were read")
	}
}

func benchmarkEvents() map[string]event.Event {
	client := &event.Client{IP: "198.51.100.17", UserAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148", Device: "mobile", OS: "iOS", App: "Apple Mail"}
	return map[string]event.Event{
		"delivery": {
			Delivery: &event.Delivery{SMTPResponse: "250 2.0.0 OK 1777889599 ffacd0b85a97d-4b1b2c3d4e5si7654321wrx.456 - gsmtp", ProcessingMs: 912, ReportingMTA: "a8-42.smtp-out.eu-west-1.amazonses.com"},
			Data:     []byte(`{"remoteMtaIp":"198.51.100.26"}`),
		},
		"open": {Open: &event.Engagement{}, Client: client, Automation: &event.Automation{Verdict: event.Human}},
	}
}

func BenchmarkEncodeDetail(b *testing.B) {
	c := newCodec(b)
	all := benchmarkEvents()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		e := all[name]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var stored []byte
			for b.Loop() {
				var err error
				if stored, err = c.EncodeDetail(&e); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(stored)), "stored-B")
		})
	}
}
