package form_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/store"
)

func TestAFormWithoutConfirmationSubscribesAtOnceAndOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		f, path := w.form(false)
		first := w.send(path, " Ann@Acme.test ", "city", "Bern", "other", "x")
		if first.Status != http.StatusOK || !strings.Contains(first.Body, "Thank you") {
			w.Fatalf("%d %s", first.Status, first.Body)
		}
		k := w.contact("ann@acme.test")
		if k == nil || k.State.Unsubscribed || string(k.Attributes) != `{"city":"Bern","firstName":"Ann"}` {
			w.Fatalf("contact %+v", k)
		}
		if len(k.Topics) != 1 || k.Topics[0].Slug != "news" || !k.Topics[0].Takes {
			w.Errorf("topics %+v", k.Topics)
		}
		said, err := w.store.Consents(w.Context(), operator.Project, k.ID, 10)
		must(w, err)
		if len(said) != 2 || said[0].Origin != "form" || said[0].By != f.ID || !said[0].Subscribed {
			w.Errorf("consents %+v", said)
		}
		w.pass(time.Second)
		if again := w.send(path, "ann@acme.test"); !cmp.Equal(first, again) {
			w.Errorf("again: %s", cmp.Diff(first, again))
		}
		if list := w.events(); len(list) != 0 {
			w.Errorf("nobody flipped, and yet: %+v", list)
		}
	})
}

func TestNobodyIsSubscribedBeforeTheyConfirmedByPost(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		f, path := w.form(true)
		w.send(path, "ann@acme.test", "city", "Bern")
		k := w.contact("ann@acme.test")
		if k == nil || !k.State.Unsubscribed || len(k.Attributes) > 2 || len(k.Topics) != 0 || k.Confirmation == nil ||
			k.Confirmation.Form != f.ID || !k.Confirmation.ConfirmedAt.IsZero() {
			w.Fatalf("contact %+v", k)
		}
		asked := w.events()
		if len(asked) != 1 || asked[0].Name != event.ContactConfirmation || asked[0].Client == nil || asked[0].Client.UserAgent != "browser/1" {
			w.Fatalf("events %+v", asked)
		}
		link := w.link()
		before := w.dump()
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			for _, p := range []string{path, link} {
				if a := w.do(method, p, "", nil); a.Status != http.StatusOK || (method == http.MethodHead) != (a.Body == "") {
					w.Errorf("%s %s: %d", method, p, a.Status)
				}
			}
		}
		for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch} {
			if a := w.do(method, link, "", nil); a.Status != http.StatusMethodNotAllowed {
				w.Errorf("%s: %d", method, a.Status)
			}
		}
		if diff := cmp.Diff(before, w.dump()); diff != "" {
			w.Errorf("looking at links changed something:\n%s", diff)
		}
		w.pass(time.Hour)
		first := w.do(http.MethodPost, link, "", nil)
		k = w.contact("ann@acme.test")
		if first.Status != http.StatusOK || k.State.Unsubscribed || string(k.Attributes) != `{"city":"Bern","firstName":"Ann"}` ||
			len(k.Topics) != 1 || k.Confirmation.ConfirmedAt.IsZero() {
			w.Errorf("confirmed: %d, %+v", first.Status, k)
		}
		if list := w.events(event.ContactSubscribed); len(list) != 1 || !strings.Contains(string(list[0].Data), `"form"`) {
			w.Errorf("flips %+v", list)
		}
		no := false
		w.pass(time.Hour)
		_, err := w.control.UpdateContact(w.Context(), operator, k.ID, control.ContactEdit{Subscribed: &no})
		must(w, err)
		before = w.dump()
		w.pass(time.Hour)
		if again := w.do(http.MethodPost, link, "", nil); !cmp.Equal(first, again) {
			w.Errorf("a used link answers otherwise: %s", cmp.Diff(first, again))
		}
		if diff := cmp.Diff(before, w.dump()); diff != "" {
			w.Errorf("a used link changed something:\n%s", diff)
		}
		if list := w.verify(); len(list) > 0 {
			w.Errorf("verify: %v", list)
		}
	})
}

func (w *world) verify() []store.Difference {
	w.Helper()
	v, err := w.store.Verify(w.Context(), nil)
	must(w, err)
	return v.Differences
}

