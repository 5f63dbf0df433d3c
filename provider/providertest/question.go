package providertest

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/provider"
)

// refused fails unless err is a *Refusal with a cause, a code and a message, and the result is empty.
func refused(t *testing.T, what string, r provider.Result, err error) {
	t.Helper()
	var refusal *provider.Refusal
	if !errors.As(err, &refusal) {
		t.Errorf("%s: not refused, the error is %v", what, err)
		return
	}
	if refusal.Cause == "" || refusal.Code == "" || refusal.Message == "" {
		t.Errorf("%s: incomplete refusal %+v", what, refusal)
	}
	if len(r.Drafts)+len(r.Wishes)+len(r.Problems)+len(r.Keep) > 0 {
		t.Errorf("%s: refused with a result", what)
	}
}

func deterministic(t *testing.T, s Suite) {
	t.Helper()
	req := s.sample(t, s.Now)
	before := bytes.Clone(req.Body)
	first := s.MustOpen(t, req)
	if len(first.Drafts) == 0 {
		t.Fatal("the sample has no events")
	}
	if diff := cmp.Diff(first, s.MustOpen(t, req)); diff != "" {
		t.Errorf("the second time is another result:\n%s", diff)
	}
	if !bytes.Equal(before, req.Body) {
		t.Error("Open changed the body")
	}
}

func reparsed(t *testing.T, s Suite) {
	t.Helper()
	s.eachFixture(t, func(t *testing.T, req provider.Request) {
		t.Helper()
		opened := s.MustOpen(t, req)
		again, err := s.Adapter.Reparse(opened.Keep, s.Source)
		if err != nil {
			t.Fatalf("reparse: %v", err)
		}
		if diff := cmp.Diff(opened.Drafts, again.Drafts); diff != "" {
			t.Errorf("other drafts:\n%s", diff)
		}
		if diff := cmp.Diff(opened.Problems, again.Problems); diff != "" || again.Kind != opened.Kind {
			t.Errorf("other problems or kind %q:\n%s", again.Kind, diff)
		}
		for _, d := range again.Drafts {
			if raw, err := s.Adapter.Element(opened.Keep, d.Element); err != nil || len(raw) == 0 {
				t.Errorf("element %d: %d bytes, error %v", d.Element, len(raw), err)
			}
		}
		for _, i := range []int{-1, 1 << 20} {
			if _, err := s.Adapter.Element(opened.Keep, i); err == nil {
				t.Errorf("element %d is there", i)
			}
		}
	})
}

func nothingKept(t *testing.T, s Suite) {
	t.Helper()
	s.eachFixture(t, func(t *testing.T, req provider.Request) {
		t.Helper()
		keep := s.MustOpen(t, req).Keep
		if len(keep) == 0 {
			t.Error("nothing is kept at all")
		}
		for _, text := range s.NeverKept {
			if bytes.Contains(keep, []byte(text)) {
				t.Errorf("%q is kept", text)
			}
		}
	})
}

func (s Suite) eachFixture(t *testing.T, do func(*testing.T, provider.Request)) {
	t.Helper()
	for _, name := range s.fixtures(t) {
		t.Run(name, func(t *testing.T) {
			header, payload := s.Fixture(t, name)
			do(t, s.Request(header, payload, s.Now))
		})
	}
}

// flipped flips one bit of every byte of a signed request. What is not refused is in a part that nobody reads.
func flipped(t *testing.T, s Suite) {
	t.Helper()
	if !s.Signed {
		return
	}
	req := s.sample(t, s.Now)
	want := s.MustOpen(t, req).Drafts
	refusals := 0
	for i := range req.Body {
		bad := req
		bad.Body = bytes.Clone(req.Body)
		bad.Body[i] ^= 1
		r, err := s.Open(bad)
		if err != nil {
			refused(t, "flipped byte", r, err)
			refusals++
			continue
		}
		if len(r.Wishes) == 0 && !cmp.Equal(want, r.Drafts) {
			t.Fatalf("byte %d flipped: other drafts are accepted", i)
		}
	}
	if refusals < len(req.Body)/2 {
		t.Errorf("only %d of %d flips are refused", refusals, len(req.Body))
	}
}

