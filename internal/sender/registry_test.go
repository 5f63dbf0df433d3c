package sender_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tidings/internal/fault"
	"tidings/internal/send"
	"tidings/internal/sender"
	"tidings/test/smtppeer"
)

// rows are stored senders that live in memory: what the registry asks of a store is two questions.
type rows struct {
	mu      sync.Mutex
	list    []send.Sender
	version int64
	away    bool
	asked   int
}

var errAway = errors.New("the store is away")

func (r *rows) Senders(context.Context, string) ([]send.Sender, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.away {
		return nil, errAway
	}
	return append([]send.Sender{}, r.list...), nil
}

func (r *rows) SendersVersion(context.Context) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away {
		return 0, errAway
	}
	return r.version, nil
}

func (r *rows) set(list ...send.Sender) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list, r.version = list, r.version+1
}

func TestTheRegistryFindsSendersAndTakesChangesUp(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	store := &rows{}
	r := sender.NewRegistry(store, sender.Deps{Outbox: &sender.Outbox{Folder: t.TempDir()}, Now: func() time.Time { return now }})
	defer r.Close()
	find := func(word string) *sender.Live {
		t.Helper()
		l, err := r.Sender(t.Context(), "prj_default", word)
		if err != nil {
			t.Fatalf("%q: %v", word, err)
		}
		return l
	}
	if l := find(""); l.Row.ID != send.ImplicitSender || l.Row.Kind != send.KindFile {
		t.Errorf("without any: %+v", l.Row)
	}
	main := send.Sender{ID: "snr_1", Project: "prj_default", Name: "main", Kind: send.KindConsole, Default: true, Version: 1}
	other := send.Sender{ID: "snr_2", Project: "prj_default", Name: "other", Kind: send.KindFile, Version: 1}
	store.set(main, other)
	if find("").Row.ID != send.ImplicitSender {
		t.Error("a change was looked for at once")
	}
	now = now.Add(time.Second)
	first := find("")
	if first.Row.ID != "snr_1" || find("other").Row.ID != "snr_2" || find("snr_2") != find("other") || find("main") != first {
		t.Errorf("found %+v", first.Row)
	}
	main.Version, main.Kind = 2, send.KindFile
	other.DisabledAt = now
	store.set(main, other)
	now = now.Add(time.Second)
	if l := find("main"); l == first || l.Row.Kind != send.KindFile {
		t.Errorf("after a change: %+v", l.Row)
	}
	for word, want := range map[string]string{"other": sender.CodeSenderDisabled, "none": sender.CodeNoSender} {
		_, err := r.Sender(t.Context(), "prj_default", word)
		if f, ok := errors.AsType[*fault.Error](err); !ok || f.Code != want {
			t.Errorf("%q: %v", word, err)
		}
	}
	asked := store.asked
	store.mu.Lock()
	store.away = true
	store.mu.Unlock()
	now = now.Add(time.Minute)
	if find("main").Row.Version != 2 || store.asked != asked {
		t.Error("while the store is away senders are not as they were")
	}
}

// Whoever switches a sender on and retries what failed for it must not fail again.
func TestASenderThatWasJustSwitchedOnIsFoundAtOnce(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	store := &rows{}
	r := sender.NewRegistry(store, sender.Deps{Outbox: &sender.Outbox{Folder: t.TempDir()}, Now: func() time.Time { return now }})
	defer r.Close()
	x := send.Sender{ID: "snr_1", Project: "prj_default", Name: "main", Kind: send.KindConsole, Default: true, Version: 1, DisabledAt: now}
	store.set(x)
	if _, err := r.Sender(t.Context(), "prj_default", "main"); !fault.Is(err, fault.Conflict) {
		t.Errorf("switched off: %v", err)
	}
	x.DisabledAt, x.Version = time.Time{}, 2
	store.set(x)
	if _, err := r.Sender(t.Context(), "prj_default", "main"); err != nil {
		t.Error(err)
	}
}