func TestWhoUnsubscribedIsSubscribedAgainOnlyByConfirming(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		_, path := w.form(false)
		no := false
		_, err := w.control.PutContact(w.Context(), operator, control.ContactEdit{Email: "gone@acme.test", Subscribed: &no})
		must(w, err)
		w.pass(time.Minute)
		w.send(path, "gone@acme.test")
		if k := w.contact("gone@acme.test"); !k.State.Unsubscribed {
			w.Error("a stranger subscribed whoever unsubscribed")
		}
		w.pass(time.Minute)
		if a := w.do(http.MethodPost, w.link(), "", nil); a.Status != http.StatusOK || w.contact("gone@acme.test").State.Unsubscribed {
			w.Errorf("the contact confirmed and is not subscribed: %d", a.Status)
		}
	})
}

func TestOneWishIsAsGoodAsAnotherForTenMinutesAndEndsAfterAWeek(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		_, path := w.form(true)
		_, other := w.form(true)
		for range 3 {
			w.send(path, "ann@acme.test")
		}
		if n := len(w.events(event.ContactConfirmation)); n != 1 {
			w.Errorf("%d events within ten minutes, want 1", n)
		}
		old := w.link()
		w.pass(time.Second)
		w.send(other, "ann@acme.test")
		w.pass(11 * time.Minute)
		w.send(path, "ann@acme.test")
		if n := len(w.events(event.ContactConfirmation)); n != 3 {
			w.Errorf("%d events, want 3", n)
		}
		w.pass(control.DefaultConfirmFor - 11*time.Minute)
		before := w.dump()
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if a := w.do(method, old, "", nil); a.Status != http.StatusGone || !strings.Contains(a.Body, "too old") {
				w.Errorf("%s of an old link: %d", method, a.Status)
			}
		}
		if diff := cmp.Diff(before, w.dump()); diff != "" {
			w.Errorf("an old link changed something:\n%s", diff)
		}
		fresh := w.link()
		if a := w.do(http.MethodPost, fresh, "", nil); a.Status != http.StatusOK || w.contact("ann@acme.test").State.Unsubscribed {
			w.Errorf("the newer link: %d", a.Status)
		}
		w.pass(60 * 24 * time.Hour)
		_, err := w.store.Retain(w.Context(), w.Now())
		must(w, err)
		for link, want := range map[string]int{old: http.StatusNotFound, fresh: http.StatusOK} {
			if a := w.do(http.MethodGet, link, "", nil); a.Status != want {
				w.Errorf("long after: %d, want %d", a.Status, want)
			}
		}
	})
}

func TestTheAnswerTellsNothingOfTheAddress(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		yes, no := true, false
		for email, e := range map[string]control.ContactEdit{
			"known@acme.test": {Subscribed: &yes}, "left@acme.test": {Subscribed: &no}, "suppressed@acme.test": {},
			"removed@acme.test": {}, "both@acme.test": {Subscribed: &no},
		} {
			e.Email = email
			_, err := w.control.PutContact(w.Context(), operator, e)
			must(w, err)
		}
		for _, email := range []string{"suppressed@acme.test", "both@acme.test", "*@blocked.test"} {
			_, err := w.control.Suppress(w.Context(), operator, control.NewSuppression{Address: email, Note: "asked"})
			must(w, err)
		}
		must(w, w.control.RemoveContact(w.Context(), operator, "removed@acme.test"))
		w.pass(time.Minute)
		for _, double := range []bool{true, false} {
			_, path := w.form(double)
			for _, kind := range []map[string]string{urlencoded, {"Content-Type": "application/json", "Origin": site}} {
				var want *answer
				for _, email := range []string{
					"new@acme.test", "new@acme.test", "known@acme.test", "left@acme.test", "suppressed@acme.test", "both@acme.test",
					"removed@acme.test", "somebody@blocked.test",
				} {
					body := url.Values{"email": {email}, "firstName": {"Ann"}}.Encode()
					if kind["Origin"] != "" {
						body = `{"email":"` + email + `","firstName":"Ann"}`
					}
					got := w.do(http.MethodPost, path, body, kind)
					if want == nil {
						want = &got
					}
					if got.Status != http.StatusOK || !cmp.Equal(*want, got) {
						w.Errorf("double %t, %s: %d %s", double, email, got.Status, cmp.Diff(*want, got))
					}
				}
			}
		}
		for email, wanted := range map[string]bool{"left@acme.test": true, "both@acme.test": true, "known@acme.test": false} {
			if k := w.contact(email); k.State.Unsubscribed != wanted {
				w.Errorf("%s: unsubscribed %t", email, k.State.Unsubscribed)
			}
		}
		if k := w.contact("suppressed@acme.test"); len(k.Attributes) > 2 || k.Confirmation != nil || !control.IsSuppressed(k, w.Now()) {
			w.Errorf("a form changed a suppressed contact: %+v", k)
		}
		if w.contact("somebody@blocked.test") != nil {
			w.Error("a form made a contact that a pattern blocks")
		}
		if k := w.contact("removed@acme.test"); k == nil || !k.State.Unsubscribed {
			w.Errorf("whoever was removed is subscribed without having confirmed: %+v", k)
		}
		if list := w.verify(); len(list) > 0 {
			w.Errorf("verify: %v", list)
		}
	})
}

