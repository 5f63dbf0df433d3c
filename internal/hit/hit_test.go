package hit_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/link"
	"tidings/internal/receipt"
	"tidings/internal/stats"
)

// mail makes an email with every link there is, and lists their addresses.
func (w *world) mail() (html string, addresses []string) {
	w.Helper()
	r := w.ref()
	body := `<html><body><a href="https://acme.test/offer?a=1&amp;b=2" ses:tags="place:top">Offer</a>
<a href="https://acme.test/é x">Other</a> <a href="` + w.links.Preferences(r) + `">Preferences</a>
<a href="` + w.links.Unsubscribe(r) + `">Unsubscribe</a></body></html>`
	html, n := w.links.Rewrite(body, r, control.MailWatch{})
	if n != 2 {
		w.Fatalf("%d links were rewritten, want 2", n)
	}
	for _, m := range regexp.MustCompile(`(?:href|src)="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		addresses = append(addresses, m[1])
	}
	for _, h := range w.links.Headers(r) {
		if strings.HasPrefix(h.Value, "<") {
			addresses = append(addresses, strings.Trim(h.Value, "<>"))
		}
	}
	return html, addresses
}

// scanners are programs that look at mail before people do, or beside them: of eight kinds as events tell them apart.
var scanners = []struct {
	agent  string
	header map[string]string
}{
	{agent: "Mozilla/5.0"},
	{agent: ""},
	{agent: "BarracudaCentral/1.0"},
	{agent: "Mozilla/5.0 (compatible; proofpoint)"},
	{agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Microsoft Office Existence Discovery"},
	{agent: "python-requests/2.31.0"},
	{agent: "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
	{agent: browser, header: map[string]string{"Sec-Purpose": "prefetch;prerender"}},
	{agent: browser, header: map[string]string{"Purpose": "prefetch"}},
	{agent: browser, header: map[string]string{"X-Moz": "prefetch"}},
}

func TestAScannerThatFetchesEveryLinkChangesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		_, addresses := w.mail()
		if len(addresses) != 6 {
			w.Fatalf("links %q", addresses)
		}
		before := w.contact()
		for range 3 {
			var burst sync.WaitGroup
			for _, s := range scanners {
				for _, address := range addresses {
					for _, method := range []string{http.MethodGet, http.MethodHead} {
						burst.Go(func() {
							if a := w.do(method, address, s.agent, s.header, ""); a.Status != http.StatusOK && a.Status != http.StatusFound {
								w.Errorf("%s %s as %q: %d", method, address, s.agent, a.Status)
							}
						})
					}
				}
			}
			burst.Wait()
			w.pass(time.Minute)
		}
		after := w.contact()
		if after.State.Unsubscribed || after.State.ConsentAt != before.State.ConsentAt || !cmp.Equal(before.Topics, after.Topics) ||
			!after.SnoozedUntil.IsZero() || after.State.LastOpen != 0 || after.State.LastClick != 0 {
			w.Errorf("a scanner changed the contact: %+v", after)
		}
		if said, err := w.store.Consents(w.Context(), operator.Project, w.ann.ID, 100); err != nil || len(said) != 1 {
			w.Errorf("consents %+v, %v", said, err)
		}
		for name, want := range map[event.Name]int64{event.EmailOpen: 24, event.EmailClick: 48} {
			n := w.counted(name)
			if n[stats.ByMachine] != want || n[stats.ByHuman] != 0 || n[stats.ByProxy] != 0 || n[stats.ByUnknown] != 0 {
				w.Errorf("%s: counted %v, want %d of machines alone", name, n, want)
			}
		}
		if list := w.events(event.EmailUnsubscribe, event.EmailSubscribe); len(list) != 0 {
			w.Errorf("events %+v", list)
		}

		one := strings.Trim(w.links.Headers(w.ref())[0].Value, "<>")
		if a := w.post(one, "List-Unsubscribe", "One-Click"); a.Status != http.StatusOK || !w.contact().State.Unsubscribed {
			w.Errorf("the POST of a mail program does not act: %d", a.Status)
		}
		w.verify()
	})
}

func TestAPersonsOpensAndClicksAreEventsOfTheMessage(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		_, addresses := w.mail()
		for _, address := range addresses {
			a := w.get(address)
			if strings.HasPrefix(address, tracking+"/t/o/") && (a.Header.Get("Content-Type") != "image/gif" ||
				a.Header.Get("Cache-Control") != "no-store" || len(a.Body) != 43) {
				w.Errorf("the image: %d %v", a.Status, a.Header)
			}
			if strings.HasPrefix(address, tracking+"/t/c/") && (a.Status != http.StatusFound || a.Header.Get("Set-Cookie") != "") {
				w.Errorf("the link: %d %v", a.Status, a.Header)
			}
		}
		to := []string{w.get(addresses[0]).Header.Get("Location"), w.get(addresses[1]).Header.Get("Location")}
		if want := []string{"https://acme.test/offer?a=1&b=2", "https://acme.test/%C3%A9%20x"}; !cmp.Equal(want, to) {
			w.Errorf("links lead to %q", to)
		}
		list := w.events(event.EmailOpen, event.EmailClick)
		if len(list) != 3 {
			w.Fatalf("%d events, want one open and two clicks: %+v", len(list), list)
		}
		for _, e := range list {
			m := e.Message
			if e.Source.Provider != "smtp" || m == nil || m.ID != "snd_7@acme.test" || m.Template != "onboarding/welcome" || e.EmailID == "" ||
				e.Recipient != "ann@acme.test" || e.VerdictOf() != event.Human || e.Client.App != "Chrome" || e.Client.IP != "127.0.0.1" {
				w.Errorf("event %+v message %+v", e, m)
			}
			if e.Click != nil && e.Click.URL == to[0] && !cmp.Equal(e.Click.LinkTags, map[string][]string{"place": {"top"}}) {
				w.Errorf("tags of the link: %v", e.Click.LinkTags)
			}
		}
		if k := w.contact(); k.State.LastOpen == 0 || k.State.LastClick == 0 {
			w.Error("the contact was not seen")
		}
		raw, err := w.control.EventRaw(w.Context(), operator, list[0].ID.String())
		if err != nil || !strings.Contains(string(raw), `"ann@acme.test"`) {
			w.Errorf("kept %s, %v", raw, err)
		}
		w.verify()
	})
}

func TestTheSameWithinASecondIsOneEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	html, _ := w.mail()
	_, rest, _ := strings.Cut(html, `src="`)
	pixel, _, _ := strings.Cut(rest, `"`)
	for range 3 {
		w.get(pixel)
	}
	w.do(http.MethodGet, pixel, browser+" other", nil, "")
	w.do(http.MethodHead, pixel, browser, nil, "")
	w.pass(time.Second)
	w.get(pixel)
	if n := len(w.events(event.EmailOpen)); n != 3 {
		t.Errorf("%d opens, want 3: one, one of another program, one later", n)
	}
}

func TestALinkOfAnUnknownEmailIsCountedWithoutMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	html, _ := w.links.Rewrite(`<a href="https://acme.test/">x</a>`, link.Ref{Project: 1, Contact: w.ann.Ref}, control.MailWatch{})
	_, rest, _ := strings.Cut(html, `href="`)
	address, _, _ := strings.Cut(rest, `"`)
	w.get(address)
	list := w.events(event.EmailClick)
	if len(list) != 1 || list[0].Message != nil || list[0].Source.Provider != "tidings" || list[0].Recipient != "ann@acme.test" {
		t.Errorf("events %+v", list)
	}
}

