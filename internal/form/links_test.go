package form_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/link"
	"tidings/internal/store"
)

// reader is a contact with the paths of its links.
type reader struct {
	store.Contact
	unsubscribe, preferences string
}

func (w *world) reader(email string) reader {
	w.Helper()
	made, err := w.control.PutContact(w.Context(), operator, control.ContactEdit{Email: email, Topics: map[string]bool{"news": true}})
	must(w, err)
	w.pass(time.Minute)
	return w.linksOf(made.Contact, link.Ref{Project: 1, Contact: made.Contact.Ref, Send: 9})
}

func (w *world) linksOf(k store.Contact, r link.Ref) reader {
	w.Helper()
	links, err := w.control.MailLinks(w.Context())
	must(w, err)
	return reader{k, w.path(links.Unsubscribe(r)), w.path(links.Preferences(r))}
}

// press sends what a button sends.
func (w *world) press(path string, fields ...string) answer {
	w.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	return w.do(http.MethodPost, path, values.Encode(), urlencoded)
}

func TestLookingAtALinkOfAnEmailChangesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		ann := w.reader("ann@acme.test")
		before := w.dump()
		for _, path := range []string{ann.unsubscribe, ann.preferences, ann.unsubscribe + "?List-Unsubscribe=One-Click&action=unsubscribe"} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				if a := w.do(method, path, "List-Unsubscribe=One-Click", urlencoded); a.Status != http.StatusOK || (a.Body == "") != (method == http.MethodHead) {
					w.Errorf("%s %s: %d", method, path, a.Status)
				}
			}
			for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions} {
				if a := w.do(method, path, "", nil); a.Status != http.StatusMethodNotAllowed {
					w.Errorf("%s %s: %d", method, path, a.Status)
				}
			}
		}
		for _, c := range []struct{ path, body string }{
			{ann.unsubscribe, ""},
			{ann.unsubscribe, "x=y"},
			{ann.preferences, ""},
			{ann.preferences, "List-Unsubscribe=One-Click"},
			{ann.preferences, "action=other&snooze=1y"},
			{ann.unsubscribe + "?action=unsubscribe", ""},
		} {
			if a := w.do(http.MethodPost, c.path, c.body, urlencoded); a.Status != http.StatusOK {
				w.Errorf("%s with %q: %d", c.path, c.body, a.Status)
			}
		}
		if diff := cmp.Diff(before, w.dump()); diff != "" {
			w.Errorf("something changed:\n%s", diff)
		}
	})
}

func TestOneClickUnsubscribesHoweverItIsSent(t *testing.T) {
	t.Parallel()
	var parts bytes.Buffer
	form := multipart.NewWriter(&parts)
	must(t, form.WriteField("List-Unsubscribe", "One-Click"))
	must(t, form.Close())
	onBoth(t, func(w *world) {
		for name, c := range map[string]struct{ kind, body string }{
			"urlencoded": {"application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"},
			"parts":      {form.FormDataContentType(), parts.String()},
			"no kind":    {"", "List-Unsubscribe=One-Click\r\n"},
			"letters":    {"text/plain; charset=utf-8", "List-Unsubscribe=one-click"},
		} {
			k := w.reader(strings.ReplaceAll(name, " ", "-") + "@acme.test")
			header := map[string]string{"Content-Type": c.kind, "User-Agent": "mail/1"}
			first := w.do(http.MethodPost, k.unsubscribe, c.body, header)
			if first.Status != http.StatusOK || first.Header.Get("Set-Cookie") != "" || !w.contact(k.Address).State.Unsubscribed {
				w.Fatalf("%s: %d %s", name, first.Status, first.Body)
			}
			before := w.dump()
			w.pass(time.Hour)
			if again := w.do(http.MethodPost, k.unsubscribe, c.body, header); !cmp.Equal(first, again) {
				w.Errorf("%s: again it answers otherwise: %s", name, cmp.Diff(first, again))
			}
			if diff := cmp.Diff(before, w.dump()); diff != "" {
				w.Errorf("%s: again it changed something:\n%s", name, diff)
			}
		}
		list := w.events(event.EmailUnsubscribe)
		if len(list) != 4 {
			w.Fatalf("%d events", len(list))
		}
		for _, e := range list {
			if e.Subscription == nil || e.Subscription.Origin != control.ByOneClick || e.Client.UserAgent != "mail/1" {
				w.Errorf("event %+v", e)
			}
		}
		if list := w.verify(); len(list) > 0 {
			w.Errorf("verify: %v", list)
		}
	})
}

