package event_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidings/event"
)

func TestACustomNameIsWhatNothingBuiltInIsCalled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word string
		want event.Name
		err  error
	}{
		{"invoice.paid", "invoice.paid", nil},
		{" Order Placed\t", "Order Placed", nil},
		{"cafe\u0301", "caf\u00e9", nil},
		{"🎉 joined", "🎉 joined", nil},
		{"emailed", "emailed", nil},
		{"segments.sorted", "segments.sorted", nil},
		{"email.open", "", event.ErrReservedName},
		{"email.replied", "", event.ErrReservedName},
		{"Email.anything", "", event.ErrReservedName},
		{"contact.created", "", event.ErrReservedName},
		{"segment.vip.entry", "", event.ErrReservedName},
		{"SEGMENT.x", "", event.ErrReservedName},
		{"opened", "", event.ErrReservedName},
		{"Clicked", "", event.ErrReservedName},
		{"", "", event.ErrBadName},
		{" \n", "", event.ErrBadName},
		{"a\x00b", "", event.ErrBadName},
		{"a\u202eb", "", event.ErrBadName},
		{"a\xffb", "", event.ErrBadName},
		{strings.Repeat("x", 256), event.Name(strings.Repeat("x", 256)), nil},
		{strings.Repeat("x", 257), "", event.ErrBadName},
	} {
		if got, err := event.CustomName(c.word); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%.30q: %.30q, %v, want %.30q, %v", c.word, got, err, c.want, c.err)
		}
	}
}

func customNameLaws(t interface{ Errorf(string, ...any) }, word string) {
	name, err := event.CustomName(word)
	if err != nil {
		if name != "" {
			t.Errorf("%q: %q beside %v", word, name, err)
		}
		return
	}
	if again, err := event.CustomName(string(name)); again != name || err != nil {
		t.Errorf("%q: %q became %q, %v", word, name, again, err)
	}
	if name.Builtin() || name.Slot() != 0 || event.Canonical(string(name)) != name || event.CleanText(string(name), 256) != string(name) {
		t.Errorf("%q: %q is built in, or found under another name", word, name)
	}
}

func TestEveryCustomNameIsFoundByItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		customNameLaws(t, rapid.OneOf(
			rapid.String(),
			rapid.StringMatching(`[ \t]?(email|contact|segment|order)?\.?(open|entry|exit|paid|Opened|temp failed)?[ ]?`),
		).Draw(t, "word"))
	})
}

func FuzzCustomName(f *testing.F) {
	for _, s := range []string{"order.paid", "Email.Open", "temp failed", " x\u00a0", "\u1e9b\u0323", "a\u0301\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { customNameLaws(t, s) })
}
