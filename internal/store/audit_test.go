package store_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/source"
	"tidings/internal/store"
)

func actAt(when time.Time, operation, subject string) store.Act {
	return store.Act{
		At: when, Project: store.DefaultProject, By: "key_1", Door: "api", Operation: operation, Subject: subject,
	}
}

func acts(t *testing.T, s *store.Store, q store.AuditQuery) store.ActPage {
	t.Helper()
	q.Project = store.DefaultProject
	page, err := s.Acts(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func apiKey(id string) store.Key {
	return store.Key{
		ID: id, Project: store.DefaultProject, Kind: store.SecretKey, Hash: sha256.Sum256([]byte(id)), CreatedAt: start,
	}
}

func TestAnActIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		want := actAt(start, "createKey", "key_a")
		want.Note = "for the dashboard"
		want.Changes = []store.Change{{Field: "name", To: "dash"}, {Field: "path", From: "a"}, {Field: "token"}}
		if err := s.CreateKey(t.Context(), apiKey("key_a"), want); err != nil {
			t.Fatal(err)
		}
		got := acts(t, s, store.AuditQuery{}).Acts
		if diff := cmp.Diff([]store.RecordedAct{{Ref: 1, ID: "act_1", Act: want}}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestActsAreFilteredAndPagedNewestFirst(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		for i := range 6 {
			act := actAt(start.Add(time.Duration(i)*time.Hour), "createKey", fmt.Sprintf("key_%d", i))
			if i%2 == 1 {
				act.By, act.Door = "cli", "cli"
			}
			if err := s.CreateKey(t.Context(), apiKey(act.Subject), act); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.RevokeKey(t.Context(), store.DefaultProject, "key_2", actAt(start.Add(6*time.Hour), "revokeKey", "key_2")); err != nil {
			t.Fatal(err)
		}
		subjects := func(page store.ActPage) string {
			var list []string
			for _, x := range page.Acts {
				list = append(list, x.Subject)
			}
			return strings.Join(list, " ")
		}
		for _, c := range []struct {
			name, want string
			q          store.AuditQuery
		}{
			{"operation", "key_2", store.AuditQuery{Operation: "revokeKey"}},
			{"by", "key_5 key_3 key_1", store.AuditQuery{By: "cli"}},
			{"door", "key_2 key_4 key_2 key_0", store.AuditQuery{Door: "api"}},
			{"subject", "key_5", store.AuditQuery{Subject: "key_5"}},
			{"subject that is an address of nobody", "", store.AuditQuery{Subject: "nobody@acme.test"}},
			{"span", "key_3 key_2", store.AuditQuery{From: start.Add(2 * time.Hour), To: start.Add(4 * time.Hour)}},
			{"both", "key_2", store.AuditQuery{Subject: "key_2", Operation: "createKey"}},
		} {
			if got := subjects(acts(t, s, c.q)); got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
		var all []string
		for q := (store.AuditQuery{Limit: 3}); ; {
			page := acts(t, s, q)
			all = append(all, subjects(page))
			if q.After = page.Next; page.Next == 0 {
				break
			}
		}
		if got := strings.Join(all, " | "); got != "key_2 key_5 key_4 | key_3 key_2 key_1 | key_0" {
			t.Errorf("page by page: %s", got)
		}
	})
}

func TestActsOfAnotherProjectAreNotShown(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		if err := s.Exec(t.Context(), `INSERT INTO projects (id, name, created_at) VALUES ('prj_other', 'Other', 1)`); err != nil {
			t.Fatal(err)
		}
		other := apiKey("key_a")
		other.Project = "prj_other"
		if err := s.CreateKey(t.Context(), other, actAt(start, "createKey", "key_a")); err != nil {
			t.Fatal(err)
		}
		if page := acts(t, s, store.AuditQuery{Subject: "key_a"}); len(page.Acts) != 0 {
			t.Errorf("acts %+v", page.Acts)
		}
		page, err := s.Acts(t.Context(), store.AuditQuery{Project: "prj_other"})
		if err != nil || len(page.Acts) != 1 {
			t.Errorf("acts of their own project %+v, %v", page, err)
		}
	})
}

func TestALiftIsNotedForTheContactWhateverItWasCalled(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		_, err := s.Suppress(t.Context(), store.DefaultProject, []store.NewSuppression{
			{Address: "ann@acme.test", Reason: contact.Manual, Since: start},
			{Address: "ann@acme.test", Reason: contact.HardBounce, Since: start},
		}, false, actAt(start, "suppress", ""))
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Lift(t.Context(), store.DefaultProject, "Ann@ACME.test", "", "moved", actAt(start.Add(time.Hour), "lift", "Ann@ACME.test"))
		if err != nil {
			t.Fatal(err)
		}
		k, err := s.Contact(t.Context(), store.DefaultProject, "ann@acme.test")
		if err != nil {
			t.Fatal(err)
		}
		want := []store.Change{{Field: "suppressions", From: "hard_bounce"}, {Field: "suppressions", From: "manual"}}
		for _, subject := range []string{k.ID, "ann@acme.test", "ANN@acme.test"} {
			got := acts(t, s, store.AuditQuery{Subject: subject, Operation: "lift"}).Acts
			if len(got) != 1 || got[0].Subject != k.ID || cmp.Diff(want, got[0].Changes) != "" {
				t.Errorf("by %s: %+v", subject, got)
			}
		}
		_, err = s.Lift(t.Context(), store.DefaultProject, "ann@acme.test", "", "again", actAt(start.Add(2*time.Hour), "lift", ""))
		if got := acts(t, s, store.AuditQuery{Operation: "lift"}).Acts; !fault.Is(err, fault.NotFound) || len(got) != 1 {
			t.Errorf("a lift of nothing: %v, acts %+v", err, got)
		}
	})
}

func TestARevocationIsNotedOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		if err := s.CreateKey(t.Context(), apiKey("key_a"), actAt(start, "createKey", "key_a")); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			when := start.Add(time.Duration(i+1) * time.Hour)
			k, err := s.RevokeKey(t.Context(), store.DefaultProject, "key_a", actAt(when, "revokeKey", "key_a"))
			if err != nil || !k.RevokedAt.Equal(start.Add(time.Hour)) {
				t.Errorf("revoked at %s, %v", k.RevokedAt, err)
			}
		}
		_, err := s.RevokeKey(t.Context(), store.DefaultProject, "key_none", actAt(start, "revokeKey", "key_none"))
		if got := acts(t, s, store.AuditQuery{Operation: "revokeKey"}).Acts; !fault.Is(err, fault.NotFound) || len(got) != 1 {
			t.Errorf("%v, acts %+v", err, got)
		}
	})
}

func TestAKeyKeepsItsScopesAndItsEnd(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		want := apiKey("key_a")
		want.Scopes, want.ExpiresAt = store.ScopesOf([]string{"stats:read", "events:read", "stats:read"}), start.Add(time.Hour)
		if err := s.CreateKey(t.Context(), want, actAt(start, "createKey", "key_a")); err != nil {
			t.Fatal(err)
		}
		got, err := s.KeyByHash(t.Context(), want.Hash)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" || got.Scopes != "events:read stats:read" {
			t.Errorf("scopes %q: %s", got.Scopes, diff)
		}
	})
}

func TestASourceThatWasChangedInBetweenIsNotOverwritten(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		src := &source.Source{
			ID: "src_1", Project: store.DefaultProject, Name: "one", Provider: "ses",
			TokenHash: sha256.Sum256([]byte("one")), CreatedAt: start,
		}
		if err := s.CreateSource(t.Context(), src, actAt(start, "createSource", src.ID)); err != nil || src.Version != 1 {
			t.Fatalf("version %d, %v", src.Version, err)
		}
		mine, theirs := *src, *src
		theirs.Name = "theirs"
		if err := s.UpdateSource(t.Context(), &theirs, actAt(start, "updateSource", src.ID)); err != nil || theirs.Version != 2 {
			t.Fatalf("version %d, %v", theirs.Version, err)
		}
		mine.Name = "mine"
		err := s.UpdateSource(t.Context(), &mine, actAt(start, "updateSource", src.ID))
		if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "changed in between") || mine.Version != 1 {
			t.Errorf("version %d, %v", mine.Version, err)
		}
		got, err := s.Source(t.Context(), store.DefaultProject, src.ID)
		if err != nil || got.Name != "theirs" || got.Version != 2 {
			t.Errorf("stored %+v, %v", got, err)
		}
		if n := len(acts(t, s, store.AuditQuery{Operation: "updateSource"}).Acts); n != 1 {
			t.Errorf("%d acts, want 1", n)
		}
		mine.ID = "src_none"
		if err := s.UpdateSource(t.Context(), &mine, actAt(start, "updateSource", mine.ID)); !fault.Is(err, fault.NotFound) {
			t.Errorf("a source that is not there: %v", err)
		}
	})
}

func TestAConfirmationByHandIsStoredWithItsAct(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		err := s.ConfirmByHand(t.Context(), "prj_none", 1, start, "", actAt(start, "confirmSubscription", "src_1"))
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("in a project that is not there: %v", err)
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		f := newFeed(t, s, "one")
		must(s.Exec(t.Context(), fmt.Sprintf(`INSERT INTO confirmations (source, key, topic, note, url, asked_at)
			VALUES (%d, 'k', 't', '', 'https://sns.test/', 1)`, f.src.Ref)))
		must(s.ConfirmByHand(t.Context(), store.DefaultProject, 1, start, "", actAt(start, "confirmSubscription", f.src.ID)))
		list, err := s.Confirmations(t.Context(), f.src.Ref)
		must(err)
		if len(list) != 1 || !list[0].ConfirmedAt.Equal(start) {
			t.Errorf("confirmations %+v", list)
		}
		if n := len(acts(t, s, store.AuditQuery{Operation: "confirmSubscription", Subject: f.src.ID}).Acts); n != 1 {
			t.Errorf("%d acts, want 1", n)
		}
	})
}
