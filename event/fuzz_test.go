package event_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"tidings/event"
)

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{
		"ann@acme.test", `"Lee, Ann" <Ann@Acme.Test>`, "rfc822;a@b.test", `"a<b>c"@d.test`, "a@b@c.test", "a@b\u00fccher.test",
		"a@xn--bcher-kva.test", "rfc822;<smtp;a@b>", "a@b..", "@", "<>", "\x00\xff", strings.Repeat("\u023a", 400) + "@x.test",
		strings.Repeat("\u023a", 250) + "@x.test",                                      // in lower case it is longer, and the @ is cut off
		`"` + strings.Repeat("x", 300) + "<a>" + strings.Repeat("x", 300) + `"@x.test`, // the cut makes the brackets count
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { addressLaws(t, s) })
}

func FuzzParseID(f *testing.F) {
	f.Add("019df279-2980-890b-b1d3-e02764117efe")
	f.Add("019DF279-2980-890B-B1D3-E02764117EFE")
	f.Add("019df2792980890bb1d3e02764117efe")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := event.ParseID(s)
		if err == nil && id.String() != strings.ToLower(s) {
			t.Errorf("%q became %s", s, id)
		}
		if err != nil && !id.IsZero() {
			t.Errorf("%q: %v, and yet %s", s, err, id)
		}
	})
}

func FuzzUnmarshalJSON(f *testing.F) {
	for _, e := range examples(f) {
		b, err := e.MarshalJSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"data":null,"message":{"sentAt":"0001-01-01T00:00:00Z","tags":[]}}`))
	f.Add([]byte(`{"data":{"a":"\u0000"},"occurredAt":"2026-05-04T12:12:00+02:00"}`))
	f.Add([]byte(`{"occurredAt":"0000-01-01T00:00:00+01:00","receivedAt":"9999-12-31T23:59:59-01:00"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var e event.Event
		if e.UnmarshalJSON(b) != nil {
			return
		}
		first, err := e.MarshalJSON()
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		var again event.Event
		if err := again.UnmarshalJSON(first); err != nil {
			t.Fatalf("%s: %v", first, err)
		}
		second, err := again.MarshalJSON()
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s became %s: %v", first, second, err)
		}
	})
}

func FuzzParseSMTP(f *testing.F) {
	for _, s := range []string{"smtp; 550 5.1.1 no such user", "550-5.1.1", "host said: 450 4.2.2 full", "5.1.1.7", "smtp;", "4.", "550"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, enhanced := event.ParseSMTP(s)
		if code != 0 && (code < 200 || code > 599) {
			t.Errorf("%q: code %d", s, code)
		}
		if !strings.Contains(s, enhanced) || enhanced != "" && strings.Count(enhanced, ".") != 2 {
			t.Errorf("%q: enhanced code %q", s, enhanced)
		}
		event.ReasonOfSMTP(code, enhanced)
		event.ReasonOfSMTP(code, s)
	})
}

func FuzzCleanText(f *testing.F) {
	f.Add("plain", 3)
	f.Add("a\x00b\xffc", 100)
	f.Add("\u00e9\u00e9\u00e9", 3)
	f.Add(strings.Repeat("\x80", 50), 10)
	f.Add("x", -1)
	f.Fuzz(func(t *testing.T, s string, limit int) { cleanTextLaws(t, s, limit) })
}

func cleanTextLaws(t interface{ Errorf(string, ...any) }, s string, limit int) {
	got := event.CleanText(s, limit)
	if len(got) > max(limit, 0) || !utf8.ValidString(got) || strings.Contains(got, "\x00") {
		t.Errorf("%q, %d: %q is not clean", s, limit, got)
	}
	if again := event.CleanText(got, limit); again != got {
		t.Errorf("%q, %d: %q became %q", s, limit, got, again)
	}
	if len(s) <= limit && utf8.ValidString(s) && !strings.Contains(s, "\x00") && got != s {
		t.Errorf("%q, %d: clean text became %q", s, limit, got)
	}
}
