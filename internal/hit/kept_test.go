package hit_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/receipt"
)

func TestWhatLinksSaidIsParsedAgainAndErased(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		w.control.Commit = func(ctx context.Context, list []*receipt.Entry) error { return w.store.Commit(ctx, list) }
		_, addresses := w.mail()
		for _, address := range addresses[:3] {
			w.get(address)
		}
		w.post(w.links.Unsubscribe(w.ref()), "action", "unsubscribe")
		before := w.events()
		sum, err := w.control.Replay(w.Context(), operator, control.ReplayFilter{}, nil)
		must(w, err)
		if sum.New != 0 || sum.Known != 3 || sum.Unreadable != 0 || sum.Conflicts != 0 || len(w.events()) != len(before) {
			w.Errorf("parsed again: %+v", sum)
		}

		w.pass(time.Minute)
		x, err := w.control.EraseContact(w.Context(), operator, "ann@acme.test", "asked for it")
		must(w, err)
		must(w, w.control.RunErasure(w.Context(), x.ID, true))
		for _, e := range w.events() {
			if strings.Contains(e.Recipient, "ann@") || e.Client != nil && e.Client.IP != "" {
				w.Errorf("left of an event: %+v %+v", e, e.Client)
			}
			if raw, err := w.control.EventRaw(w.Context(), operator, e.ID.String()); err == nil && strings.Contains(string(raw), "ann@acme.test") {
				w.Errorf("left of a request: %s", raw)
			}
		}
		n := len(w.events(event.EmailOpen, event.EmailClick))
		for _, address := range addresses {
			w.get(address)
		}
		if len(w.events(event.EmailOpen, event.EmailClick)) != n {
			w.Error("somebody who was erased is counted on")
		}
		w.verify()
	})
}
