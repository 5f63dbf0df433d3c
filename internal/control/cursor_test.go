package control_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/store"
)

func TestACursorComesBackAsItWasGiven(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := event.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		id[0] |= 1
		if got, err := control.ReadEventCursor(control.EventCursor(id)); err != nil || got != id {
			t.Fatalf("got %s, %v", got, err)
		}
		ref := rapid.Int64Min(1).Draw(t, "ref")
		if got, err := control.ReadRefCursor(control.RefCursor(ref)); err != nil || got != ref {
			t.Fatalf("got %d, %v", got, err)
		}
		place := store.ContactPlace{Address: "ann" + rapid.StringMatching(`[a-zé@.+"]{0,30}`).Draw(t, "address")}
		if rapid.Bool().Draw(t, "by number") {
			place = store.ContactPlace{Ref: ref}
		}
		if got, err := control.ReadContactCursor(control.ContactCursor(place), "ann"); err != nil || got != place {
			t.Fatalf("got %+v, %v", got, err)
		}
		if _, err := control.ReadRefCursor(control.EventCursor(id)); !fault.Is(err, fault.Invalid) {
			t.Fatalf("a cursor of another list: %v", err)
		}
	})
}

func FuzzACursorIsReadOrRefused(f *testing.F) {
	f.Add("")
	f.Add("ZQGaH26NL4xBmx5vDCp9XhE")
	f.Add("cwAAAAAAAAAB")
	f.Add("=")
	f.Add("YwAAAAAAAAAAYW5uQGFjbWUudGVzdA")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := control.ReadEventCursor(s)
		if err == nil && control.EventCursor(id) != s {
			t.Errorf("%q was read as %s", s, id)
		}
		ref, err := control.ReadRefCursor(s)
		if err == nil && control.RefCursor(ref) != s {
			t.Errorf("%q was read as %d", s, ref)
		}
		place, err := control.ReadContactCursor(s, "ann")
		if err == nil && control.ContactCursor(place) != s {
			t.Errorf("%q was read as %+v", s, place)
		}
	})
}

func FuzzATimeIsReadOrRefused(f *testing.F) {
	for _, s := range []string{"", "2026-05-04", "2026-05-04T10:12:00Z", "2026-05-04T10:12:00.5+02:00", "2026-02-30", "9999-12-31", "24:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, err := control.ParseWhen(s)
		if err != nil {
			if !fault.Is(err, fault.Invalid) || !at.IsZero() {
				t.Errorf("%q: %s, %v", s, at, err)
			}
			return
		}
		if s != "" && !event.ValidTime(at) {
			t.Errorf("%q was read as %s", s, at)
		}
	})
}

func TestADateIsItsBeginningInUTC(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]time.Time{
		"":                          {},
		"2026-05-04":                time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC),
		"2026-05-04T10:12:00.5Z":    time.Date(2026, 5, 4, 10, 12, 0, 5e8, time.UTC),
		"2026-05-04T10:12:00+02:00": time.Date(2026, 5, 4, 8, 12, 0, 0, time.UTC),
	} {
		if got, err := control.ParseWhen(s); err != nil || !got.Equal(want) {
			t.Errorf("%q: %s, %v, want %s", s, got, err, want)
		}
	}
	for _, s := range []string{"2026-5-4", "04.05.2026", "1777889520", "2026-05-04 10:12:00Z", "1969-12-31", "2026-02-30"} {
		if got, err := control.ParseWhen(s); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q was read as %s", s, got)
		}
	}
}