func stale(t *testing.T, s Suite) {
	t.Helper()
	if !s.Dated {
		return
	}
	s.Source.MaxAge = time.Hour
	for age, ok := range map[time.Duration]bool{0: true, 59 * time.Minute: true, 61 * time.Minute: false, -time.Hour: false} {
		r, err := s.Open(s.sample(t, s.Now.Add(-age)))
		if ok && err != nil {
			t.Errorf("aged %s: refused: %v", age, err)
		}
		if !ok {
			refused(t, "aged "+age.String(), r, err)
		}
	}
}

func strangers(t *testing.T, s Suite) {
	t.Helper()
	for what, req := range s.Strangers {
		r, err := s.Adapter.Open(req, s.Source, s.Now)
		refused(t, what+", without certificates", r, err)
		r, err = s.Open(req)
		refused(t, what, r, err)
	}
}

func redelivered(t *testing.T, s Suite) {
	t.Helper()
	ids := func(drafts []event.Draft, at time.Time) (list []event.ID) {
		o := s.Origin()
		o.ReceivedAt, o.FirstReceivedAt = at, s.Now
		for _, d := range drafts {
			e, err := d.Finish(o)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, e.ID)
		}
		return list
	}
	s.eachFixture(t, func(t *testing.T, req provider.Request) {
		t.Helper()
		first := ids(s.MustOpen(t, req).Drafts, s.Now)
		later := s
		later.Now = s.Now.Add(time.Hour)
		again := ids(later.MustOpen(t, req).Drafts, later.Now)
		if !slices.Equal(first, again) {
			t.Errorf("ids %v became %v", first, again)
		}
		slices.SortFunc(first, func(a, b event.ID) int { return bytes.Compare(a[:], b[:]) })
		if len(slices.Compact(first)) != len(again) {
			t.Error("two events of one request have one id")
		}
	})
}

func unknownWord(t *testing.T, s Suite) {
	t.Helper()
	r := s.MustOpen(t, s.Request(http.Header{}, s.UnknownWord, s.Now))
	if len(r.Drafts) == 0 {
		t.Fatal("the unknown word is dropped")
	}
	for _, d := range r.Drafts {
		if d.Name != event.EmailUnknown {
			t.Errorf("the unknown word became %s", d.Name)
		}
	}
}

func badElement(t *testing.T, s Suite) {
	t.Helper()
	if s.BadElement == nil {
		return
	}
	r := s.MustOpen(t, s.Request(http.Header{}, s.BadElement, s.Now))
	if len(r.Drafts) == 0 || len(r.Problems) == 0 {
		t.Errorf("%d drafts and %d problems, want some of each", len(r.Drafts), len(r.Problems))
	}
}

func credentials(t *testing.T, s Suite) {
	t.Helper()
	if s.Credentials == nil {
		return
	}
	open := func(shown string, accepted ...string) (provider.Result, error) {
		s.Source.Secrets, s.Source.BasicAuth = nil, nil
		s.Credentials.Accept(&s.Source, accepted)
		req := s.sample(t, s.Now)
		req.Header = req.Header.Clone()
		s.Credentials.Show(&req, shown)
		return s.Open(req)
	}
	for _, shown := range []string{"user:current", "user:previous"} {
		if _, err := open(shown, "user:current", "user:previous"); err != nil {
			t.Errorf("%s is refused: %v", shown, err)
		}
	}
	bad := []struct {
		shown    string
		accepted []string
	}{
		{"user:wrong", []string{"user:current", "user:previous"}},
		{"user:curren", []string{"user:current"}},
		{"user:currentt", []string{"user:current"}},
		{"", []string{"user:current"}},
		{"", []string{""}},
		{"user:current", []string{""}},
	}
	for _, b := range bad {
		r, err := open(b.shown, b.accepted...)
		refused(t, "secret "+b.shown, r, err)
	}
}
