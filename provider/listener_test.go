package provider_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/brevo"
	"tidings/provider/sendgrid"
)

// heard is a listener with what it was told, by recipient.
type heard struct{ who []string }

func (h *heard) listen(_ context.Context, e event.Event) error {
	h.who = append(h.who, e.Recipient)
	return nil
}

// told is a list of events of these recipients.
func told(who ...string) []event.Event {
	var list []event.Event
	for _, w := range who {
		list = append(list, event.Event{Name: event.EmailOpen, Recipient: w})
	}
	return list
}

func TestEventsPassMiddlewareInTheOrderWritten(t *testing.T) {
	t.Parallel()
	mark := func(s string) provider.Middleware {
		return func(next provider.Listener) provider.Listener {
			return func(ctx context.Context, e event.Event) error {
				e.Recipient += s
				return next(ctx, e)
			}
		}
	}
	var h heard
	list := told("x")
	if err := provider.Chain(h.listen, mark("1"), mark("2"), mark("3")).Handle(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(h.who, []string{"x123"}) || list[0].Recipient != "x" {
		t.Errorf("heard %q, the caller's event became %q", h.who, list[0].Recipient)
	}
}

func TestFiltersLetPassWhatTheySay(t *testing.T) {
	t.Parallel()
	machine := &event.Automation{Verdict: event.Machine}
	proxy := &event.Automation{Verdict: event.Proxy}
	list := []event.Event{
		{Name: event.EmailBounce, Recipient: "bounce"},
		{Name: event.EmailOpen, Recipient: "open"},
		{Name: event.EmailOpen, Recipient: "machine", Automation: machine},
		{Name: event.EmailClick, Recipient: "proxy", Automation: proxy},
		{Name: event.EmailClick, Recipient: "candidate", Attribution: event.Candidates},
		{Name: event.EmailComplaint, Recipient: "complaint", Attribution: event.Candidates},
	}
	for _, c := range []struct {
		name    string
		through []provider.Middleware
		want    []string
	}{
		{"nothing between", nil, []string{"bounce", "open", "machine", "proxy", "candidate", "complaint"}},
		{"only bounces", []provider.Middleware{provider.Only(event.EmailBounce)}, []string{"bounce"}},
		{"only none", []provider.Middleware{provider.Only()}, nil},
		{"all but two", []provider.Middleware{provider.Except(event.EmailOpen, event.EmailClick)}, []string{"bounce", "complaint"}},
		{"only humans", []provider.Middleware{provider.Humans}, []string{"bounce", "open", "proxy", "complaint"}},
		{"opens of humans", []provider.Middleware{provider.Only(event.EmailOpen), provider.Humans}, []string{"open"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var h heard
			err := provider.Chain(h.listen, c.through...).Handle(t.Context(), list)
			if diff := cmp.Diff(c.want, h.who); diff != "" || err != nil {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
}

func TestOneListenerThatFailsKeepsNothingFromTheOthers(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	fails := func(_ context.Context, e event.Event) error {
		if e.Recipient == "b" {
			return full
		}
		return nil
	}
	var h heard
	err := provider.Each(fails, h.listen).Handle(t.Context(), told("a", "b", "c"))
	if !errors.Is(err, full) || !cmp.Equal(h.who, []string{"a", "b", "c"}) {
		t.Errorf("%v, heard %q", err, h.who)
	}
}

func TestAnEndedContextStopsTheRestOfARequest(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var h heard
	l := provider.Listener(func(ctx context.Context, e event.Event) error {
		cancel()
		return h.listen(ctx, e)
	})
	if err := l.Handle(ctx, told("a", "b")); !errors.Is(err, context.Canceled) || len(h.who) != 1 {
		t.Errorf("%v, heard %q", err, h.who)
	}
}

func TestEachNameHasItsListener(t *testing.T) {
	t.Parallel()
	var opens, clicks heard
	l := provider.ByName(map[event.Name]provider.Listener{event.EmailOpen: opens.listen, event.EmailClick: clicks.listen})
	list := []event.Event{{Name: event.EmailOpen, Recipient: "o"}, {Name: event.EmailBounce}, {Name: event.EmailClick, Recipient: "c"}}
	if err := l.Handle(t.Context(), list); err != nil || !cmp.Equal(opens.who, []string{"o"}) || !cmp.Equal(clicks.who, []string{"c"}) {
		t.Errorf("%v, opens %q, clicks %q", err, opens.who, clicks.who)
	}
}

func TestAPanicBecomesAnErrorThatSaysWhere(t *testing.T) {
	t.Parallel()
	l := provider.Chain(func(context.Context, event.Event) error { panic("no such map") }, provider.Recover)
	err := l.Handle(t.Context(), told("a"))
	if err == nil || !strings.Contains(err.Error(), "no such map") || !strings.Contains(err.Error(), "listener_test.go") {
		t.Errorf("%v", err)
	}
}

func TestARequestThatShallComeAgainIsToldWhen(t *testing.T) {
	t.Parallel()
	const sendgridBody = `[{"email":"a@b.test","timestamp":1777888800,"event":"delivered","sg_event_id":"1"}]`
	const brevoBody = `{"event":"delivered","email":"a@b.test","id":1,"message-id":"<m1@x>","ts_event":1777888800,"ts_epoch":1777888800000}`
	for _, c := range []struct {
		name    string
		adapter provider.Adapter
		body    string
		err     error
		status  int
	}{
		{"our fault", sendgrid.Adapter, sendgridBody, errors.New("disk full"), http.StatusServiceUnavailable},
		{"a full queue", sendgrid.Adapter, sendgridBody, provider.ErrFull, http.StatusServiceUnavailable},
		{"a full queue and Brevo", brevo.Adapter, brevoBody, provider.ErrFull, http.StatusTooManyRequests},
		{"taken", sendgrid.Adapter, sendgridBody, nil, http.StatusOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src := provider.Source{ID: "src_1", Project: "prj_1", BasicAuth: []string{"u:p"}, TokenProved: true}
			h := provider.Handler(c.adapter, src, func(context.Context, []event.Event) error { return c.err })
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(c.body))
			r.SetBasicAuth("u", "p")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if retry := w.Header().Get("Retry-After"); w.Code != c.status || (retry == "1") != (c.err != nil) {
				t.Errorf("status %d, Retry-After %q", w.Code, retry)
			}
		})
	}
}
