package event_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidings/event"
)

// The vector was computed without this package:
//
//	python3 - <<'EOF'
//	import hashlib, struct
//	parts = ["prj_1", "ses", "Bounce", "0102019a-two", "0100019a-feedback", "ghost@acme.test"]
//	h = hashlib.sha256(b"\x01" + b"".join(struct.pack(">Q", len(p)) + p.encode() for p in parts)).digest()
//	i = bytearray(struct.pack(">Q", 1777889520 * 1000)[2:] + h[:10])
//	i[6], i[8] = i[6] & 15 | 128, i[8] & 63 | 128
//	print(i.hex())
//	EOF
func TestTheIdentityIsTheOneComputedByHand(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 10, 12, 0, 120e6, time.UTC)
	id := event.NewID(at, "prj_1", "ses", "Bounce", "0102019a-two", "0100019a-feedback", "ghost@acme.test")
	if want := "019df279-2980-890b-b1d3-e02764117efe"; id.String() != want {
		t.Errorf("got %s, want %s", id, want)
	}
}

func anyTime() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		last := time.Date(9999, 12, 31, 23, 59, 58, 0, time.UTC).Unix()
		s, ns := rapid.Int64Range(0, last).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanosecond")
		return time.Unix(s, ns).In(time.FixedZone("", rapid.IntRange(-43200, 43200).Draw(t, "offset")))
	})
}

func anyKey() *rapid.Generator[[]string] { return rapid.SliceOfN(rapid.String(), 1, 6) }

func TestTheSameFactHasTheSameIDByAnyPath(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at, key := anyTime().Draw(t, "at"), anyKey().Draw(t, "key")
		id := event.NewID(at, "prj_1", "ses", key...)
		if other := event.NewID(at.UTC().Truncate(time.Second), "prj_1", "ses", slices.Clone(key)...); other != id {
			t.Fatalf("%s and %s", id, other)
		}
		d := event.Draft{Event: event.Event{Name: event.EmailOpen, Recipient: "ann@acme.test"}, IdentityAt: at, Key: key}
		o := event.Origin{Project: "prj_1", Provider: "ses", SourceID: "src_1", ReceivedAt: at.Add(time.Hour)}
		first, err := d.Finish(o)
		if err != nil {
			t.Fatal(err)
		}
		o.SourceID, o.ReceivedAt = "src_2", at.Add(2*time.Hour)
		d.Recipient, d.Element = "ANN@acme.test", 3
		second, err := d.Finish(o)
		if err != nil || first.ID != id || second.ID != id {
			t.Fatalf("%s, %s and %s: %v", id, first.ID, second.ID, err)
		}
	})
}

func TestAnotherKeyIsAnotherFact(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 10, 12, 0, 0, time.UTC)
	ids := map[event.ID]string{}
	for _, key := range [][]string{
		{"prj_1", "ses", "ab", "c"},
		{"prj_1", "ses", "a", "bc"},
		{"prj_1", "ses", "abc"},
		{"prj_1", "ses", "c", "ab"},
		{"prj_1", "ses", "ab", "c", ""},
		{"prj_1", "ses", "", "ab", "c"},
		{"prj_1", "ses", "ab", "C"},
		{"prj_1s", "es", "ab", "c"},
		{"prj_2", "ses", "ab", "c"},
		{"prj_1", "sendgrid", "ab", "c"},
		{"prj_1", "ses", strings.Repeat("a", 2000)},
		{"prj_1", "ses", strings.Repeat("a", 2001)},
	} {
		id := event.NewID(at, key[0], key[1], key[2:]...)
		if other, taken := ids[id]; taken {
			t.Errorf("%q has the id of %s", key, other)
		}
		ids[id] = strings.Join(key, ", ")
	}
}

func TestIDsSortByTimeAsBytesAndAsText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at1, at2 := anyTime().Draw(t, "at1"), anyTime().Draw(t, "at2")
		if at1.Unix() == at2.Unix() {
			return
		}
		id1 := event.NewID(at1, "p", "ses", anyKey().Draw(t, "key1")...)
		id2 := event.NewID(at2, "p", "ses", anyKey().Draw(t, "key2")...)
		earlier := at1.Before(at2)
		if (bytes.Compare(id1[:], id2[:]) < 0) != earlier || (id1.String() < id2.String()) != earlier {
			t.Fatalf("%s of %v, %s of %v", id1, at1, id2, at2)
		}
	})
}

func TestFirstIDIsTheLowestOfItsSecond(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := anyTime().Draw(t, "at")
		id := event.NewID(at, "p", "ses", anyKey().Draw(t, "key")...)
		first, next := event.FirstID(at), event.FirstID(at.Add(time.Second))
		if bytes.Compare(first[:], id[:]) > 0 || bytes.Compare(id[:], next[:]) >= 0 {
			t.Fatalf("%s is not from %s to %s", id, first, next)
		}
	})
	if first := event.FirstID(time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC)); !first.IsZero() {
		t.Errorf("before every time is %s, want the zero id", first)
	}
}

func TestAnIDIsAnRFC9562UUIDOfVersion8(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := anyTime().Draw(t, "at")
		id := event.NewID(at, "p", "ses", anyKey().Draw(t, "key")...)
		if id[6]>>4 != 8 || id[8]>>6 != 0b10 {
			t.Fatalf("%s: version %d, variant %b", id, id[6]>>4, id[8]>>6)
		}
		if got, want := id.Time(), at.UTC().Truncate(time.Second); !got.Equal(want) {
			t.Fatalf("%s: time %v, want %v", id, got, want)
		}
	})
}

func TestAnIDIsReadBackFromItsText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := event.NewID(anyTime().Draw(t, "at"), "p", "ses", anyKey().Draw(t, "key")...)
		for _, s := range []string{id.String(), strings.ToUpper(id.String())} {
			if got, err := event.ParseID(s); err != nil || got != id {
				t.Fatalf("%s: %s, %v", s, got, err)
			}
		}
	})
}

func TestWhatIsNoIDIsRefused(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"",
		"019df279-2980-890b-b1d3-e02764117ef",
		"019df279-2980-890b-b1d3-e02764117efe0",
		"019df2792980890bb1d3e02764117efe",
		"019df279-2980-890b-b1d3-e02764117efg",
		"019df2792-980-890b-b1d3-e02764117efe",
		"{19df279-2980-890b-b1d3-e02764117ef}",
	} {
		if id, err := event.ParseID(s); err == nil || !id.IsZero() {
			t.Errorf("%q became %s", s, id)
		}
	}
}

func TestAnIDCostsNoAllocation(t *testing.T) {
	at, key := time.Now(), []string{"Delivery", "0102019a-two", "ann@acme.test", "2026-05-04T10:12:00.120Z"}
	if n := testing.AllocsPerRun(100, func() { event.NewID(at, "prj_1", "ses", key...) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestValidTimesAreFrom1970To9999(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at   time.Time
		want bool
	}{
		{time.Time{}, false},
		{time.Unix(-1, 0), false},
		{time.Unix(0, 0), true},
		{time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), true},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), false},
	} {
		if got := event.ValidTime(c.at); got != c.want {
			t.Errorf("%v: %v", c.at, got)
		}
	}
}
