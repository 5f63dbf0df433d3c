package store_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/job"
	"tidings/internal/send"
	"tidings/internal/source"
	"tidings/internal/store"
)

// mailing sends from a store.
type mailing struct {
	*feed
	t   *testing.T
	s   *store.Store
	src *source.Source
	now time.Time
	n   int
}

func newMailing(t *testing.T, open func(...func(*store.Options)) *store.Store) *mailing {
	t.Helper()
	m := &mailing{t: t, now: start.Add(time.Hour)}
	m.s = open(func(o *store.Options) { o.Now = func() time.Time { return m.now } })
	m.feed = newFeed(t, m.s, "ses")
	m.src = &source.Source{
		ID: "src_send", Project: store.DefaultProject, Name: "sends", Provider: store.SendProvider,
		TokenHash: sha256.Sum256([]byte("send")), CreatedAt: start, DisabledAt: start,
	}
	if err := m.s.CreateSource(t.Context(), m.src, act("create")); err != nil {
		t.Fatal(err)
	}
	return m
}

// queue asks for one email to each address, and returns what became of each.
func (m *mailing) queue(content send.Content, addresses ...string) []store.QueuedSend {
	m.t.Helper()
	b := &store.SendBatch{Source: m.src, Content: &content, Origin: "api"}
	for _, address := range addresses {
		m.n++
		b.Sends = append(b.Sends, store.NewSend{
			ID: fmt.Sprintf("snd_%04d", m.n), Change: contact.Change{Address: address, At: m.now.UnixMilli(), Born: contact.OptOut},
		})
	}
	out, err := m.s.QueueSends(m.t.Context(), b, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	return out
}

func (m *mailing) claim() []store.ClaimedSend {
	m.t.Helper()
	list, _, err := m.s.ClaimSends(m.t.Context(), store.SendClaim{
		Turn: "t", Now: m.now, Limit: 100, Source: func(string) (*source.Source, error) { return m.src, nil },
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return list
}

// sent is the outcome of an email that SES took under an id.
func (m *mailing) sent(x *store.ClaimedSend, id string) store.SendOutcome {
	src := *m.src
	src.Provider = "ses"
	return store.SendOutcome{
		Send: x, Status: send.StatusSent, Sender: "snr_1", Source: &src,
		Event: &event.Draft{
			Event: event.Event{
				Name: event.EmailSent, OccurredAt: m.now,
				Message: &event.Message{ID: id, From: "app@send.test", Template: x.Content.Label, Subject: "Hi"},
			},
			IdentityAt: m.now, Key: []string{"Send", id, x.Contact.Address},
		},
	}
}

func (m *mailing) settle(list ...store.SendOutcome) {
	m.t.Helper()
	if err := m.s.SettleSends(m.t.Context(), list); err != nil {
		m.t.Fatal(err)
	}
}

// back is a fact of the provider about an email of ours, which brings our id back where there is one.
func back(name event.Name, message, to, id string, at time.Duration) fact {
	return fact{name: name, message: message, to: to, at: at, change: func(d *event.Draft) {
		if id != "" {
			d.Message.Metadata = map[string]string{send.MetadataKey: id}
		}
	}}
}

// story lists the events of a contact in their order, with the message that each belongs to.
func (m *mailing) story(address string) (list []string) {
	m.t.Helper()
	page, err := m.s.ListEvents(m.t.Context(), store.EventQuery{Project: store.DefaultProject, Contact: address, Limit: 50})
	if err != nil {
		m.t.Fatal(err)
	}
	for _, e := range slices.Backward(page.Events) {
		line := string(e.Name)
		if e.Message != nil {
			line += " " + e.Message.ID
		}
		list = append(list, line)
	}
	slices.Sort(list)
	return list
}

func (m *mailing) status(id string) string {
	m.t.Helper()
	x, err := m.s.Send(m.t.Context(), store.DefaultProject, id)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(x.Status) + x.Reason
}

func TestASendIsOneMessageFromTheQueueToWhatTheProviderTellsInEveryOrder(t *testing.T) {
	const ses = "0102019a1f6e8d2f-one"
	facts := map[string]func(m *mailing, x *store.ClaimedSend){
		"hand-over": func(m *mailing, x *store.ClaimedSend) { m.settle(m.sent(x, ses)) },
		"send": func(m *mailing, x *store.ClaimedSend) {
			m.commit(m.entry(back(event.EmailSent, ses, x.Contact.Address, x.ID, 2*time.Hour)))
		},
		"delivery": func(m *mailing, x *store.ClaimedSend) {
			m.commit(m.entry(back(event.EmailDelivery, ses, x.Contact.Address, x.ID, 3*time.Hour)))
		},
		"open without our id": func(m *mailing, x *store.ClaimedSend) {
			m.commit(m.entry(back(event.EmailOpen, ses, x.Contact.Address, "", 4*time.Hour)))
		},
	}
	orders := [][]string{
		{"hand-over", "send", "delivery", "open without our id"},
		{"send", "delivery", "hand-over", "open without our id"},
		{"delivery", "hand-over", "send", "open without our id"},
		{"open without our id", "hand-over", "send", "delivery"},
		{"open without our id", "delivery", "send", "hand-over"},
	}
	for i, order := range orders {
		onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
			m := newMailing(t, open)
			out := m.queue(send.Content{Label: "onboarding/welcome", From: send.Mailbox{Address: "app@send.test"}}, "ann@acme.test")
			if out[0].Status != send.StatusSkipped {
				t.Fatalf("a contact that was born unsubscribed is mailed: %+v", out[0])
			}
			out = m.queue(send.Content{Label: "onboarding/welcome", Transactional: true}, "ann@acme.test")
			claimed := m.claim()
			if len(claimed) != 1 || claimed[0].ID != out[0].ID || m.status(out[0].ID) != "handing" {
				t.Fatalf("claimed %+v", claimed)
			}
			for _, what := range order {
				facts[what](m, &claimed[0])
			}
			want := []string{
				"email.delivery " + ses, "email.open " + ses, "email.queued " + ses, "email.sent " + ses, "email.skipped",
			}
			if diff := cmp.Diff(want, m.story("ann@acme.test")); diff != "" {
				t.Errorf("order %d (-want +got):\n%s", i, diff)
			}
			if got := m.status(out[0].ID); got != "sent" {
				t.Errorf("order %d: the send is %s", i, got)
			}
			list, err := m.s.Messages(t.Context(), store.DefaultProject, ses)
			if err != nil || len(list) != 1 || list[0].Info.Template != "onboarding/welcome" {
				t.Errorf("order %d: messages %+v, %v", i, list, err)
			}
			verified(t, m.s)
		})
	}
}

func TestWhoMayNotBeMailedIsSkippedWhenItIsAskedForAndWhenItIsDue(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		m := newMailing(t, open)
		suppress := func(address string) {
			_, err := m.s.Suppress(t.Context(), store.DefaultProject, []store.NewSuppression{manual(address, 0, 0)}, false, act("add"))
			if err != nil {
				t.Fatal(err)
			}
		}
		suppress("out@acme.test")
		content := send.Content{Transactional: true, Label: "receipt"}
		out := m.queue(content, "out@acme.test", "late@acme.test", "fine@acme.test")
		if out[0].Reason != send.Suppressed || out[1].Reason != "" || out[2].Reason != "" {
			t.Fatalf("queued %+v", out)
		}
		suppress("late@acme.test")
		claimed := m.claim()
		if len(claimed) != 1 || claimed[0].ID != out[2].ID {
			t.Fatalf("claimed %+v", claimed)
		}
		for id, want := range map[string]string{
			out[0].ID: "skippedsuppressed", out[1].ID: "skippedsuppressed", out[2].ID: "handing",
		} {
			if got := m.status(id); got != want {
				t.Errorf("%s is %s, want %s", id, got, want)
			}
		}
		if got, want := m.story("late@acme.test"), []string{
			"email.queued " + out[1].ID, "email.skipped " + out[1].ID,
		}; !slices.Equal(got, want) {
			t.Errorf("events %q, want %q", got, want)
		}
		verified(t, m.s)
	})
}

