package api_test

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/api"
)

type eventList struct {
	Events []struct {
		ID, Name, Recipient string
		CreatedAt           time.Time
		ContactID           *string
	}
	HasMore    bool
	NextCursor string
}

func (l eventList) names() []string {
	names := []string{}
	for _, e := range l.Events {
		names = append(names, strings.TrimPrefix(e.Name, "email."))
	}
	return names
}

var sourceID = regexp.MustCompile(`src_[0-9a-z]{16}`)

func TestAnEventShowsMailGlyphsKeysAndOurs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	a := s.call(http.MethodGet, "/events", nil).want(http.StatusOK)
	golden(t, "events.json", sourceID.ReplaceAll(a.body, []byte("src_0000000000000000")))
}

func TestEventsValidateAgainstMailGlyphsOwnDocument(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	b, err := os.ReadFile("testdata/mailglyph.json")
	must(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(b)
	must(t, err)
	router, err := legacy.NewRouter(doc)
	must(t, err)
	for _, target := range []string{
		"/events", "/events?eventName=email.open&limit=1000", "/events/names", "/contacts", "/contacts?search=g&limit=1&subscribed=false",
	} {
		r := s.request(http.MethodGet, target, nil)
		a := s.send(r).want(http.StatusOK)
		route, params, err := router.FindRoute(r)
		must(t, err)
		validate(t, r, route, params, a)
	}
}

func TestEveryNameHasMailGlyphsData(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 10, 12, 0, 120e6, time.UTC)
	message := &event.Message{ID: "0102019a-one", Subject: "Hi", From: "app@send.test", Template: "onboarding/welcome"}
	cases := []event.Event{
		{Name: event.EmailBounce, Bounce: &event.Bounce{Class: event.Hard}, Data: []byte(`{"bounceSubType":"General","big":12345678901234567890}`)},
		{Name: event.EmailBounce, Bounce: &event.Bounce{Class: event.Soft}},
		{Name: event.EmailBounce, Bounce: &event.Bounce{Class: event.Undetermined}},
		{Name: event.EmailBounce},
		{Name: event.EmailOpen, Open: &event.Engagement{First: true}},
		{Name: event.EmailClick, Click: &event.Engagement{URL: "https://app.test/pay"}},
		{Name: event.EmailComplaint, Data: []byte(`{"subject":"a provider's word that MailGlyph has too"}`)},
		{Name: "invoice.paid", Data: []byte(`{"amount":49,"subject":"mine"}`)},
	}
	for _, n := range event.EmailNames() {
		if !slices.ContainsFunc(cases, func(e event.Event) bool { return e.Name == n }) {
			cases = append(cases, event.Event{Name: n})
		}
	}
	var all bytes.Buffer
	all.WriteByte('[')
	for i, e := range cases {
		e.OccurredAt, e.Message = at, message
		if i > 0 {
			all.WriteByte(',')
		}
		view := api.EventOf(&e)
		must(t, api.Encode(&all, map[string]any{"name": view.Name, "data": view.Data}))
	}
	all.WriteByte(']')
	golden(t, "mailglyph_data.json", all.Bytes())
}

