package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/fault"
	"tidings/internal/send"
	"tidings/internal/store"
)

func TestSendersAreKeptWithOneDefaultAndAVersion(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		ctx, s := t.Context(), open()
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		act := func(at time.Duration) store.Act {
			return store.Act{At: start.Add(at), Project: store.DefaultProject, By: "test", Door: "test", Operation: "x"}
		}
		version := func() int64 {
			v, err := s.SendersVersion(ctx)
			ok(err)
			return v
		}
		first := send.Sender{
			ID: "snr_1", Project: store.DefaultProject, Name: "main", Kind: send.KindSMTP, From: send.Mailbox{Name: "App", Address: "a@b.test"},
			ReplyTo: "r@b.test", Rate: 0.125,
			Settings: send.Settings{Host: "h.test", Port: 25, Password: "canary", DKIM: []send.DKIMKey{{Domain: "b.test", PrivateKey: "canary"}}},
		}
		second := send.Sender{ID: "snr_2", Project: store.DefaultProject, Name: "other", Kind: send.KindFile}
		before := version()
		ok(s.CreateSender(ctx, &first, 2, act(0)))
		ok(s.CreateSender(ctx, &second, 2, act(time.Second)))
		third := send.Sender{ID: "snr_3", Project: store.DefaultProject, Name: "more", Kind: send.KindFile}
		if err := s.CreateSender(ctx, &third, 2, act(0)); fault.KindOf(err) != fault.Conflict {
			t.Errorf("one too many: %v", err)
		}
		third.Name = "other"
		if err := s.CreateSender(ctx, &third, 3, act(0)); fault.KindOf(err) != fault.Conflict {
			t.Errorf("a name that is taken: %v", err)
		}
		list, err := s.Senders(ctx, store.DefaultProject)
		ok(err)
		if d := cmp.Diff([]send.Sender{first, second}, list); d != "" || !first.Default || second.Default || version() != before+2 {
			t.Errorf("version %d, %s", version()-before, d)
		}
		got, err := s.UpdateSender(ctx, store.DefaultProject, "snr_2", func(x *send.Sender) error {
			x.Default, x.DisabledAt = true, x.CreatedAt
			return nil
		}, act(time.Minute))
		ok(err)
		list, err = s.Senders(ctx, store.DefaultProject)
		ok(err)
		if list[0].Default || !list[1].Default || got.Version != 2 || list[1].Version != 2 || list[1].DisabledAt.IsZero() {
			t.Errorf("after the default moved: %+v", list)
		}
		if _, err := s.UpdateSender(ctx, store.DefaultProject, "snr_2", func(*send.Sender) error { return nil }, act(0)); err != nil || version() != before+3 {
			t.Errorf("a change of nothing: %v, version %d", err, version()-before)
		}
		if err := s.DeleteSender(ctx, store.DefaultProject, "snr_2", act(0)); fault.KindOf(err) != fault.Conflict {
			t.Errorf("the default one before the other: %v", err)
		}
		ok(s.DeleteSender(ctx, store.DefaultProject, "snr_1", act(0)))
		ok(s.DeleteSender(ctx, store.DefaultProject, "snr_2", act(0)))
		if err := s.DeleteSender(ctx, store.DefaultProject, "snr_2", act(0)); fault.KindOf(err) != fault.NotFound {
			t.Errorf("one that is gone: %v", err)
		}
	})
}