func TestASenderThatIsThrottledRestsAsAWhole(t *testing.T) {
	t.Parallel()
	p := smtppeer.Start(t, smtppeer.Options{})
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	l, err := sender.Open(send.Sender{
		ID: "snr_1", Kind: send.KindSMTP, Settings: send.Settings{Host: p.Host, Port: p.Port, TLS: send.TLSNone},
	}, sender.Deps{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p.Fail(smtppeer.Fault{At: "mail", Reply: reply(451, [3]int{4, 7, 0}, "too fast"), Times: 3})
	least := time.Second
	for range 3 {
		_, err := l.Send(t.Context(), email())
		f := failure(t, err)
		if f.Kind != send.Throttled || f.RetryAfter < least/2 || f.RetryAfter > least {
			t.Errorf("%+v, want at least half of %s", f, least)
		}
		_, err = l.Send(t.Context(), email())
		if g := failure(t, err); g.Kind != send.Throttled || g.RetryAfter != f.RetryAfter || len(p.Mails()) > 0 {
			t.Errorf("while it rests: %+v", g)
		}
		now, least = now.Add(f.RetryAfter), least*2
	}
	if _, err := l.Send(t.Context(), email()); err != nil {
		t.Errorf("after the rest: %v", err)
	}
	if h := l.Health(); !h.Usable || h.Problem != "" {
		t.Errorf("health %+v", h)
	}
}

func TestASenderThatIsDownForAnHourLosesNothingAndSaysSinceWhen(t *testing.T) {
	t.Parallel()
	p := smtppeer.Start(t, smtppeer.Options{Users: map[string]string{"lea": "secret"}})
	began := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	now := began
	p.Fail(smtppeer.Fault{At: "connect", Reply: reply(421, [3]int{4, 3, 0}, "down")})
	l, err := sender.Open(send.Sender{ID: "snr_1", Kind: send.KindSMTP, Settings: send.Settings{
		Host: p.Host, Port: p.Port, TLS: send.TLSNone, User: "lea", Password: "secret",
	}}, sender.Deps{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tries := 0
	for now.Before(began.Add(time.Hour)) {
		_, err := l.Send(t.Context(), email())
		f := failure(t, err)
		if f.Kind != send.Unusable || f.RetryAfter <= 0 || f.RetryAfter > time.Minute {
			t.Fatalf("%+v", f)
		}
		now = now.Add(f.RetryAfter)
		tries++
	}
	if tries > 200 || p.Connections() != tries {
		t.Errorf("%d tries, %d connections", tries, p.Connections())
	}
	if h := l.Health(); h.Usable || !h.Since.Equal(began) || h.Problem == "" || !h.PausedUntil.After(began) {
		t.Errorf("health %+v", h)
	}
	p.Mend()
	now = now.Add(-10 * time.Minute) // the clock jumps back
	_, err = l.Send(t.Context(), email())
	f := failure(t, err)
	now = now.Add(f.RetryAfter)
	if _, err := l.Send(t.Context(), email()); err != nil || !l.Health().Usable {
		t.Errorf("after it was mended: %v %+v", err, l.Health())
	}
}

func TestASenderGoesNoFasterThanItsRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, err := sender.Open(send.Sender{ID: "snr_1", Kind: send.KindConsole, Rate: 10}, sender.Deps{})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for range 30 {
			if _, err := l.Send(t.Context(), email()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took < 1900*time.Millisecond || took > 2100*time.Millisecond {
			t.Errorf("30 emails took %s", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		l, err := sender.Open(send.Sender{ID: "snr_1", Kind: send.KindConsole, Rate: 0.1}, sender.Deps{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Send(t.Context(), email()); err != nil {
			t.Fatal(err)
		}
		_, err = l.Send(t.Context(), email())
		if f := failure(t, err); f.Kind != send.Throttled || f.Reason != sender.ReasonPaced || f.RetryAfter < 9*time.Second {
			t.Errorf("%+v", f)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		<-time.After(9 * time.Second)
		_, err = l.Send(ctx, email())
		if f := failure(t, err); f.Kind != send.Temporary || f.Reason != sender.ReasonStopped {
			t.Errorf("%+v", f)
		}
	})
}
