package store_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/receipt"
	"tidings/internal/store"
)

func data(t *testing.T, object string) map[string]json.RawMessage {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(object), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func edit(t *testing.T, s *store.Store, changes ...contact.Change) []receipt.ContactOutcome {
	t.Helper()
	for i := range changes {
		if changes[i].At == 0 {
			changes[i].At = start.UnixMilli()
		}
	}
	out, err := s.EditContacts(t.Context(), store.DefaultProject, changes,
		store.Act{At: start, By: "key_1", Door: "test", Operation: "updateContact"})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAChangeMakesAContactAndMergesItsAttributes(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		out := edit(t, s, contact.Change{
			Address: "ann@acme.test", Attributes: data(t, `{"plan":"team","address":{"city":"Rome"},"n":1}`), Tags: []string{"vip"},
		})
		if !out[0].Created || !out[0].Changed || out[0].ID == "" {
			t.Fatalf("%+v", out)
		}
		out = edit(t, s, contact.Change{
			Address: "ann@acme.test", Attributes: data(t, `{"plan":null,"address":{"zip":"1"},"n":1}`), Untag: []string{"vip"},
		})
		if out[0].Created || !out[0].Changed {
			t.Fatalf("%+v", out)
		}
		k, err := s.Contact(t.Context(), store.DefaultProject, "ann@acme.test")
		if err != nil {
			t.Fatal(err)
		}
		if got := string(k.Attributes); got != `{"address":{"zip":"1"},"n":1}` {
			t.Errorf("attributes %s", got)
		}
		f, err := s.Facts(t.Context(), store.DefaultProject, "ann@acme.test", ownFields(t), start.UnixMilli())
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Tags) != 0 || len(f.Data["address.city"]) != 0 || len(f.Data["address.zip"]) != 1 {
			t.Errorf("facts %+v", f)
		}
		if got := selectedBy(t, s, `{"field":"data.address.city","operator":"exists"}`); len(got) != 0 {
			t.Errorf("the city that was taken away is still found: %v", got)
		}
		if got := selectedBy(t, s, `{"field":"data.address.zip","operator":"equals","value":"1"}`); len(got) != 1 {
			t.Errorf("the new key is not found: %v", got)
		}
		if out = edit(t, s, contact.Change{Address: "ann@acme.test", Attributes: data(t, `{"n": 1}`)}); out[0].Changed {
			t.Error("the same value is said to be a change")
		}
	})
}

func TestAttributesBeyondTheirBoundStayAsTheyAreAndTheRestIsDone(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		edit(t, s, contact.Change{Address: "ann@acme.test", Attributes: data(t, `{"plan":"team"}`)})
		big := fmt.Sprintf(`{"big":%q}`, strings.Repeat("x", contact.MaxAttributes))
		out := edit(t, s, contact.Change{Address: "ann@acme.test", Attributes: data(t, big), Tags: []string{"vip"}})
		if out[0].Problem != receipt.ProblemAttributes || !out[0].Changed {
			t.Errorf("%+v", out)
		}
		k, err := s.Contact(t.Context(), store.DefaultProject, "ann@acme.test")
		if err != nil || string(k.Attributes) != `{"plan":"team"}` {
			t.Errorf("%s, %v", k.Attributes, err)
		}
	})
}

func TestAnExternalIDIsOneContacts(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		id := "user-7"
		edit(t, s, contact.Change{Address: "ann@acme.test", ExternalID: &id})
		out := edit(t, s, contact.Change{Address: "bob@acme.test", ExternalID: &id})
		if out[0].Problem != receipt.ProblemExternalID || !out[0].Created {
			t.Errorf("%+v", out)
		}
	})
}

func TestAnUpdateMakesNoContact(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		if out := edit(t, s, contact.Change{Address: "ann@acme.test", Update: true, Tags: []string{"vip"}}); out[0].ID != "" {
			t.Errorf("%+v", out)
		}
		if _, err := s.Contact(t.Context(), store.DefaultProject, "ann@acme.test"); err == nil {
			t.Error("there is a contact now")
		}
	})
}

// flips lists the contact.* events of a store, oldest first, with their data.
func flips(t *testing.T, s *store.Store) (list []string) {
	t.Helper()
	page, err := s.ListEvents(t.Context(), store.EventQuery{
		Project: store.DefaultProject, Names: []event.Name{event.ContactSubscribed, event.ContactUnsubscribed},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := len(page.Events) - 1; i >= 0; i-- {
		e := page.Events[i]
		list = append(list, fmt.Sprintf("%s %s %s", e.Name, e.Recipient, e.Data))
	}
	return list
}

func TestConsentFlipsAreEventsAndNothingElseIs(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "flip")
		at := func(n int) int64 { return start.Add(time.Duration(n) * time.Minute).UnixMilli() }
		say := func(n int, consent contact.Consent) {
			edit(t, s, contact.Change{Address: "ann@acme.test", Consent: consent, At: at(n), Origin: "api"})
		}
		say(0, contact.OptIn) // a new contact is subscribed anyway
		say(1, contact.OptOut)
		say(2, contact.OptOut) // again
		say(1, contact.OptIn)  // older than what was said last
		say(3, contact.OptIn)
		hard := func(d *event.Draft) { d.Bounce = &event.Bounce{Class: event.Hard, Reason: "no_such_user", Final: true} }
		f.commit(f.entry(fact{name: event.EmailBounce, message: "m1", to: "ann@acme.test", at: 4 * time.Minute, change: hard}))
		f.commit(f.entry(fact{name: event.EmailComplaint, message: "m1", to: "ann@acme.test", at: 5 * time.Minute}))
		say(6, contact.OptIn) // is already, and is suppressed
		f.commit(f.entry(fact{name: event.EmailUnsubscribe, message: "m1", to: "bob@acme.test", at: 7 * time.Minute}))
		want := []string{
			`contact.unsubscribed ann@acme.test {"origin":"api"}`,
			`contact.subscribed ann@acme.test {"origin":"api"}`,
			`contact.unsubscribed ann@acme.test {"origin":"email.bounce","reason":"bounce"}`,
			`contact.unsubscribed bob@acme.test {"origin":"email.unsubscribe"}`,
		}
		if diff := cmp.Diff(want, flips(t, s)); diff != "" {
			t.Errorf("flips (-want +got):\n%s", diff)
		}
		v, err := s.Verify(t.Context(), nil)
		if err != nil || len(v.Differences) > 0 {
			t.Errorf("%v %+v", err, v.Differences)
		}
	})
}