func TestAButtonUnsubscribesAndAnotherTakesItBack(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		ann := w.reader("ann@acme.test")
		for range 2 { // the same link does it again
			if a := w.press(ann.unsubscribe, "action", "unsubscribe"); a.Status != http.StatusOK || !strings.Contains(a.Body, "You are unsubscribed") {
				w.Fatalf("%d %s", a.Status, a.Body)
			}
			if !w.contact(ann.Address).State.Unsubscribed {
				w.Fatal("the contact is subscribed still")
			}
			if a := w.press(ann.unsubscribe, "action", "subscribe"); a.Status != http.StatusOK || !strings.Contains(a.Body, "subscribed again") {
				w.Fatalf("%d %s", a.Status, a.Body)
			}
			if w.contact(ann.Address).State.Unsubscribed {
				w.Fatal("the contact is unsubscribed still")
			}
			w.pass(time.Second)
		}
		if n, flips := len(w.events(event.EmailUnsubscribe)), len(w.events(event.ContactSubscribed, event.ContactUnsubscribed)); n != 2 || flips != 4 {
			w.Errorf("%d unsubscribes and %d flips, want 2 and 4", n, flips)
		}
		for _, e := range w.events(event.EmailUnsubscribe) {
			if e.Subscription.Origin != control.ByPage {
				w.Errorf("origin %q", e.Subscription.Origin)
			}
		}
		if list := w.verify(); len(list) > 0 {
			w.Errorf("verify: %v", list)
		}
	})
}

func TestWhatSomebodyDoesComesAfterWhatAClockAheadSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	yes := true
	ann := w.reader("ann@acme.test")
	w.pass(10 * time.Minute)
	_, err := w.control.UpdateContact(t.Context(), operator, ann.ID, control.ContactEdit{Subscribed: &yes})
	must(t, err)
	w.pass(-10 * time.Minute)
	w.press(ann.unsubscribe, "List-Unsubscribe", "One-Click")
	if !w.contact(ann.Address).State.Unsubscribed {
		t.Error("an unsubscribe is lost")
	}
	w.press(ann.unsubscribe, "action", "subscribe")
	if w.contact(ann.Address).State.Unsubscribed {
		t.Error("taking it back is lost")
	}
}

func TestTheAnswerOfALinkDoesNotTellWhetherTheContactIsKnown(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		ann, bob := w.reader("ann@acme.test"), w.reader("bob@acme.test")
		nobody := w.linksOf(store.Contact{}, link.Ref{Project: 1, Contact: 4711, Send: 9})
		foreign := w.linksOf(store.Contact{}, link.Ref{Project: 99, Contact: bob.Ref, Send: 9})
		_, err := w.control.EraseContact(w.Context(), operator, "bob@acme.test", "asked for it")
		must(w, err)
		ask := func(k reader, method, path string, fields ...string) answer {
			var a answer
			if method == http.MethodPost {
				a = w.press(path, fields...)
			} else {
				a = w.do(method, path, "", nil)
			}
			for _, p := range []string{k.unsubscribe, k.preferences} {
				a.Body = strings.ReplaceAll(a.Body, p, "LINK")
			}
			a.Header.Del("Content-Length") // of links that are not as long
			return a
		}
		for _, k := range []reader{bob, nobody, foreign} {
			for _, fields := range [][]string{nil, {"List-Unsubscribe", "One-Click"}, {"action", "unsubscribe"}, {"action", "subscribe"}} {
				method := http.MethodPost
				if fields == nil {
					method = http.MethodGet
				}
				if diff := cmp.Diff(ask(ann, method, ann.unsubscribe, fields...), ask(k, method, k.unsubscribe, fields...)); diff != "" {
					w.Errorf("%v: it tells (-known +unknown)\n%s", fields, diff)
				}
			}
		}
		for _, fields := range [][]string{{"action", "snooze", "snooze", "1m"}, {"action", "topics"}, {"action", "unsubscribe"}} {
			carl := w.reader("carl" + fields[1] + "@acme.test")
			if diff := cmp.Diff(ask(carl, http.MethodPost, carl.preferences, fields...), ask(bob, http.MethodPost, bob.preferences, fields...)); diff != "" {
				w.Errorf("%v: it tells (-known +erased)\n%s", fields, diff)
			}
		}
		if list := w.events(event.EmailUnsubscribe); len(list) != 4 {
			w.Errorf("%d events, want three of ann and one of a carl", len(list))
		}
	})
}