func TestALinkLeadsOnWhereNothingCanBeStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	_, addresses := w.mail()
	var slow atomic.Bool
	release := make(chan struct{})
	w.control.HitPatience = time.Millisecond
	w.control.Submit = func(context.Context, *receipt.Entry) error {
		if slow.Load() {
			<-release
			return nil
		}
		return fault.New(fault.Unavailable, "overloaded", "too many")
	}
	for range 2 {
		if a := w.get(addresses[0]); a.Status != http.StatusFound || a.Header.Get("Location") != "https://acme.test/offer?a=1&b=2" {
			t.Errorf("%d %v", a.Status, a.Header)
		}
		slow.Store(true)
	}
	close(release)
	w.control.CloseHits(t.Context())
	if a := w.get(addresses[0]); a.Status != http.StatusFound {
		t.Errorf("while it stops: %d", a.Status)
	}
}

func TestOnlyWhatWeSignedIsFollowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	_, addresses := w.mail()
	unsubscribe := w.links.Unsubscribe(w.ref())
	for _, address := range []string{
		"/t/c/", "/t/c/x", "/t/c/https://evil.test", "/t/c/" + strings.TrimPrefix(unsubscribe, tracking+"/u/"), addresses[0] + "x",
		addresses[0][:len(addresses[0])-1], addresses[0] + "/", "/t/o/" + strings.TrimPrefix(addresses[0], tracking+"/t/c/"), "/t/o/",
		"/t/c/" + strings.Repeat("A", 30_000), "/t/c/%00", "/u/x", "/u/" + strings.TrimPrefix(addresses[0], tracking+"/t/c/"), "/p/",
		strings.Replace(unsubscribe, "/u/", "/p/", 1),
	} {
		if a := w.get(address); a.Status != http.StatusNotFound || a.Header.Get("Location") != "" {
			t.Errorf("%.60s: %d to %q", address, a.Status, a.Header.Get("Location"))
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		if a := w.do(method, addresses[0], browser, nil, ""); a.Status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, a.Status)
		}
	}
	if list := w.events(); len(list) != 0 {
		t.Errorf("events %+v", list)
	}
}

func TestHeadersOfferOneClickByHTTPSAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	list := w.links.Headers(w.ref())
	if len(list) != 2 || list[0].Value != "<"+w.links.Unsubscribe(w.ref())+">" || list[1].Value != "List-Unsubscribe=One-Click" ||
		len(list[0].Value) > 120 {
		t.Errorf("headers %v", list)
	}
	w.control.TrackingURL = "http://localhost:8080/"
	plain, err := w.control.MailLinks(t.Context())
	must(t, err)
	if list := plain.Headers(w.ref()); len(list) != 1 || !strings.HasPrefix(list[0].Value, "<http://localhost:8080/u/") {
		t.Errorf("headers %v", list)
	}
}

func TestAnEmailIsCountedAFewTimesAMinuteAndLeadsOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	_, addresses := w.mail()
	w.control.LinkUses = control.NewRates(2, time.Minute)
	for i := range 5 {
		if a := w.do(http.MethodGet, addresses[0], fmt.Sprint(browser, i), nil, ""); a.Status != http.StatusFound {
			t.Errorf("%d", a.Status)
		}
	}
	if n := len(w.events(event.EmailClick)); n != 2 {
		t.Errorf("%d clicks, want 2", n)
	}
}