func TestASendThatWasBeingHandedOverWhenTheServerDiedIsUncertainUntilSomethingSettlesIt(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		m := newMailing(t, open)
		out := m.queue(send.Content{Transactional: true}, "a@acme.test", "b@acme.test", "c@acme.test")
		if n := len(m.claim()); n != 3 {
			t.Fatalf("claimed %d", n)
		}
		m.now = m.now.Add(time.Minute)
		if uncertain, again, err := m.s.RecoverSends(t.Context(), m.now); err != nil || uncertain != 3 || again != 0 {
			t.Fatal(uncertain, again, err)
		}
		if list := m.claim(); len(list) != 0 {
			t.Fatalf("uncertain sends are claimed: %+v", list)
		}
		m.commit(m.entry(back(event.EmailDelivery, "m-1", "a@acme.test", out[0].ID, 3*time.Hour)))
		for i, to := range []send.Status{"", send.StatusFailed, send.StatusQueued} {
			if to == "" {
				continue
			}
			if _, err := m.s.DecideSend(t.Context(), store.DefaultProject, out[i].ID, to, "asked them", act("decide")); err != nil {
				t.Fatal(err)
			}
		}
		got := []string{m.status(out[0].ID), m.status(out[1].ID), m.status(out[2].ID)}
		if want := []string{"sent", "failed", "queued"}; !slices.Equal(got, want) {
			t.Errorf("statuses %q, want %q", got, want)
		}
		if list := m.claim(); len(list) != 1 || list[0].ID != out[2].ID {
			t.Errorf("claimed %+v", list)
		}
		if _, err := m.s.DecideSend(t.Context(), store.DefaultProject, out[0].ID, send.StatusQueued, "", act("decide")); err == nil {
			t.Error("a send that was sent is sent again")
		}
		verified(t, m.s)
	})
}

