package message_test

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidings/internal/message"
)

func TestEveryIDComesBackFromItsKey(t *testing.T) {
	t.Parallel()
	ses := rapid.StringMatching(`[0-9a-f]{16}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-[0-9a-f]{6}`)
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.OneOf(ses, rapid.StringMatching(`[0-9a-fA-Fx-]{60}`), rapid.StringMatching(`[ -~äß]{0,80}`)).Draw(t, "id")
		if got := message.ID(message.Key(id)); got != id {
			t.Fatalf("%q came back as %q", id, got)
		}
		a, b := ses.Draw(t, "a"), ses.Draw(t, "b")
		if got, want := bytes.Compare(message.Key(a), message.Key(b)), strings.Compare(a, b); got != want {
			t.Fatalf("keys of %s and %s compare as %d, want %d", a, b, got, want)
		}
	})
}

func TestAnIDOfSESTakesHalfTheRoom(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]int{
		"0102019a1f6e8d2f-1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d-000000": 28,
		"0102019A1F6E8D2F-1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d-000000": 60, // the digits' case would be lost
		"0102019a1f6e8d2f01a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d-000000": 60,
		"0102019a1f6e8d2f-1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d-00000g": 60,
		"m1": 2,
		"":   0,
	} {
		if got := len(message.Key(id)); got != want {
			t.Errorf("%s: %d bytes, want %d", id, got, want)
		}
	}
}
