package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/store"
)

// walkContacts reads all pages of a question and returns the addresses in order. It fails where a page is longer than its limit.
func walkContacts(t *testing.T, s *store.Store, q store.ContactQuery) (addresses []string, pages int) {
	t.Helper()
	q.Project, q.Now = store.DefaultProject, start.Add(24*time.Hour)
	addresses = []string{}
	for pages = 1; ; pages++ {
		page, err := s.ListContacts(t.Context(), q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		if q.Limit > 0 && len(page.Contacts) > q.Limit || pages > 100 {
			t.Fatalf("%+v: page %d has %d contacts", q, pages, len(page.Contacts))
		}
		for _, k := range page.Contacts {
			addresses = append(addresses, k.Address)
		}
		if page.Next == (store.ContactPlace{}) {
			return addresses, pages
		}
		q.After = page.Next
	}
}

func hardBounce(d *event.Draft) { d.Bounce = &event.Bounce{Class: event.Hard, Final: true} }

// people are contacts of which each is of another kind. The newest is the last.
func people(t *testing.T, s *store.Store) {
	t.Helper()
	f := newFeed(t, s, "one")
	for i, x := range []fact{
		{name: event.EmailSent, to: "ann@acme.test"},
		{name: event.EmailUnsubscribe, to: "bob@acme.test"},
		{name: event.EmailBounce, to: "ghost@acme.test", change: hardBounce},
		{name: event.EmailSent, to: "joann@mail.acme.test"},
		{name: event.EmailSent, to: "annie@other.test"},
		{name: event.EmailSent, to: `"a@b"@other.test`},
		{name: event.EmailSent, to: "x@blocked.test"},
	} {
		x.message, x.at = fmt.Sprint("m", i), time.Duration(i)*time.Hour
		f.commit(f.entry(x))
	}
	_, err := s.SuppressPattern(t.Context(), store.DefaultProject, contact.Pattern("*@blocked.test"), "spam traps",
		store.Act{At: start, By: "test", Door: "test", Operation: "suppress"})
	if err != nil {
		t.Fatal(err)
	}
}

func TestContactsAreFoundByWhatIsAskedWhateverTheLengthOfAPage(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		people(t, s)
		yes, no := true, false
		for name, c := range map[string]struct {
			q    store.ContactQuery
			want string
		}{
			"all, newest first": {store.ContactQuery{}, "x@blocked.test \"a@b\"@other.test annie@other.test joann@mail.acme.test " +
				"ghost@acme.test bob@acme.test ann@acme.test"},
			"a text: first those that begin with it, by address": {
				store.ContactQuery{Search: "ann"}, "ann@acme.test annie@other.test joann@mail.acme.test",
			},
			"a whole address":          {store.ContactQuery{Search: "bob@acme.test"}, "bob@acme.test"},
			"nobody":                   {store.ContactQuery{Search: "zoe"}, ""},
			"a domain":                 {store.ContactQuery{Domain: "acme.test"}, "ghost@acme.test bob@acme.test ann@acme.test"},
			"behind the last @":        {store.ContactQuery{Domain: "other.test"}, "\"a@b\"@other.test annie@other.test"},
			"a text within a domain":   {store.ContactQuery{Domain: "acme.test", Search: "o"}, "ghost@acme.test bob@acme.test"},
			"may be mailed":            {store.ContactQuery{Subscribed: &yes}, "\"a@b\"@other.test annie@other.test joann@mail.acme.test ann@acme.test"},
			"may not be mailed":        {store.ContactQuery{Subscribed: &no}, "x@blocked.test ghost@acme.test bob@acme.test"},
			"suppressed":               {store.ContactQuery{Suppressed: &yes}, "x@blocked.test ghost@acme.test"},
			"unsubscribed, that alone": {store.ContactQuery{Suppressed: &no, Subscribed: &no}, "bob@acme.test"},
			"seen in a span": {
				store.ContactQuery{SeenAfter: start.Add(time.Hour), SeenBefore: start.Add(3 * time.Hour)}, "ghost@acme.test bob@acme.test",
			},
			"a percent sign is itself": {store.ContactQuery{Search: "%"}, ""},
		} {
			for limit := range 4 {
				c.q.Limit = limit
				got, _ := walkContacts(t, s, c.q)
				if diff := cmp.Diff(strings.Fields(c.want), got); diff != "" {
					t.Errorf("%s, %d a page:\n%s", name, limit, diff)
				}
			}
		}
		page, err := s.ListContacts(t.Context(), store.ContactQuery{Project: store.DefaultProject, Search: "x@"})
		if err != nil || len(page.Contacts) != 1 || len(page.Contacts[0].Patterns) != 1 || page.Contacts[0].Project != store.DefaultProject {
			t.Errorf("page %+v, %v", page, err)
		}
		one, err := s.Contact(t.Context(), store.DefaultProject, "ghost@acme.test")
		if err != nil {
			t.Fatal(err)
		}
		list, err := s.ListContacts(t.Context(), store.ContactQuery{Project: store.DefaultProject, Search: one.Address})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]store.Contact{one}, list.Contacts); diff != "" {
			t.Errorf("in the list a contact is another than alone:\n%s", diff)
		}
	})
}

