package store_test

import (
	"testing"
	"time"

	"tidings/internal/contact"
	"tidings/internal/store"
)

func byKey(at time.Time) store.Act {
	return store.Act{At: at, By: "key_1", Door: "test", Operation: "test"}
}

func TestARemovedContactLeavesItsSegmentsAndComesBackEmpty(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s, ctx := open(), t.Context()
		id := "u1"
		edit(t, s, contact.Change{
			Address: "ann@acme.test", Attributes: data(t, `{"plan":"team"}`), Tags: []string{"vip"}, ExternalID: &id, Consent: contact.OptOut,
		})
		x := staticSegment(t, s, "ann@acme.test")
		if err := s.RemoveContact(ctx, store.DefaultProject, "ext:u1", byKey(start)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Segment(ctx, store.DefaultProject, x.ID); err != nil || got.Members != 0 {
			t.Errorf("segment %+v %v", got, err)
		}
		if got := selectedBy(t, s, `{"field":"data.plan","operator":"exists"}`); len(got) != 0 {
			t.Errorf("it is still found: %v", got)
		}
		if out := edit(t, s, contact.Change{Address: "ann@acme.test", Update: true, Tags: []string{"a"}}); out[0].ID != "" {
			t.Errorf("a change that wants it there found it: %+v", out)
		}
		if out := edit(t, s, contact.Change{Address: "ann@acme.test"}); !out[0].Created {
			t.Errorf("%+v", out)
		}
		k, err := s.Contact(ctx, store.DefaultProject, "ann@acme.test")
		if err != nil || string(k.Attributes) != "{}" || len(k.Tags) != 0 || k.ExternalID != "" || !k.State.Unsubscribed {
			t.Errorf("%+v %v", k, err)
		}
		addsUp(t, s)
	})
}

func TestMergedContactsAreOneAndAddUp(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s, ctx := open(), t.Context()
		id := "u1"
		if _, err := s.CreateTopic(ctx, store.DefaultProject, store.Topic{Slug: "news", Name: "News"}, byKey(start)); err != nil {
			t.Fatal(err)
		}
		edit(t, s,
			contact.Change{
				Address: "old@acme.test", Attributes: data(t, `{"plan":"team","city":"Rome"}`), Tags: []string{"a"}, ExternalID: &id,
				Consent: contact.OptOut, Topics: map[string]bool{"news": true}, At: start.UnixMilli() + 5,
			},
			contact.Change{Address: "new@acme.test", Attributes: data(t, `{"plan":"pro"}`), Tags: []string{"b"}, Consent: contact.OptIn},
		)
		x := staticSegment(t, s, "old@acme.test")
		_, err := s.Suppress(ctx, store.DefaultProject, []store.NewSuppression{
			{Address: "old@acme.test", Reason: contact.Manual, Since: start}, {Address: "old@acme.test", Reason: contact.HardBounce, Since: start},
		}, false, byKey(start))
		if err != nil {
			t.Fatal(err)
		}
		into, err := s.MergeContacts(ctx, store.DefaultProject, "new@acme.test", "ext:u1",
			contact.Change{At: start.UnixMilli(), Origin: "merge"}, byKey(start.Add(time.Hour)))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{into, "new@acme.test", "old@acme.test", "ext:u1"} {
			k, err := s.Contact(ctx, store.DefaultProject, name)
			if err != nil || k.ID != into {
				t.Fatalf("%s is %+v, %v", name, k, err)
			}
			if string(k.Attributes) != `{"city":"Rome","plan":"pro"}` || len(k.Tags) != 2 || len(k.Topics) != 1 || !k.Topics[0].Takes ||
				!k.State.Unsubscribed || k.ExternalID != "u1" || len(k.Suppressions) != 1 || k.Suppressions[0].Reason != contact.Manual {
				t.Errorf("%s is %+v", name, k)
			}
		}
		if got, err := s.Segment(ctx, store.DefaultProject, x.ID); err != nil || got.Members != 1 {
			t.Errorf("segment %+v %v", got, err)
		}
		held, err := s.Suppression(ctx, store.DefaultProject, "old@acme.test", contact.HardBounce)
		if err != nil || !held.LiftedAt.IsZero() {
			t.Errorf("the old address: %+v %v", held, err)
		}
		addsUp(t, s)
	})
}

func staticSegment(t *testing.T, s *store.Store, member string) store.Segment {
	t.Helper()
	x, err := s.CreateSegment(t.Context(), store.DefaultProject, store.Segment{
		ID: "seg_1", Name: "List", Slug: "list", Type: store.StaticSegment,
	}, byKey(start))
	if err == nil {
		_, _, err = s.AddMembers(t.Context(), store.DefaultProject, x.ID, []string{member}, byKey(start))
	}
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func addsUp(t *testing.T, s *store.Store) {
	t.Helper()
	v, err := s.Verify(t.Context(), nil)
	if err != nil || len(v.Differences) > 0 {
		t.Errorf("%v %v", v.Differences, err)
	}
}