func TestWhatIsQueuedIsHandedOverAtOnceWhileThePeriodicLookWaitsForItsTurn(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		m := newMailing(t, open)
		turn := job.NewJob{Kind: store.SendKind, Key: store.SendKind, Alone: true, DueAt: m.now.Add(15 * time.Second)}
		if _, err := m.s.Enqueue(t.Context(), []job.NewJob{turn}); err != nil {
			t.Fatal(err)
		}
		m.queue(send.Content{Subject: "Hi", Transactional: true, From: send.Mailbox{Address: "app@send.test"}}, "lea@acme.test")
		jobs, err := m.s.ClaimJobs(t.Context(), job.ClaimQuery{
			Rooms: []job.Room{{Kind: store.SendKind, Limit: 10}}, Limit: 10, Lease: "l", Until: m.now.Add(time.Minute), Now: m.now,
		})
		if err != nil || len(jobs) != 1 {
			t.Errorf("%d jobs hand it over now, %v", len(jobs), err)
		}
	})
}

func TestTheSameIntentIsSentOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		m := newMailing(t, open)
		ask := func(ids ...string) []store.QueuedSend {
			b := &store.SendBatch{Source: m.src, Content: &send.Content{Transactional: true}, Origin: "rule:rul_1"}
			for i, id := range ids {
				b.Sends = append(b.Sends, store.NewSend{
					ID: id, Intent: fmt.Sprintf("event-%d", i), Change: contact.Change{Address: fmt.Sprintf("p%d@acme.test", i)},
					Data: json.RawMessage(`{"n":1}`),
				})
			}
			out, err := m.s.QueueSends(t.Context(), b, nil)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		ask("snd_a")
		out := ask("snd_b", "snd_c")
		if !out[0].Known || out[0].ID != "snd_a" || out[1].Known {
			t.Errorf("the second time: %+v", out)
		}
		if list := m.claim(); len(list) != 2 || string(list[0].Data) != `{"n":1}` {
			t.Errorf("claimed %+v", list)
		}
		verified(t, m.s)
	})
}

func TestSendsGoWithTheirMessagesAndContentsWithTheirLastSend(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		m := &mailing{t: t, now: start.Add(time.Hour)}
		m.s = open(func(o *store.Options) {
			o.Now = func() time.Time { return m.now }
			o.Retention = store.Retention{Events: 24 * time.Hour}
		})
		m.feed = newFeed(t, m.s, "ses")
		m.src = m.feed.src
		content := send.Content{Transactional: true}
		m.queue(content, "ann@acme.test", "bob@acme.test")
		claimed := m.claim()
		m.settle(m.sent(&claimed[0], "0102-a"), store.SendOutcome{Send: &claimed[1], Status: send.StatusUncertain})
		m.queue(content, "cid@acme.test") // it stays in the queue
		m.now = m.now.Add(30 * time.Hour)
		m.queue(content, "dan@acme.test")
		retained := func() (sends int64) {
			for range 3 { // of events, of messages, of sends
				r, err := m.s.Retain(t.Context(), m.now)
				if err != nil {
					t.Fatal(err)
				}
				sends += r.Sends
			}
			return sends
		}
		left := func() (ids []string) {
			list, err := m.s.Sends(t.Context(), store.SendQuery{Project: store.DefaultProject, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range list {
				ids = append(ids, x.ID)
				if !x.Content.Transactional {
					t.Errorf("%s has lost its content", x.ID)
				}
			}
			return ids
		}
		if n := retained(); n != 1 || !slices.Equal(left(), []string{"snd_0004", "snd_0003", "snd_0002"}) {
			t.Errorf("%d removed, left %v", n, left())
		}
		m.settle(store.SendOutcome{Send: &claimed[1], Status: send.StatusSent, Sender: "snr_1"})
		m.now = m.now.Add(30 * time.Hour)
		if n := retained(); n != 1 || !slices.Equal(left(), []string{"snd_0004", "snd_0003"}) {
			t.Errorf("%d removed, left %v", n, left())
		}
	})
}
