package receipt_test

import (
	"testing"

	"tidings/event"
	"tidings/internal/receipt"
	"tidings/provider"
)

func TestAFinishedEventKeepsItsIDAndTakesTheServersOwnWords(t *testing.T) {
	t.Parallel()
	b := receipt.Builder{Codec: newCodec(t), Judge: func(e *event.Event) {
		if e.Recipient == "cy@acme.test" {
			e.Data = []byte("{")
		}
	}}
	id := event.NewID(now, "prj_elsewhere", "ses", "a")
	finished := receipt.Event{Element: 2, Event: event.Event{
		ID: id, Name: event.EmailOpen, OccurredAt: now, ProjectID: "prj_elsewhere", Recipient: "ann@acme.test",
		RecipientAs: "Ann@Acme.test", ContactID: "con_1",
	}}
	other, late := finished, finished
	other.Client, other.Element = &event.Client{IP: "198.51.100.1"}, 3
	late.ID, late.RecipientAs, late.Element = event.NewID(now, "p", "ses", "b"), "cy@acme.test", 4
	key, sum := receipt.Key{1}, [32]byte{2}
	e := b.BuildFinished(src, provider.Result{Drafts: []event.Draft{draft(event.EmailClick, "bob@acme.test", 0)}, Kind: "import"},
		[]receipt.Event{finished, finished, other, late}, key, sum, now)
	if e.Key != key || e.SHA256 != sum || len(e.Events) != 2 {
		t.Fatalf("key %x, sum %x, %d events", e.Key, e.SHA256, len(e.Events))
	}
	got := e.Events[1]
	if got.ID != id || got.ProjectID != "prj_1" || got.Source.ID != "src_1" || got.RecipientAs != "Ann@Acme.test" || got.Element != 2 {
		t.Errorf("%+v", got)
	}
	if len(e.Problems) != 2 || e.Problems[0].Code != receipt.CodeConflict || e.Problems[0].Element != 3 ||
		e.Problems[1].Code != receipt.CodeUnfinished || e.Problems[1].Element != 4 {
		t.Errorf("%+v", e.Problems)
	}
}
