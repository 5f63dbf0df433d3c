package store_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/send"
	"tidings/internal/store"
)

// writes is a mail from somebody, as inbound mail tells of it: received, and a reply where it answers something.
func writes(from string, at time.Duration, answers ...string) []fact {
	received := fact{name: event.EmailReceived, to: from, at: at}
	if len(answers) == 0 {
		return []fact{received}
	}
	data, err := json.Marshal(map[string]any{"from": from, "inReplyTo": answers[0], "references": answers[1:]})
	if err != nil {
		panic(err)
	}
	return []fact{received, {name: event.EmailReply, message: answers[0], to: from, at: at, change: func(d *event.Draft) {
		d.Data = data
	}}}
}

// replies lists whose replies are stored, and to which message.
func replies(t *testing.T, s *store.Store) (list []string) {
	t.Helper()
	page, err := s.ListEvents(t.Context(), store.EventQuery{
		Project: store.DefaultProject, Names: []event.Name{event.EmailReply}, Limit: 50,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range page.Events {
		list = append(list, e.Recipient+" "+e.Message.ID+" "+e.Message.Template+" "+string(e.Attribution))
	}
	slices.Sort(list)
	return list
}

func TestAReplyIsOfTheMailThatItAnswersAndOfItsRecipient(t *testing.T) {
	const ses = "0102019a1f6e8d2f-one"
	for what, c := range map[string]struct {
		from    string
		answers []string
		want    []string
	}{
		"our Message-ID":                 {"ann@acme.test", []string{"snd_0001@send.test"}, []string{"ann@acme.test " + ses + " onboarding/welcome exact"}},
		"SES's id":                       {"ann@acme.test", []string{ses}, []string{"ann@acme.test " + ses + " onboarding/welcome exact"}},
		"in a thread":                    {"ann@acme.test", []string{"bob-1@acme.test", "snd_0001@send.test"}, []string{"ann@acme.test " + ses + " onboarding/welcome exact"}},
		"from another mailbox":           {"ann@home.test", []string{"snd_0001@send.test"}, []string{"ann@acme.test " + ses + " onboarding/welcome candidates"}},
		"by another recipient of ours":   {"bob@acme.test", []string{"snd_0001@send.test"}, []string{"ann@acme.test " + ses + " onboarding/welcome candidates"}},
		"of a mail that nobody knows":    {"ann@acme.test", []string{"snd_0009@send.test", "x@acme.test"}, nil},
		"of nothing":                     {"ann@acme.test", nil, nil},
		"SES's id of several recipients": {"cid@acme.test", []string{"0102-two"}, []string{"cid@acme.test 0102-two  exact"}},
		"the same from somebody else":    {"eve@acme.test", []string{"0102-two"}, nil},
	} {
		onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
			m := newMailing(t, open)
			m.queue(send.Content{Label: "onboarding/welcome", Transactional: true}, "ann@acme.test", "bob@acme.test")
			claimed := m.claim()
			m.settle(m.sent(&claimed[0], ses), m.sent(&claimed[1], "0102019a1f6e8d2f-bob"))
			m.commit(m.entry(
				fact{name: event.EmailSent, message: "0102-two", to: "cid@acme.test", at: time.Hour},
				fact{name: event.EmailSent, message: "0102-two", to: "dan@acme.test", at: time.Hour},
			))
			in := newFeedOf(t, m.s, "inbound", "inbound")
			in.commit(in.entry(writes(c.from, 3*time.Hour, c.answers...)...))
			in.commit(in.entry(writes(c.from, 3*time.Hour, c.answers...)...))
			if got := replies(t, m.s); !slices.Equal(got, c.want) {
				t.Errorf("%s: %q, want %q", what, got, c.want)
			}
			list, err := m.s.Messages(t.Context(), store.DefaultProject, ses)
			if err != nil || len(list) != 1 || list[0].Provider != "ses" {
				t.Errorf("%s: messages %+v, %v", what, list, err)
			}
			verified(t, m.s)
		})
	}
}

func TestAReplyMayComeBeforeTheHandOverIsStored(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		m := newMailing(t, open)
		m.queue(send.Content{Transactional: true}, "ann@acme.test")
		claimed := m.claim()
		in := newFeedOf(t, m.s, "inbound", "inbound")
		in.commit(in.entry(writes("ann@acme.test", 3*time.Hour, "snd_0001@send.test")...))
		if got := m.status("snd_0001"); got != "sent" {
			t.Errorf("a send that was answered is %s", got)
		}
		m.settle(m.sent(&claimed[0], "0102-one"))
		want := []string{"email.queued 0102-one", "email.received", "email.reply 0102-one", "email.sent 0102-one"}
		if got := m.story("ann@acme.test"); !slices.Equal(got, want) {
			t.Errorf("story %q, want %q", got, want)
		}
		verified(t, m.s)
	})
}

func TestWhoWritesToUsIsNotSubscribedByThat(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		m := newMailing(t, open)
		m.commit(m.entry(fact{name: event.EmailDelivery, message: "0102-x", to: "known@acme.test", at: time.Hour}))
		in := newFeedOf(t, m.s, "inbound", "inbound")
		in.commit(in.entry(append(writes("new@acme.test", 3*time.Hour), writes("known@acme.test", 3*time.Hour)...)...))
		for address, subscribed := range map[string]bool{"new@acme.test": false, "known@acme.test": true} {
			k, err := m.s.Contact(t.Context(), store.DefaultProject, address)
			if err != nil || k.State.Unsubscribed == subscribed {
				t.Errorf("%s: subscribed %v, want %v, %v", address, !k.State.Unsubscribed, subscribed, err)
			}
		}
		for _, line := range m.story("new@acme.test") {
			if line != "email.received" {
				t.Errorf("who wrote has the event %s", line)
			}
		}
		verified(t, m.s)
	})
}

// hard makes a hard bounce of what a draft is.
func hard(and func(*event.Draft)) func(*event.Draft) {
	return func(d *event.Draft) {
		and(d)
		d.Bounce = &event.Bounce{Class: event.Hard, Final: true}
	}
}

// A report that comes by mail names its mail by our id, and the address that an alias led to.
func TestAReportIsOfTheMailThatItIsAboutWhateverItsAddress(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		m := newMailing(t, open)
		m.queue(send.Content{Transactional: true}, "ann@acme.test")
		claimed := m.claim()
		handed := m.sent(&claimed[0], "snd_0001@send.test")
		handed.Source.Provider = "smtp"
		m.settle(handed)
		reports := newFeedOf(t, m.s, "dsn", "dsn")
		bounce := back(event.EmailBounce, "rewritten@relay.test", "ann.moved@else.test", "snd_0001", 3*time.Hour)
		bounce.change = hard(bounce.change)
		reports.commit(reports.entry(bounce))
		want := []string{"email.bounce snd_0001@send.test", "email.queued snd_0001@send.test", "email.sent snd_0001@send.test"}
		if got := m.story("ann@acme.test"); !slices.Equal(got, want) {
			t.Errorf("story %q, want %q", got, want)
		}
		k, err := m.s.Contact(t.Context(), store.DefaultProject, "ann@acme.test")
		if err != nil || len(k.Suppressions) == 0 {
			t.Errorf("contact %+v, %v", k, err)
		}
		if _, err := m.s.Contact(t.Context(), store.DefaultProject, "ann.moved@else.test"); err == nil {
			t.Error("the address that nobody mailed is a contact")
		}
		verified(t, m.s)
	})
}