// A page must not cost what the whole store does: it ends at a bound, and goes on there.
func TestAPageOfContactsThatHardlyMatchEndsAtABoundAndGoesOn(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		people(t, s)
		numbers := "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 12000) "
		err := s.Exec(t.Context(), numbers+`INSERT INTO contacts (project, address, counts, created_at, updated_at)
			SELECT 1, 'many' || CAST(v AS TEXT) || '@many.test', (SELECT counts FROM contacts LIMIT 1), 1, 1 FROM n`)
		if err != nil {
			t.Fatal(err)
		}
		for name, q := range map[string]store.ContactQuery{
			"a text elsewhere": {Search: "host@"}, "a time": {SeenAfter: start.Add(2 * time.Hour), SeenBefore: start.Add(3 * time.Hour)},
		} {
			if got, pages := walkContacts(t, s, q); len(got) != 1 || got[0] != "ghost@acme.test" || pages != 2 {
				t.Errorf("%s: %v in %d pages, want the one contact in two", name, got, pages)
			}
		}
		if got, pages := walkContacts(t, s, store.ContactQuery{Domain: "acme.test"}); len(got) != 3 || pages != 1 {
			t.Errorf("a domain: %v in %d pages", got, pages)
		}
		if got, _ := walkContacts(t, s, store.ContactQuery{Search: "many1", Limit: 1000}); len(got) != 3112 {
			t.Errorf("%d addresses begin with many1, want 3112", len(got))
		}
	})
}

func TestEveryQuestionAboutContactsWalksAnIndex(t *testing.T) {
	t.Parallel()
	s := opener(t, "sqlite")()
	people(t, s)
	yes := true
	for want, q := range map[string]store.ContactQuery{
		"SEARCH contacts USING INDEX sqlite_autoindex_contacts_1 (project=? AND address>? AND address<?)": {Search: "ann"},
		"SEARCH contacts USING INDEX contacts_domain (project=? AND <expr>=?)":                            {Domain: "acme.test"},
		"SEARCH contacts USING INDEX contacts_domain (project=? AND <expr>=? AND rowid<?)": {
			Domain: "acme.test", After: store.ContactPlace{Ref: 3},
		},
		"SCAN contacts": {}, // backwards along the rowid, and it ends at the limit
		"SEARCH contacts USING INTEGER PRIMARY KEY (rowid<?)": {Suppressed: &yes, After: store.ContactPlace{Ref: 3}},
	} {
		q.Project = store.DefaultProject
		if got, err := s.ExplainContacts(t.Context(), q); err != nil || got != want {
			t.Errorf("%+v:\n%s, %v, want\n%s", q, got, err, want)
		}
	}
}