func TestEveryFilterNarrows(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	s.take(src, life(t)...)
	whole := []string{"complaint", "click", "open", "bounce", "bounce", "delivery", "sent"}
	one := []string{"complaint", "click", "open", "delivery", "sent"}
	// What a complaint and a hard bounce are followed by stands beside them, and is in no source.
	const flip = "contact.unsubscribed"
	all := slices.Insert(slices.Insert(slices.Clone(whole), 4, flip), 0, flip)
	ann := slices.Insert(slices.Clone(one), 0, flip)
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"", all},
		{"eventName=contact.unsubscribed", []string{flip, flip}},
		{"eventName=email.open", []string{"open"}},
		{"eventName=opened", []string{"open"}},
		{"name=delivered&name=clicked", []string{"click", "delivery"}},
		{"eventName=open&name=click", []string{"click", "open"}},
		{"eventName=invoice.paid", []string{}},
		{"contact=lea@acme.test", ann},
		{"contact=con_1", ann},
		{"contact=GHOST@acme.test", []string{flip, "bounce"}},
		{"contact=nobody@acme.test", []string{}},
		{"message=0102019a-two-000000", []string{"bounce", "bounce"}},
		{"template=onboarding/welcome", one},
		{"workflow=onboarding", one},
		{"receipt=rcp_1", []string{"sent"}},
		{"receipt=rcp_zz", []string{}},
		{"receipt=rcp_1&name=open", []string{}},
		{"source=" + src.ID, whole},
		{"source=src_0000000000000000", []string{}},
		{"provider=ses", whole},
		{"tag=may", one},
		{"tag=june", []string{}},
		{"senderDomain=send.test", append([]string{"complaint", "click", "open", "bounce"}, "delivery", "sent")},
		{"account=111122223333", one},
		{"from=2026-05-05", []string{flip, "complaint"}},
		{"to=2026-05-04T10:12:00Z", []string{"delivery", "sent"}},
		{"from=2026-05-04T10:12:00Z&to=2026-05-04T10:13:00Z", []string{flip, "bounce"}},
		{"from=2026-05-04T12:12:00%2B02:00&to=2026-05-04T12:13:00%2B02:00", []string{flip, "bounce"}},
	} {
		t.Run(c.query, func(t *testing.T) {
			var got eventList
			s.call(http.MethodGet, "/events?"+c.query, nil).want(http.StatusOK).into(&got)
			if diff := cmp.Diff(c.want, got.names()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPagesHoldEveryEventOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	var whole eventList
	s.call(http.MethodGet, "/events", nil).want(http.StatusOK).into(&whole)
	for limit := 1; limit <= len(whole.Events)+1; limit++ {
		var got []string
		cursor := ""
		for pages := 0; ; pages++ {
			if pages > len(whole.Events) {
				t.Fatalf("limit %d: the pages have no end", limit)
			}
			var page eventList
			s.call(http.MethodGet, "/events?limit="+strconv.Itoa(limit)+cursor, nil).want(http.StatusOK).into(&page)
			got = append(got, page.names()...)
			if page.HasMore != (page.NextCursor != "") {
				t.Fatalf("hasMore %t beside the cursor %q", page.HasMore, page.NextCursor)
			}
			if !page.HasMore {
				break
			}
			cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
		}
		if diff := cmp.Diff(whole.names(), got); diff != "" {
			t.Errorf("limit %d: %s", limit, diff)
		}
	}
}

func TestOneEventIsFoundByItsIDWithWhatItWasMadeFrom(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	records := life(t)
	s.take(s.newSource(), records...)
	var list eventList
	s.call(http.MethodGet, "/events?name=click", nil).want(http.StatusOK).into(&list)
	id := list.Events[0].ID
	var one struct{ ID, Name string }
	s.call(http.MethodGet, "/events/"+id, nil).want(http.StatusOK).into(&one)
	if one.ID != id || one.Name != "email.click" {
		t.Errorf("got %+v", one)
	}
	raw := s.call(http.MethodGet, "/events/"+id+"/raw", nil).want(http.StatusOK)
	if got := string(raw.body); got != records[3] {
		t.Errorf("raw %s\nwant %s", got, records[3])
	}
	if got := raw.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
	var names struct{ EventNames []string }
	s.call(http.MethodGet, "/events/names", nil).want(http.StatusOK).into(&names)
	want := []string{"contact.unsubscribed", "email.bounce", "email.click", "email.complaint", "email.delivery", "email.open", "email.sent"}
	if diff := cmp.Diff(want, names.EventNames); diff != "" {
		t.Error(diff)
	}
}

func TestAContactHasItsStateAndItsTimeline(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	a := s.call(http.MethodGet, "/contacts/Lea%20%3Clea@ACME.test%3E", nil).want(http.StatusOK)
	golden(t, "contact.json", a.body)
	var list eventList
	s.call(http.MethodGet, "/contacts/lea@acme.test/events?name=open&name=click", nil).want(http.StatusOK).into(&list)
	if diff := cmp.Diff([]string{"click", "open"}, list.names()); diff != "" {
		t.Error(diff)
	}
	for _, target := range []string{"/contacts/nobody@acme.test", "/contacts/con_zzz", "/contacts/nobody@acme.test/events"} {
		s.call(http.MethodGet, target, nil).want(http.StatusNotFound)
	}
}

func TestAnEmailHasItsStatePerRecipientAndItsTimeline(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	a := s.call(http.MethodGet, "/messages/0102019a-two-000000", nil).want(http.StatusOK)
	golden(t, "message.json", sourceID.ReplaceAll(a.body, []byte("src_0000000000000000")))
	var both struct {
		Messages []struct{ ID, Recipient string }
		eventList
	}
	a.into(&both)
	var mine eventList
	s.call(http.MethodGet, "/messages/"+both.Messages[0].ID+"/events", nil).want(http.StatusOK).into(&mine)
	if len(mine.Events) != 1 || mine.Events[0].Recipient != both.Messages[0].Recipient {
		t.Errorf("our id of one recipient's email has the events %+v", mine.Events)
	}
	s.call(http.MethodGet, "/messages/nothing", nil).want(http.StatusNotFound)
	s.call(http.MethodGet, "/messages/nothing/events", nil).want(http.StatusNotFound)
}