func TestOnTheirPagePeopleChooseTopicsAndBreaks(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		_, err := w.control.CreateTopic(w.Context(), operator, control.NewTopic{Name: "Offers", Description: "A few a month <b>"})
		must(w, err)
		ann := w.reader("ann@acme.test")
		a := w.do(http.MethodGet, ann.preferences, "", nil)
		for _, want := range []string{
			`value="news" checked`, `value="offers" checked`, "A few a month &lt;b&gt;", `value="6m"`, "Unsubscribe from all",
		} {
			if !strings.Contains(a.Body, want) {
				w.Errorf("no %q in %s", want, a.Body)
			}
		}
		a = w.press(ann.preferences, "action", "topics", "topic", "offers", "topic", "none")
		if a.Status != http.StatusOK || !strings.Contains(a.Body, `role="status">Your choice is saved.`) || strings.Contains(a.Body, `value="news" checked`) {
			w.Errorf("%d %s", a.Status, a.Body)
		}
		takes := map[string]bool{}
		for _, x := range w.contact(ann.Address).Topics {
			takes[x.Slug] = x.Takes
		}
		if takes["news"] || w.contact(ann.Address).State.Unsubscribed {
			w.Errorf("topics %v", takes)
		}

		w.pass(time.Minute)
		a = w.press(ann.preferences, "action", "snooze", "snooze", "1m")
		until := w.Now().AddDate(0, 1, 0)
		if !strings.Contains(a.Body, until.Format("2 January 2006")) || !w.contact(ann.Address).SnoozedUntil.Equal(until) {
			w.Errorf("%v: %s", w.contact(ann.Address).SnoozedUntil, a.Body)
		}
		if got, err := w.store.SnoozedUntil(w.Context(), operator.Project, ann.ID); err != nil || !got.Equal(until) {
			w.Errorf("%v %v", got, err)
		}
		w.pass(32 * 24 * time.Hour)
		if a := w.do(http.MethodGet, ann.preferences, "", nil); strings.Contains(a.Body, "You take a break") {
			w.Error("a break does not end")
		}
		w.press(ann.preferences, "action", "snooze", "snooze", "1y")
		w.press(ann.preferences, "action", "snooze", "snooze", "end")
		if k := w.contact(ann.Address); !k.SnoozedUntil.IsZero() {
			w.Errorf("until %v", k.SnoozedUntil)
		}

		if a := w.press(ann.preferences, "action", "unsubscribe"); !strings.Contains(a.Body, "Subscribe again") || !w.contact(ann.Address).State.Unsubscribed {
			w.Errorf("%d %s", a.Status, a.Body)
		}
		if a := w.press(ann.preferences, "action", "subscribe"); !strings.Contains(a.Body, "Unsubscribe from all") || w.contact(ann.Address).State.Unsubscribed {
			w.Errorf("%d %s", a.Status, a.Body)
		}
		said, err := w.store.Consents(w.Context(), operator.Project, ann.ID, 10)
		must(w, err)
		if len(said) != 4 || said[0].Origin != control.ByPage || !said[0].Subscribed {
			w.Errorf("consents %+v", said)
		}
		if list := w.verify(); len(list) > 0 {
			w.Errorf("verify: %v", list)
		}
	})
}

func TestWhoWasMergedUnsubscribesAsWhoTheyAreNow(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		old, now := w.reader("old@acme.test"), w.reader("new@acme.test")
		w.press(old.preferences, "action", "snooze", "snooze", "2w")
		until := w.contact("old@acme.test").SnoozedUntil
		_, err := w.control.MergeContacts(w.Context(), operator, now.ID, old.ID)
		must(w, err)
		if got := w.contact("new@acme.test").SnoozedUntil; !got.Equal(until) {
			w.Errorf("paused until %v, want %v", got, until)
		}
		w.pass(time.Minute)
		w.press(old.unsubscribe, "List-Unsubscribe", "One-Click")
		if !w.contact("new@acme.test").State.Unsubscribed {
			w.Error("the contact that stayed is subscribed still")
		}
		w.press(old.unsubscribe, "action", "subscribe")
		if w.contact("new@acme.test").State.Unsubscribed {
			w.Error("the contact that stayed is unsubscribed still")
		}
	})
}

func TestWhatMakesNoSenseAtALinkIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	ann := w.reader("ann@acme.test")
	before := w.dump()
	for _, c := range []struct {
		name, path, kind, body string
		want                   int
	}{
		{"without end", ann.unsubscribe, "text/plain", strings.Repeat("x", 1<<20), http.StatusRequestEntityTooLarge},
		{"parts without end", ann.unsubscribe, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n" + strings.Repeat("y", 1<<20), 413},
		{"broken parts", ann.unsubscribe, "multipart/form-data; boundary=x", "--y", http.StatusUnprocessableEntity},
		{"broken encoding", ann.unsubscribe, "text/plain", "a=%zz", http.StatusUnprocessableEntity},
		{"a break of our own length", ann.preferences, "", "action=snooze&snooze=9y", http.StatusUnprocessableEntity},
		{"no link", "/u/", "", "List-Unsubscribe=One-Click", http.StatusNotFound},
		{"a link of another page", strings.Replace(ann.preferences, "/p/", "/u/", 1), "", "List-Unsubscribe=One-Click", http.StatusNotFound},
		{"a longer path", ann.unsubscribe + "/x", "", "List-Unsubscribe=One-Click", http.StatusNotFound},
	} {
		if a := w.do(http.MethodPost, c.path, c.body, map[string]string{"Content-Type": c.kind}); a.Status != c.want {
			t.Errorf("%s: %d, want %d", c.name, a.Status, c.want)
		}
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("something changed:\n%s", diff)
	}
	w.control.LinkUses = control.NewRates(2, time.Minute)
	for i, want := range []int{200, 200, 429} {
		if a := w.press(ann.unsubscribe, "List-Unsubscribe", "One-Click"); a.Status != want || (want == 429) != (a.Header.Get("Retry-After") != "") {
			t.Errorf("%d: %d", i, a.Status)
		}
	}
}

func TestPagesHaveTheColorsOfTheProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	ann := w.reader("ann@acme.test")
	_, path := w.form(true)
	text := func(s string) *string { return &s }
	for _, c := range []struct{ color, letters string }{{"#FFD400", "#000"}, {"#1f4fd8", "#fff"}} {
		_, err := w.control.UpdateBrand(t.Context(), operator, control.BrandEdit{
			Name: text("Acme <News>"), Color: text(c.color), LogoURL: text("https://cdn.acme.test/logo.png?a=1&b=2"),
		})
		must(t, err)
		for _, p := range []string{ann.unsubscribe, ann.preferences, path} {
			a := w.do(http.MethodGet, p, "", nil)
			policy := a.Header.Get("Content-Security-Policy")
			for _, want := range []string{
				"--button: " + strings.ToLower(c.color) + "; --on: " + c.letters, `src="https://cdn.acme.test/logo.png?a=1&amp;b=2" alt="Acme &lt;News&gt;"`,
			} {
				if !strings.Contains(a.Body, want) {
					t.Errorf("%s: no %q in %s", p, want, a.Body)
				}
			}
			if !strings.Contains(policy, "; img-src https://cdn.acme.test; ") || strings.Contains(a.Body, "ZgotmplZ") || strings.Contains(a.Body, "<script") {
				t.Errorf("%s: policy %s", p, policy)
			}
		}
	}
	for _, e := range []control.BrandEdit{
		{Color: text("red")},
		{Color: text("#12345")},
		{Color: text("#12345g")},
		{Color: text("#1f4fd8;}")},
		{LogoURL: text("http://acme.test/x")},
		{LogoURL: text("javascript:alert(1)")},
		{LogoURL: text("https://acme.test/a; script-src *")},
		{LogoURL: text("//acme.test")},
		{Name: text(strings.Repeat("x", 101))},
		{Name: text("a\nb")},
	} {
		if b, err := w.control.UpdateBrand(t.Context(), operator, e); err == nil {
			t.Errorf("%+v was taken", b)
		}
	}
}