func TestAContactThatIsRemovedTakesItsLinksWithIt(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		_, path := w.form(true)
		w.send(path, "ann@acme.test")
		link := w.link()
		must(w, w.control.RemoveContact(w.Context(), operator, "ann@acme.test"))
		if a := w.do(http.MethodPost, link, "", nil); a.Status != http.StatusNotFound {
			w.Errorf("the link of a removed contact: %d", a.Status)
		}
		if w.contact("ann@acme.test") != nil {
			w.Error("the link brought a removed contact back")
		}
	})
}

func TestOnlyWhoCouldSubscribeAnybodyIsToldTheLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	f, path := w.form(true)
	w.send(path, "ann@acme.test")
	link := w.link()
	for name, c := range map[string]struct {
		who  control.Actor
		told bool
	}{
		"everything":      {operator, true},
		"contacts:write":  {control.Actor{Project: operator.Project, Door: "api", Scopes: store.ScopesOf([]string{"events:read", "contacts:write"})}, true},
		"read":            {control.Actor{Project: operator.Project, Door: "api", Scopes: store.ScopesOf([]string{"read"})}, false},
		"an assistant":    {control.Actor{Project: operator.Project, Door: control.DoorMCP}, false},
		"another project": {control.Actor{Project: "prj_other", Door: "api"}, false},
	} {
		page, err := w.control.ListEvents(context.WithoutCancel(t.Context()), c.who, control.EventFilter{})
		if err != nil && name != "another project" {
			t.Fatal(err)
		}
		text := ""
		for _, e := range page.Events {
			text += string(e.Data)
			one, err := w.control.Event(t.Context(), c.who, e.ID.String())
			must(t, err)
			if string(one.Data) != string(e.Data) {
				t.Errorf("%s: alone it is %s, in the list %s", name, one.Data, e.Data)
			}
		}
		if strings.Contains(text, link) != c.told || strings.Contains(text, "/confirm/") != c.told {
			t.Errorf("%s is told %s", name, text)
		}
	}
	if strings.Contains(strings.Join(w.dump(), "\n"), strings.TrimPrefix(link, "/confirm/")[16:]) {
		t.Error("the token of a link is in the database")
	}
	got, err := w.control.CreateConfirmation(t.Context(), operator, "ann@acme.test", "")
	must(t, err)
	if w.path(got.URL) != link {
		t.Errorf("the link is %s, want %s", got.URL, link)
	}
	_, err = w.control.PutContact(t.Context(), operator, control.ContactEdit{Email: "bob@acme.test"})
	must(t, err)
	if _, err = w.control.CreateConfirmation(t.Context(), operator, "bob@acme.test", ""); err == nil {
		t.Error("a link for nobody's wish")
	}
	got, err = w.control.CreateConfirmation(t.Context(), operator, "bob@acme.test", f.ID)
	must(t, err)
	if a := w.do(http.MethodPost, w.path(got.URL), "", nil); a.Status != http.StatusOK || len(w.contact("bob@acme.test").Topics) != 1 {
		t.Errorf("the link that was made: %d", a.Status)
	}
}
